// What is around every page: the banner of the bypass, whether it is live, the
// title and icon of the tab, and what is said to screen readers.

import { askBypass } from './actions.js';
import { el, setText } from './dom.js';
import { clip, clock, count, many } from './format.js';
import { RANK, condition } from './health.js';
import { loud } from './severity.js';

const $ = (id) => document.getElementById(id);

/** Wires the frame of the page to the store. */
export function frame(store) {
  // The button that was pressed goes; the focus is for the one that undoes it.
  const bypass = async (on) => {
    if (!await askBypass(on, store)) return;
    update();
    $(on ? 'bypass-off' : 'bypass-on').focus();
  };
  $('bypass-on').addEventListener('click', () => bypass(true));
  $('bypass-off').addEventListener('click', () => bypass(false));
  const update = () => {
    $('banner').hidden = !store.bypass;
    $('bypass-on').hidden = store.bypass || !store.loaded;
    document.body.classList.toggle('stale', !store.live);
    const text = store.live ? (store.loaded ? 'Live' : 'Connecting…')
      : `Reconnecting…${store.loaded ? ` Shown is ${clock(store.heard, store.now())}` : ''}`;
    setText($('live'), text);
    $('live').classList.toggle('lost', !store.live);
    if (store.version) setText($('version'), `Recloser ${clip(store.version, 40)}. Times are UTC.`);
    historyNote(store);
    alertCount(store);
    tab(store);
  };
  store.listen(update);
  update();
}

function historyNote(store) {
  const { state, reason, since } = store.history ?? {};
  const words = {
    off: 'History is off: what is shown lives in memory and is gone with the process.',
    memory: 'History is kept in memory: it is gone with the process.',
    degraded: `History is not being written${since ? ` since ${clock(since, store.now())}` : ''}${reason ? `: ${clip(reason, 300)}` : ''}. Circuits work as ever.`,
  }[state] ?? '';
  // What is being lost belongs to the top; what is so by choice, to the foot.
  for (const [id, mine] of [['degraded', state === 'degraded'], ['history', state !== 'degraded']]) {
    setText($(id), mine ? words : '');
    $(id).hidden = !(mine && words);
  }
}

// How many alerts fire, in the navigation; nothing when none does.
function alertCount(store) {
  const firing = loud(store.alerts);
  $('alert-count').hidden = firing.length === 0;
  $('alert-count').classList.toggle('critical', firing.some((a) => a.severity === 'critical'));
  if ($('alert-count').dataset.n === String(firing.length)) return;
  $('alert-count').dataset.n = firing.length;
  $('alert-count').replaceChildren(el('span', { class: 'unseen', text: ' (' }), count(firing.length), el('span', { class: 'unseen', text: ' firing)' }));
}

function tab(store) {
  let open = 0;
  for (const row of store.rows.values()) if (condition(row).rank === RANK.refusing) open++;
  const name = document.body.dataset.title || 'Circuits';
  const title = `${open ? `(${open} open) ` : ''}${name} · Recloser`;
  if (document.title !== title) document.title = title;
  const icon = `/assets/icon-${open ? 'open' : 'closed'}.svg`;
  if ($('icon').getAttribute('href') !== icon) $('icon').setAttribute('href', icon);
}

let waiting = [];
let timer = 0;

/** Says something to screen readers; what comes in a burst is said as one. */
export function say(text) {
  waiting.push(text);
  timer ||= setTimeout(() => {
    const [first, second] = waiting;
    const rest = waiting.length - 2;
    setText($('say'), [first, second, rest > 0 ? `and ${many(rest, 'more change')}` : ''].filter(Boolean).join('. '));
    waiting = [];
    timer = 0;
  }, 400);
}

const BECAME = { open: 'opened', closed: 'closed', 'half-open': 'is half-open' };

/** Whether a transition is news: a circuit that stays down is probed again and again. */
export function isNews(t) {
  return t.from === t.to || t.to === 'closed' || t.from === 'closed';
}

/** A transition in words. */
export function transitionWords(t) {
  const name = clip(t.circuit, 80);
  if (t.from === t.to) return `${name}: mode ${t.mode}`;
  return `${name} ${BECAME[t.to] ?? t.to}${t.why ? `: ${clip(t.why, 200)}` : ''}`;
}
