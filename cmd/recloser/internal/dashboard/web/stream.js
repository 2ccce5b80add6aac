// The event stream: one EventSource, kept alive, and what is known of it.

import { toLogin } from './api.js';

const EVENTS = ['overview', 'rows', 'transition', 'gates', 'alerts', 'audit', 'ping']; // which only says that the stream lives
const QUIET_AFTER = 2_000; // a short gap is nobody's business
const HIDDEN_FOR = 30_000; // browsers allow six connections a host: hidden tabs let go of theirs
const SILENT_FOR = 40_000; // more than two heartbeats

/**
 * Connects and stays connected.
 * @param {(event: string, data: any) => void} onEvent
 * @param {(live: boolean) => void} onStatus told when what is shown becomes stale, and live again
 */
export function connect(onEvent, onStatus) {
  let source = null;
  let timer = 0;
  let retry = 0;
  let wait = 1000;
  let hidden = 0;
  let heard = Date.now();

  const alive = () => {
    heard = Date.now();
    clearTimeout(timer);
    timer = 0;
    wait = 1000;
    onStatus(true);
  };
  const lost = () => {
    if (!timer) timer = setTimeout(onStatus, QUIET_AFTER, false);
  };
  const close = () => {
    source?.close();
    source = null;
    clearTimeout(retry);
  };

  function open() {
    close();
    heard = Date.now();
    const mine = source = new EventSource('/api/events');
    for (const name of EVENTS) {
      mine.addEventListener(name, (e) => {
        if (source !== mine) return;
        alive();
        if (name !== 'ping') onEvent(name, JSON.parse(e.data));
      });
    }
    mine.addEventListener('open', () => { heard = Date.now(); });
    mine.addEventListener('error', () => {
      if (source !== mine) return;
      lost();
      if (mine.readyState !== EventSource.CLOSED) return; // it tries again by itself
      retry = setTimeout(again, wait);
      wait = Math.min(wait * 2, 10_000);
    });
  }

  // The browser has given up: the answer was no stream. Perhaps the session ended.
  async function again() {
    const stop = new AbortController();
    try {
      const res = await fetch('/api/overview', { signal: stop.signal, cache: 'no-store', headers: { Accept: 'application/json' } });
      stop.abort();
      if (res.status === 401) {
        toLogin();
        return;
      }
    } catch { /* not there: open() will find out */ }
    open();
  }

  document.addEventListener('visibilitychange', () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(close, HIDDEN_FOR);
    else if (!source) {
      lost();
      open();
    }
  });
  addEventListener('pagehide', close);
  addEventListener('pageshow', (e) => { if (e.persisted) open(); });
  setInterval(() => {
    if (source && Date.now() - heard > SILENT_FOR) open();
  }, 5_000);
  lost();
  open();
}
