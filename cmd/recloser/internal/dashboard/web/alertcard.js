// A trouble that fires, as a card: what it is, whether people know, and the mute.

import { bdi, circuitPath, el, segment, setAttr, setShape, setText, shape } from './dom.js';
import { clip } from './format.js';
import { sinceWords } from './health.js';
import { askMute } from './mute.js';
import { severity, standing, toldWords } from './severity.js';

const FACTS = [['what', 'What'], ['why', 'Why'], ['users', 'Users'], ['next', 'What to do']];

/** A card. Its el is a li. */
export class AlertCard {
  #store;
  #shape = shape();
  #word = el('strong');
  #title = bdi('');
  #link = el('a', {}, this.#title);
  #since = el('span', { class: 'since' });
  #facts = FACTS.map(([key, term]) => ({ key, dd: el('dd'), dt: el('dt', { text: term }) }));
  #standing = el('strong');
  #told = el('span');
  #mutes;
  #unmute;
  #alert;
  #anywhere = true;

  constructor(store, key) {
    this.#store = store;
    const ask = (label, hours) => el('button', { type: 'button', text: label, onclick: () => this.#ask(hours) });
    this.#mutes = [ask('Mute 1 h', 1), ask('Mute 8 h', 8), ask('Mute until…')];
    this.#unmute = ask('Unmute', 0);
    const id = `alert-${segment(key)}`;
    this.el = el('li', {},
      el('h2', { id }, this.#shape, this.#word, this.#link, this.#since),
      el('dl', {}, ...this.#facts.map((f) => el('div', {}, f.dt, f.dd))),
      el('div', { class: 'foot' },
        el('p', { class: 'sub' }, this.#standing, ' ', this.#told),
        el('div', { class: 'actions', role: 'group', 'aria-labelledby': id }, ...this.#mutes, this.#unmute)));
  }

  /** Shows an alert; anywhere: whether alerts go anywhere but to the log. */
  set(alert, anywhere) {
    this.#alert = alert;
    this.#anywhere = anywhere;
    this.paint();
  }

  paint() {
    const a = this.#alert;
    const now = this.#store.now();
    const s = severity(a);
    this.el.className = `card alert rank-${a.muted || a.calm ? 'quiet' : s.rank}`;
    setShape(this.#shape, s.shape);
    setText(this.#word, s.word);
    setText(this.#title, clip(a.title || a.subject || a.key, 300));
    setText(this.#since, sinceWords(Date.parse(a.since ?? ''), now));
    for (const { key, dd } of this.#facts) {
      setText(dd, clip(a[key] ?? '', 1500));
      dd.parentElement.hidden = !a[key];
    }
    setText(this.#standing, standing(a, now));
    setText(this.#told, toldWords(a, this.#anywhere, now));
    setAttr(this.#link, 'href', a.circuit ? circuitPath(a.circuit) : null); // without one it is no link
    for (const b of this.#mutes) b.hidden = Boolean(a.muted);
    this.#unmute.hidden = !a.muted;
  }

  // The button that was pressed goes; the focus is for the one that undoes it.
  async #ask(hours) {
    const alert = await askMute(this.#alert, hours, this.#store);
    if (!alert || !this.el.isConnected) return;
    this.set({ ...this.#alert, ...alert }, this.#anywhere);
    (alert.muted ? this.#unmute : this.#mutes[0]).focus();
  }
}
