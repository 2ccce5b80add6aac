// The gates of keys and models that something was ever held against.

import { askGateReset } from './actions.js';
import { bdi, el, setAttr, setText } from './dom.js';
import { NONE, clip, clock, count, rate, span } from './format.js';
import { KeyedList } from './keyed.js';

const HEADS = ['State', 'Key', 'Model', 'Rate', 'Waiting', 'Limits met', 'Refused', 'Opens'];

class GateRow {
  constructor(store, gate) {
    this.store = store;
    this.cells = HEADS.map((head, i) => el(i === 1 ? 'th' : 'td', i === 1 ? { scope: 'row' } : { class: i > 2 && i < 7 ? 'n' : null }));
    this.button = el('button', { type: 'button', class: 'plain', text: 'Reset…', onclick: () => askGateReset(this.gate) });
    this.button.setAttribute('aria-label', `Reset the gate of ${clip(gate.key, 60)}${gate.model ? `, ${clip(gate.model, 60)}` : ''}`);
    this.cells[1].append(bdi(clip(gate.key)));
    this.cells[2].append(gate.model ? bdi(clip(gate.model)) : 'all');
    this.el = el('tr', {}, ...this.cells, el('td', {}, this.button));
    this.paint(gate);
  }

  paint(gate = this.gate) {
    this.gate = gate;
    const now = this.store.now();
    const left = gate.until ? (Date.parse(gate.until) - now) / 1000 : 0;
    setAttr(this.el, 'class', `gate-${gate.state}`);
    setText(this.cells[0], gate.state + (gate.why ? `: ${clip(gate.why, 120)}` : ''));
    setText(this.cells[3], gate.rate > 0 ? rate(gate.rate) : NONE);
    setText(this.cells[4], count(gate.waiting));
    setText(this.cells[5], count(gate.rate_limits + gate.overloads + gate.quotas + gate.bad_keys));
    setText(this.cells[6], count(gate.refused_calls));
    setText(this.cells[7], gate.state === 'open' ? NONE : left > 0 ? `in ${span(Math.ceil(left))}` : gate.since ? `${gate.state} since ${clock(gate.since, now)}` : NONE);
    this.button.hidden = gate.state === 'open';
  }
}

const ORDER = { parked: 0, closed: 1, limited: 2, open: 3 };

/** The section of the gates; nothing where there are none. */
export class Gates {
  #store;
  #body = el('tbody');
  #list = new KeyedList(this.#body);

  constructor(store) {
    this.#store = store;
    this.el = el('section', { 'aria-labelledby': 'gates-title', hidden: true },
      el('h2', { id: 'gates-title', text: 'Gates' }),
      el('p', { class: 'sub', text: 'Rate limits and quotas, by key and model.' }),
      el('div', { class: 'wide', role: 'group', tabindex: '0', 'aria-label': 'Gates' },
        el('table', { class: 'plain-table' },
          el('thead', {}, el('tr', {}, ...HEADS.map((h, i) => el('th', { scope: 'col', text: h, class: i > 2 && i < 7 ? 'n' : null })), el('td', {}))),
          this.#body)));
  }

  paint() {
    const gates = [...this.#store.gates].sort((a, b) => (ORDER[a.state] ?? 9) - (ORDER[b.state] ?? 9));
    const byKey = new Map(gates.map((g) => [JSON.stringify([g.key, g.model]), g]));
    this.el.hidden = gates.length === 0;
    this.#list.set([...byKey.keys()], (key) => new GateRow(this.#store, byKey.get(key)));
    for (const [key, gate] of byKey) this.#list.get(key).paint(gate);
  }

  tick() {
    for (const row of this.#list.values()) row.paint();
  }
}
