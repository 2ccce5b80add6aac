// The overview: what is wrong, then every circuit, then the gates.

import { isNews, transitionWords } from './chrome.js';
import { el, setText } from './dom.js';
import { clip, clock, many } from './format.js';
import { arrange, condition } from './health.js';
import { Gates } from './gates.js';
import { KeyedList } from './keyed.js';
import { COLUMNS, Row } from './row.js';
import { Trouble } from './trouble.js';

const KEPT = 12; // changes that are listed

/** Builds the overview in main and keeps it up to date. */
export function overviewPage(main, store) {
  document.body.dataset.title = 'Circuits';
  document.getElementById('nav-circuits').setAttribute('aria-current', 'page');
  const trouble = new Trouble(store);
  const gates = new Gates(store);
  const log = el('ol', { class: 'log' });
  const logged = el('section', { 'aria-labelledby': 'log-title', hidden: true },
    el('h2', { id: 'log-title', text: 'Since you opened this page' }), log);

  const filter = el('input', { type: 'search', id: 'filter', spellcheck: 'false', autocomplete: 'off', 'aria-describedby': 'found', 'aria-keyshortcuts': '/' });
  const found = el('span', { id: 'found', role: 'status', class: 'sub' });
  const body = el('tbody', { role: 'rowgroup' });
  const table = el('table', { role: 'table', class: 'circuits', 'aria-labelledby': 'circuits-title' }, head(), body);
  const none = el('p', { class: 'sub', text: 'No circuit has such a name.', hidden: true });
  const circuits = el('section', { 'aria-labelledby': 'circuits-title' },
    el('div', { class: 'bar' }, el('h2', { id: 'circuits-title', text: 'Circuits' }),
      found, el('label', { for: 'filter', text: 'Filter' }), filter),
    table, none);
  const empty = el('section', { class: 'empty', hidden: true, 'aria-labelledby': 'empty-title' },
    el('h1', { id: 'empty-title', text: 'No calls yet' }),
    el('p', { text: 'A circuit appears here with the first call that goes through the proxy to its host or model. This page shows it by itself.' }));

  const list = new KeyedList(body);
  const watch = watcher(body);
  const make = (name) => {
    const row = new Row(name, store, (n) => trouble.tells(n));
    watch.add(row.el);
    return row;
  };
  const drop = (row) => watch.drop(row.el);

  let order = ''; // what decides the order, to sort only when it changes
  const sort = (force) => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let now = '';
    for (const [name, row] of store.rows) now += `${name.length}${condition(row).rank}`;
    now += `|${store.rows.size}`;
    if (!force && now === order) return;
    order = now;
    const rows = [...store.rows.values()].filter((row) => {
      const text = `${row.name} ${condition(row).word}`.toLowerCase();
      return words.every((w) => text.includes(w));
    });
    list.set(arrange(rows).map((row) => row.name), make, drop);
    setText(found, words.length ? `${rows.length} of ${many(store.rows.size, 'circuit')}` : '');
    none.hidden = rows.length > 0;
    table.hidden = rows.length === 0;
  };

  let built = false;
  const paint = ({ names, whole }) => {
    if (!store.loaded) {
      if (!store.live) setText(main.querySelector('.waiting'), 'The proxy’s admin listener cannot be reached. This page tries again by itself.');
      return;
    }
    if (!built) {
      built = true;
      filter.value = new URLSearchParams(location.search).get('q') ?? '';
      main.replaceChildren(trouble.el, empty, circuits, gates.el, logged);
    }
    const any = store.rows.size > 0;
    empty.hidden = any;
    trouble.el.hidden = circuits.hidden = !any;
    trouble.paint();
    sort(whole);
    if (whole) {
      gates.paint();
      for (const row of list.values()) row.paint();
    } else {
      for (const name of names) list.get(name)?.paint();
    }
  };
  store.listen(paint);

  filter.addEventListener('input', () => {
    sort(true);
    const q = filter.value.trim();
    history.replaceState(null, '', q ? `/?q=${encodeURIComponent(q)}` : '/');
  });
  document.addEventListener('keydown', (e) => {
    if (e.key === '/' && !e.ctrlKey && !e.metaKey && !e.altKey && !e.target.closest?.('input, dialog')) {
      e.preventDefault();
      filter.focus();
    }
  });
  everySecond(() => {
    if (!built) return;
    trouble.tick();
    gates.tick();
    for (const row of list.values()) row.tick();
  });

  const note = (at, text) => {
    logged.hidden = false;
    log.prepend(el('li', {}, el('time', { datetime: at, text: clock(at, store.now()) }), ' ', el('bdi', { text })));
    while (log.children.length > KEPT) log.lastChild.remove();
  };
  return {
    transition(t) {
      if (isNews(t)) note(t.at, transitionWords(t));
    },
    audit: (a) => note(a.at, `${clip(a.actor, 80)}: ${clip(a.action, 80)}${a.circuit ? ` ${clip(a.circuit, 80)}` : ''}`),
    recolour() {}, // all colours are the style sheet's
  };
}

// Tells rows when they come into view and leave it. Where the browser says itself
// which rows it skips, 1,000 observers more would cost a third of each frame.
function watcher(body) {
  if ('oncontentvisibilityautostatechange' in body) {
    body.addEventListener('contentvisibilityautostatechange', (e) => e.target.row?.show(!e.skipped), true);
    return { add() {}, drop() {} };
  }
  const seen = new IntersectionObserver((entries) => {
    for (const e of entries) e.target.row.show(e.isIntersecting);
  }, { rootMargin: '400px 0px' });
  return { add: (row) => seen.observe(row), drop: (row) => seen.unobserve(row) };
}

/** Calls f once a second, on the second. */
export function everySecond(f) {
  const next = () => {
    f();
    setTimeout(next, 1000 - (Date.now() % 1000));
  };
  setTimeout(next, 1000 - (Date.now() % 1000));
}

function head() {
  return el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' },
    el('th', { role: 'columnheader', scope: 'col', text: 'State' }),
    el('th', { role: 'columnheader', scope: 'col', text: 'Circuit' }),
    ...COLUMNS.map((c) => el('th', { role: 'columnheader', scope: 'col', class: `c-${c.key}` },
      c.group ? el('span', { class: c.head === 'p50' ? 'group' : 'group unseen', text: `${c.group} ` }) : null, el('span', { text: c.head })))));
}
