// What is wrong now, one card a trouble: which circuits, since when, why, what
// is refused, when the next probe is, what users read.

import { bdi, circuitPath, el, setShape, setText, shape } from './dom.js';
import { clip, count, many, rate } from './format.js';
import { RANK, condition, downSince, nextProbe, period, reason, shortName, sinceWords, userMessage } from './health.js';
import { KeyedList } from './keyed.js';

const MOST = 6; // cards; more are an outage of everything, and rows below
const NAMED = 3; // circuits of a card that are named

class Card {
  constructor(store) {
    this.store = store;
    this.shape = shape();
    this.word = el('strong');
    this.names = el('span', { class: 'names' });
    this.since = el('span', { class: 'since' });
    this.facts = ['Why', 'Next probe', 'Refused', 'Users read'].map((term) => ({ dt: el('dt', { text: term }), dd: el('dd') }));
    this.el = el('li', {},
      el('h2', {}, this.shape, this.word, this.names, this.since),
      el('dl', {}, ...this.facts.map((f) => el('div', {}, f.dt, f.dd))));
    this.facts[3].dd.setAttribute('class', 'quote');
    this.rows = [];
  }

  /** @param {object[]} rows with the same cause, the first to open first */
  set(rows) {
    const same = rows.length === this.rows.length && rows.every((row, i) => row.name === this.rows[i].name);
    this.rows = rows;
    if (!same) {
      const link = (row) => el('a', { href: circuitPath(row.name) }, bdi(rows.length > 1 ? clip(shortName(row), 60) : clip(row.name)));
      const links = rows.slice(0, NAMED).flatMap((row, i) => [i ? ', ' : '', link(row)]);
      const rest = rows.length - NAMED;
      this.names.replaceChildren(...links, rest > 0 ? ` and ${count(rest)} more` : '', rows.length > 1 ? ` at ${clip(rows[0].parent, 80)}` : '');
    }
    this.paint();
  }

  paint() {
    const { store, rows } = this;
    const now = store.now();
    const row = rows.reduce((a, b) => (condition(b).rank < condition(a).rank ? b : a)); // the loudest speaks for all
    const c = condition(row);
    this.el.className = `card rank-${c.rank}`;
    setShape(this.shape, c.shape);
    setText(this.word, c.word);
    // A forced circuit's since is that of the state beneath.
    setText(this.since, row.mode === 'normal' ? sinceWords(Math.min(...rows.map(downSince)), now) : '');
    const probing = rows.find((r) => r.state === 'half-open');
    const soonest = probing ?? rows.reduce((a, b) => (b.until && b.until < a.until ? b : a));
    const next = nextProbe(soonest, now);
    const which = rows.length > 1 ? '' : period(row);
    const sum = (key) => rows.reduce((n, r) => n + (r[key] || 0), 0);
    const refused = store.bypass ? 'nothing: bypassed'
      : `${sum('refused_rate') > 0 ? `${rate(sum('refused_rate'))}, ` : ''}${many(sum('refused_calls'), 'call')} so far`;
    const values = [
      clip(reason(row) || row.cause || '', 400),
      next ? (rows.length > 1 && !probing ? 'first ' : '') + next + (which ? ` (${which})` : '') : 'none while it is forced open',
      refused,
      store.bypass ? '' : clip(userMessage(soonest, now), 400),
    ];
    values.forEach((value, i) => {
      setText(this.facts[i].dd, value);
      this.facts[i].dd.parentElement.hidden = !value;
    });
  }
}

// Circuits of a host with the same cause are one trouble, not many; also while one
// of them is probed.
function alike(rows) {
  const groups = new Map();
  for (const row of rows) {
    const key = JSON.stringify(row.parent ? [row.parent, row.mode === 'forced-open', reason(row)] : [row.name]);
    if (groups.has(key)) groups.get(key).push(row); else groups.set(key, [row]);
  }
  return groups;
}

/** The head of the overview: one sentence, and the cards. */
export class Trouble {
  #store;
  #shape = shape();
  #title = el('span', { text: 'Loading…' });
  #sub = el('p', { class: 'sub' });
  #cards = el('ul', { class: 'cards' });
  #list = new KeyedList(this.#cards);
  #more = el('p', { class: 'sub' });
  #shown = new Set();

  constructor(store) {
    this.#store = store;
    this.h1 = el('h1', {}, this.#shape, this.#title);
    this.el = el('section', { 'aria-label': 'Now', class: 'now' }, this.h1, this.#sub, this.#cards, this.#more);
    setShape(this.#shape, 'closed');
    this.#more.hidden = true;
  }

  /** Brings it up to what the store knows. */
  paint() {
    const store = this.#store;
    const by = [0, 0, 0, 0, 0];
    const word = new Map();
    const loud = [];
    let refused = 0;
    for (const row of store.rows.values()) {
      const c = condition(row);
      by[c.rank]++;
      word.set(c.word, (word.get(c.word) ?? 0) + 1);
      if (c.rank <= RANK.probing) loud.push(row);
    }
    // What a host refuses its models' circuits may count, too.
    const names = new Set(loud.map((row) => row.name));
    for (const row of loud) if (!names.has(row.parent)) refused += row.refused_rate || 0;
    const n = store.rows.size;
    const parts = [];
    const some = (key, text) => { if (word.get(key)) parts.push(`${count(word.get(key))} ${text}`); };
    this.h1.className = by[0] ? 'rank-0' : by[1] ? 'rank-1' : 'rank-4';
    if (loud.length) {
      setShape(this.#shape, by[0] ? 'open' : 'half-open');
      setText(this.#title, by[0] ? `${many(by[0], 'circuit')} open` : `${many(by[1], 'circuit')} half-open`);
      if (by[0]) some('Half-open', 'half-open');
    } else {
      setShape(this.#shape, 'closed');
      setText(this.#title, n === 1 ? 'The circuit is closed' : `All ${count(n)} circuits closed`);
      if (by[2] + by[3]) setText(this.#title, 'No circuit open');
    }
    some('Recovering', 'recovering');
    some('Disabled', 'disabled');
    some('Observing', 'only observed');
    if (refused > 0 && !store.bypass) parts.push(`${rate(refused)} refused`);
    const parked = new Set(store.gates.filter((g) => g.state === 'parked').map((g) => g.why || 'parked'));
    for (const why of parked) {
      const keys = store.gates.filter((g) => g.state === 'parked' && (g.why || 'parked') === why).length;
      parts.push(`${many(keys, 'key')} parked: ${clip(why, 60)}`);
    }
    setText(this.#sub, parts.join(' · '));

    const groups = new Map([...alike(arrangeLoud(loud))].slice(0, MOST));
    this.#list.set([...groups.keys()], () => new Card(store));
    for (const [key, rows] of groups) this.#list.get(key).set(rows);
    this.#shown = new Set([...groups.values()].flat().map((row) => row.name));
    this.#cards.hidden = this.#shown.size === 0;
    const rest = loud.length - this.#shown.size;
    this.#more.hidden = rest <= 0;
    setText(this.#more, `and ${many(rest, 'more circuit')} in the table`);
  }

  /** Whether a card tells of the circuit. */
  tells(name) {
    return this.#shown.has(name);
  }

  /** A second has passed. */
  tick() {
    for (const card of this.#list.values()) card.paint();
  }
}

// The oldest first, what somebody wanted so last. A probe moves nothing.
function arrangeLoud(rows) {
  const wanted = (row) => Number(row.mode === 'forced-open');
  return [...rows].sort((a, b) => wanted(a) - wanted(b) || downSince(a) - downSince(b) || (a.name < b.name ? -1 : 1));
}
