// What is wrong now, one card a circuit that refuses calls: since when, why, what
// is refused, when the next probe is, what users read.

import { bdi, circuitPath, el, setShape, setText, shape } from './dom.js';
import { clip, clock, count, many, rate } from './format.js';
import { RANK, age, arrange, condition, nextProbe, period, reason, userMessage } from './health.js';
import { KeyedList } from './keyed.js';

const MOST = 6; // more are an outage of everything, and rows below

class Card {
  constructor(name, store) {
    this.name = name;
    this.store = store;
    this.shape = shape();
    this.word = el('strong');
    this.since = el('span', { class: 'since' });
    this.facts = ['Why', 'Next probe', 'Refused', 'Users read'].map((term) => ({ dt: el('dt', { text: term }), dd: el('dd') }));
    this.el = el('li', {},
      el('h2', {}, this.shape, this.word, el('a', { href: circuitPath(name) }, bdi(clip(name))), this.since),
      el('dl', {}, ...this.facts.map((f) => el('div', {}, f.dt, f.dd))));
    this.facts[3].dd.setAttribute('class', 'quote');
  }

  paint() {
    const { store } = this;
    const row = store.rows.get(this.name);
    if (!row) return;
    const now = store.now();
    const c = condition(row);
    this.el.className = `card rank-${c.rank}`;
    setShape(this.shape, c.shape);
    setText(this.word, c.word);
    setText(this.since, row.since ? `${row.mode === 'forced-open' ? 'state' : ''} since ${clock(row.since, now)}, ${age(row.since, now)}`.trim() : '');
    const next = nextProbe(row, now);
    const refused = store.bypass ? 'nothing: bypassed'
      : `${row.refused_rate > 0 ? `${rate(row.refused_rate)}, ` : ''}${many(row.refused_calls, 'call')} so far`;
    const values = [clip(reason(row) || row.cause, 400), next ? next + (period(row) ? ` (${period(row)})` : '') : 'none: an operator decides', refused, store.bypass ? '' : clip(userMessage(row, now), 400)];
    values.forEach((value, i) => {
      setText(this.facts[i].dd, value);
      this.facts[i].dd.parentElement.hidden = !value;
    });
  }
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

  constructor(store) {
    this.#store = store;
    this.h1 = el('h1', {}, this.#shape, this.#title);
    this.el = el('section', { 'aria-label': 'Now', class: 'now' }, this.h1, this.#sub, this.#cards, this.#more);
    setShape(this.#shape, 'closed');
    this.#more.hidden = true;
  }

  paint() {
    const store = this.#store;
    const by = [0, 0, 0, 0, 0];
    const word = new Map();
    const loud = [];
    let calls = 0;
    let refused = 0;
    for (const row of store.rows.values()) {
      const c = condition(row);
      by[c.rank]++;
      word.set(c.word, (word.get(c.word) ?? 0) + 1);
      if (c.rank <= RANK.probing) loud.push(row);
      if (!row.parent) continue;
      calls += row.rate || 0;
    }
    // Calls are counted at a host, too, through which its models' calls go.
    for (const row of store.rows.values()) if (loud.length) refused += row.refused_rate || 0;
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
      if (by[3]) setText(this.#title, `No circuit open`);
    }
    some('Recovering', 'recovering');
    some('Disabled', 'disabled');
    some('Observing', 'only observed');
    if (refused > 0 && !store.bypass) parts.push(`${rate(refused)} refused`);
    if (calls > 0) parts.push(`${rate(calls)} called`);
    setText(this.#sub, parts.join(' · '));

    const shown = arrangeLoud(loud).slice(0, MOST);
    this.#list.set(shown.map((row) => row.name), (name) => new Card(name, store));
    for (const card of this.#list.values()) card.paint();
    this.#cards.hidden = shown.length === 0;
    const rest = loud.length - shown.length;
    this.#more.hidden = rest <= 0;
    setText(this.#more, `and ${many(rest, 'more circuit')}, first in the table`);
  }

  tick() {
    for (const card of this.#list.values()) card.paint();
  }
}

// The loudest first; of equals the one that has been so for longest.
function arrangeLoud(rows) {
  return arrange(rows).sort((a, b) => condition(a).rank - condition(b).rank || String(a.since).localeCompare(String(b.since)));
}
