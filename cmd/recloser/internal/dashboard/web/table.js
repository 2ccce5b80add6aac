// Tables of what has happened, and the times in them.

import { el, setShape, shape } from './dom.js';
import { clock } from './format.js';

/**
 * A section with a table. set(rows, more) fills it with cells, and says more below it;
 * none is text, or nodes, in place of no rows.
 */
export function table(title, heads, none) {
  const id = title.toLowerCase().replaceAll(' ', '-');
  const body = el('tbody');
  const says = el('p', { class: 'sub' });
  const wide = el('div', { class: 'wide tall', role: 'group', tabindex: '0', 'aria-labelledby': id },
    el('table', { class: `plain-table t-${id}` }, el('thead', {}, el('tr', {}, ...heads.map((h) => el('th', { scope: 'col', text: h })))), body));
  return {
    el: el('section', { 'aria-labelledby': id }, el('h2', { id, text: title }), wide, says),
    set(rows, more = '') {
      wide.hidden = rows.length === 0;
      says.replaceChildren(...(rows.length ? [more] : [none].flat()));
      says.hidden = !says.textContent;
      body.replaceChildren(...rows.map((cells) => el('tr', {}, ...cells.map((c, i) => el(i ? 'td' : 'th', i ? {} : { scope: 'row' }, c)))));
    },
  };
}

/** A moment, with that of the reader's place as its title. */
export function time(at, now) {
  return el('time', { datetime: at, title: new Date(at).toLocaleString(), text: clock(at, now) });
}

/** What something became: a shape and a word. */
export function became(c, word = c.word) {
  const mark = shape();
  setShape(mark, c.shape);
  return el('span', { class: `became rank-${c.rank}` }, mark, word);
}
