// One circuit as a row of the table. Its figures are made when it first comes into
// view, and drawn only while it is there.

import { bdi, circuitPath, el, setAttr, setShape, setText, shape } from './dom.js';
import { NONE, clip, count, latency, percent, rate } from './format.js';
import { RANK, condition, nextProbe, reason, ribbonWords, shortName, tightestGate } from './health.js';
import { drawRibbon, ribbon } from './ribbon.js';

/** The table's columns after state and name: key, head, and what reads it out in full. */
export const COLUMNS = [
  { key: 'ribbon', head: 'Last hour' },
  { key: 'rate', head: 'Calls', unit: 'last minute' },
  { key: 'failing', head: 'Failing', unit: 'last minute' },
  { key: 'p50', head: 'p50', group: 'Latency' },
  { key: 'p95', head: 'p95', group: 'Latency' },
  { key: 'p99', head: 'p99', group: 'Latency' },
  { key: 'ttft50', head: 'p50', group: 'First token' },
  { key: 'ttft95', head: 'p95', group: 'First token' },
  { key: 'flight', head: 'In flight' },
  { key: 'gate', head: 'Gate' },
  { key: 'budget', head: 'Retries left' },
  { key: 'next', head: 'Next probe' },
];

/** What a row's cells show as text, but for the ribbon. */
export function figures(row, store) {
  const gate = tightestGate(row, store.gates);
  return {
    rate: rate(row.rate),
    failing: percent(row.failure_rate),
    p50: latency(row.p50), p95: latency(row.p95), p99: latency(row.p99),
    ttft50: latency(row.ttft_p50), ttft95: latency(row.ttft_p95),
    flight: row.in_flight == null ? NONE : count(row.in_flight) + (row.max_in_flight > 0 ? ` / ${count(row.max_in_flight)}` : '') + (row.queued > 0 ? ` +${count(row.queued)}` : ''),
    gate: gate ? gateWords(gate) : NONE,
    budget: row.retries_left == null ? NONE : row.retries_left.toFixed(1),
    next: nextProbe(row, store.now()) || (row.ramp > 0 ? `ramp ${count(row.ramp)}` : NONE),
  };
}

/** A gate's state in a word or two. */
export function gateWords(gate) {
  return gate.state === 'limited' && gate.rate > 0 ? `${rate(gate.rate)}` : gate.state;
}

/** A row. Its el is a tr. */
export class Row {
  #store;
  #state = el('td', { role: 'cell', class: 'state' });
  #shape = shape();
  #word = el('span');
  #link;
  #host = el('span');
  #short = bdi('');
  #told;
  #why = el('span', { class: 'why' });
  #cells = null;
  #words = null;
  #svg = null;
  #ribbon = '';
  seen = false;

  /**
   * @param {string} name @param {import('./store.js').Store} store
   * @param {(name: string) => boolean} told whether a card above says why
   */
  constructor(name, store, told) {
    this.#told = told;
    this.name = name;
    this.#store = store;
    this.#state.append(this.#shape, this.#word);
    this.#link = el('a', { href: circuitPath(name) }, this.#host, this.#short);
    this.el = el('tr', { role: 'row' }, this.#state,
      el('th', { role: 'rowheader', scope: 'row', class: 'name' }, this.#link, this.#why));
    this.el.row = this;
    this.paint(true);
  }

  /** Into view, or out of it. */
  show(seen) {
    this.seen = seen;
    if (seen) this.paint();
  }

  /** Brings the row up to what the store knows. Out of view only its state is. */
  paint(head = false) {
    const row = this.#store.rows.get(this.name);
    if (!row) return;
    const c = condition(row);
    const short = clip(shortName(row));
    setAttr(this.el, 'class', [`rank-${c.rank}`, row.parent ? 'model' : 'host'].join(' '));
    setShape(this.#shape, c.shape);
    setText(this.#word, c.word);
    setText(this.#short, short);
    // The host is in the row above, for the eye; elsewhere it belongs to the name.
    setText(this.#host, shortName(row) !== row.name ? `${clip(row.parent, 80)}/` : '');
    setAttr(this.#host, 'class', 'unseen');
    setText(this.#why, c.rank < RANK.quiet && !this.#told(this.name) ? [clip(reason(row), 240), row.would_refuse > 0 && row.mode === 'observe' ? `would have refused ${count(row.would_refuse)}` : '', row.refused_rate > 0 ? `${rate(row.refused_rate)} refused` : ''].filter(Boolean).join(' · ') : '');
    if (head || !this.seen) return;
    if (!this.#cells) this.#fill();
    const f = figures(row, this.#store);
    for (const [key, cell] of this.#cells) {
      if (key === 'ribbon') continue;
      setText(cell, f[key]);
      cell.classList.toggle('zero', f[key] === NONE || /^0(\.0)? /.test(f[key]));
    }
    this.#cells.get('failing').classList.toggle('bad', row.failure_rate >= 0.5);
    this.#cells.get('flight').classList.toggle('warn', row.max_in_flight > 0 && row.in_flight >= row.max_in_flight);
    const hour = row.ribbon.join();
    if (this.#ribbon !== hour) {
      this.#ribbon = hour;
      setText(this.#words, ribbonWords(row.ribbon));
      drawRibbon(this.#svg, row.ribbon);
    }
  }

  /** A second has passed. */
  tick() {
    if (!this.seen || !this.#cells) return;
    const row = this.#store.rows.get(this.name);
    if (row?.state !== 'open') return;
    setText(this.#cells.get('next'), nextProbe(row, this.#store.now()) || NONE);
  }

  #fill() {
    this.#cells = new Map();
    for (const { key } of COLUMNS) {
      const cell = el('td', { role: 'cell', class: `c-${key}` });
      if (key === 'ribbon') {
        this.#svg = ribbon();
        this.#words = el('span', { class: 'unseen' });
        cell.append(this.#svg, this.#words);
      }
      this.#cells.set(key, cell);
      this.el.append(cell);
    }
  }
}
