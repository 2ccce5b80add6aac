// The page of the alerts: what fires, what did, and where they go.

import { AlertCard } from './alertcard.js';
import { getAlerts } from './api.js';
import { say } from './chrome.js';
import { bdi, circuitPath, el, setShape, setText, shape } from './dom.js';
import { NONE, clip, count, many } from './format.js';
import { KeyedList } from './keyed.js';
import { everySecond } from './overview.js';
import { arranged, happened, headline, loud, targetWords } from './severity.js';
import { became, table, time } from './table.js';

const MOST = 50; // cards; who has more alerts reads no more
const AGAIN = 15_000; // texts have figures, and targets counters
const SOON = 600; // what has just happened is in the history a moment later

/** Builds the page of the alerts in main and keeps it up to date. */
export function alertsPage(main, store) {
  document.body.dataset.title = 'Alerts';
  document.getElementById('nav-alerts').setAttribute('aria-current', 'page');
  const now = nowSection(store);
  const trouble = el('div', { class: 'notice bad', role: 'alert', hidden: true });
  const note = el('p', { class: 'notice', hidden: true });
  const recent = table('Recent', ['At', 'Became', 'Alert', 'Why'], 'No alert within 30 days.');
  const targets = table('Where they go', ['Target', 'Gets', 'Sent', 'Failed', 'Given up', 'How it goes'], nowhere());
  main.replaceChildren(now.el, trouble, note, recent.el, targets.el);
  for (const t of [recent, targets]) t.el.hidden = true;

  let known = { firing: [], targets: null };
  let asked = null; // the fetch that is out
  let timer = 0;
  let wait = AGAIN;
  let shown = '';

  async function load() {
    asked?.abort();
    clearTimeout(timer);
    const mine = asked = new AbortController();
    try {
      known = await getAlerts(mine.signal);
      trouble.hidden = true;
      show();
    } catch (err) {
      if (mine.signal.aborted) return;
      trouble.hidden = false;
      trouble.replaceChildren(el('p', { text: `The alerts could not be loaded. ${err.message}` }), el('button', { type: 'button', text: 'Try again', onclick: load }));
    }
    timer = setTimeout(load, wait);
    wait = AGAIN;
  }

  // Tables are made anew only if something in them is: the focus may be there.
  function show() {
    paint();
    const text = JSON.stringify([known.recent, known.targets, known.history]);
    if (text === shown) return;
    shown = text;
    const at = store.now();
    note.hidden = !['off', 'memory'].includes(known.history?.state);
    setText(note, 'No history is kept: what is below is what the process remembers since it started.');
    recent.set(known.recent.map((e) => past(e, at)), known.recent.length >= 200 ? 'The newest 200.' : '');
    targets.set(known.targets.map((t) => [bdi(clip(t.name)), t.critical ? 'only critical ones' : 'all', ...[t.sent, t.failed, t.dropped].map(count),
      el('span', { class: t.error ? 'fails' : null }, bdi(targetWords(t, at)))]));
    for (const t of [recent, targets]) t.el.hidden = false;
  }

  const paint = () => now.paint(known);
  let heard = null; // null: nothing yet, and so nothing is new
  store.listen(() => {
    paint();
    if (!store.loaded || heard === store.alerts) return;
    if (heard) tellOfNew(heard, store.alerts);
    heard = store.alerts;
    wait = SOON;
    load();
  });
  everySecond(() => now.tick());
  load();
  return { transition() {}, audit() {}, recolour() {} }; // all colours are the style sheet's
}

// What a screen reader is to say.
function tellOfNew(was, is) {
  const had = new Set(was.map((a) => a.key));
  for (const a of loud(is)) if (!had.has(a.key)) say(`${a.severity} alert: ${clip(a.title || a.key, 120)}`);
}

function nowSection(store) {
  const mark = shape();
  const title = el('span', { text: 'Loading…' });
  const h1 = el('h1', {}, mark, title);
  const sub = el('p', { class: 'sub' });
  const cards = el('ul', { class: 'cards' });
  const list = new KeyedList(cards);
  const more = el('p', { class: 'sub', hidden: true });
  setShape(mark, 'closed');
  return {
    el: el('section', { 'aria-label': 'Now', class: 'now' }, h1, sub, cards, more),
    // The stream says what there is and how it stands; the texts were asked for.
    paint({ firing, targets }) {
      if (!store.loaded) return;
      const head = headline(store.alerts);
      h1.className = `rank-${head.worst.rank}`;
      setShape(mark, head.worst.shape);
      setText(title, head.title);
      setText(sub, head.sub);
      const texts = new Map(firing.map((a) => [a.key, a]));
      const alerts = new Map(arranged(store.alerts).slice(0, MOST).map((a) => [a.key, { ...a, ...texts.get(a.key), ...stands(a) }]));
      list.set([...alerts.keys()], (key) => new AlertCard(store, key));
      for (const [key, a] of alerts) list.get(key).set(a, targets == null || targets.length > 0);
      cards.hidden = alerts.size === 0;
      const rest = store.alerts.length - alerts.size;
      more.hidden = rest <= 0;
      setText(more, `and ${many(rest, 'more alert')}`);
    },
    tick() {
      for (const card of list.values()) card.paint();
    },
  };
}

/** All of an alert but its texts. */
function stands({ title, ...rest }) {
  return rest;
}

function past(e, now) {
  const c = happened(e, now);
  const title = bdi(clip(e.title || e.key, 300));
  return [time(e.at, now), became(c), e.circuit ? el('a', { href: circuitPath(e.circuit) }, title) : title, bdi(c.more || NONE)];
}

function nowhere() {
  const code = (text) => el('code', { text });
  return ['Alerts go nowhere but to this page and the log. Set ', code('alerts: [slack://…]'), ' in the file, or ', code('--alerts'),
    ', and try with ', code('recloser alert test'), ' whether they arrive.'];
}
