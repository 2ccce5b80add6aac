// The three charts of a circuit's page, on uPlot: states, outcomes, latency. They
// share their time axis and their cursor. Beside each stands what it says in text.

import { el, setText } from './dom.js';
import { clock, count, latency, mark, percent, span } from './format.js';

const GUTTER = 64; // of the vertical axes, so that times align
const SYNC = 'circuit';

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function base(extra) {
  const grid = { stroke: css('--line'), width: 1 };
  const axis = { stroke: css('--quiet'), font: '12px system-ui, sans-serif', grid, ticks: { show: false }, gap: 8 };
  return {
    width: 600, height: 180, tzDate: (t) => uPlot.tzDate(new Date(t * 1e3), 'UTC'),
    legend: { show: false }, padding: [8, 8, 0, 0],
    cursor: { sync: { key: SYNC, setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false },
    ...extra,
    axes: [
      { ...axis, size: 24, gap: 4, grid: { show: false }, space: 72, values: (u, at, i, space, incr) => at.map((t) => mark(t * 1e3, incr)) },
      { ...axis, size: GUTTER, space: 40, ...extra.y },
    ],
  };
}

/**
 * A figure with a chart that follows its width.
 * @param {string} title
 * @param {{label: string, class: string}[]} legend
 */
class Figure {
  /** Told of a stretch of time that was drawn over with the mouse: (from, to) in ms. */
  onSelect = null;
  /** Told where the cursor is: an index, or null. */
  onCursor = null;

  constructor(title, legend) {
    this.caption = el('figcaption', {}, el('h2', { text: title }));
    this.says = el('p', { class: 'says' });
    this.values = legend.map(() => el('span', { class: 'value' }));
    this.when = el('li', { class: 'when' });
    this.legend = el('ul', { class: 'legend' },
      ...legend.map((l, i) => el('li', {}, el('i', { class: `swatch ${l.class}` }), `${l.label} `, this.values[i])), this.when);
    this.box = el('div', { class: 'chart', role: 'img' });
    this.el = el('figure', {}, this.caption, this.says, this.legend, this.box);
    this.plot = null;
    new ResizeObserver(() => this.fit()).observe(this.box);
  }

  options() { throw new Error('to be overridden'); }

  draw(data, from, to) {
    this.data = data;
    this.from = from / 1e3;
    this.to = to / 1e3;
    if (!this.plot) this.build(); else this.plot.setData(data);
  }

  build() {
    this.plot?.destroy();
    this.plot = null;
    if (!this.data || !this.box.clientWidth) return;
    const opts = this.options();
    opts.width = this.box.clientWidth;
    opts.scales = { ...opts.scales, x: { time: true, range: () => [this.from, this.to] } };
    opts.hooks = {
      ...opts.hooks,
      setSelect: [(u) => {
        if (u.select.width < 8) return;
        const [a, b] = [u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x')];
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        this.onSelect?.(a * 1e3, b * 1e3);
      }],
      setCursor: [(u) => this.onCursor?.(u.cursor.left >= 0 ? u.cursor.idx : null)],
    };
    this.plot = new uPlot(opts, this.data, this.box);
  }

  fit() {
    if (!this.data) return;
    if (!this.plot) this.build();
    else if (this.plot.width !== this.box.clientWidth && this.box.clientWidth) this.plot.setSize({ width: this.box.clientWidth, height: this.plot.height });
  }

  /** In text, what the canvas shows. */
  say(text) {
    setText(this.says, text);
    this.box.setAttribute('aria-label', `${this.caption.textContent}: ${text}`);
  }
}

/** Which kind of stretch a state is, with its mode. */
function stretch(s) {
  if (s.mode === 'forced-open') return 'open';
  if (s.mode === 'disabled' || s.mode === 'observe') return 'aside';
  return s.state;
}

/** States over time. */
export class StatesFigure extends Figure {
  constructor() {
    super('States', [
      { label: 'closed', class: 'f-ok' }, { label: 'open', class: 'f-open' },
      { label: 'half-open', class: 'f-half' }, { label: 'disabled or observed', class: 'f-aside' },
    ]);
  }

  /** @param {{from, to, state, mode}[]} states */
  set(states, from, to) {
    this.states = states.map((s) => ({ kind: stretch(s), from: Math.max(Date.parse(s.from), from) / 1e3, to: Math.min(Date.parse(s.to ?? to), to) / 1e3 }));
    const total = { closed: 0, open: 0, 'half-open': 0, aside: 0 };
    let openings = 0;
    let down = false;
    for (const s of this.states) {
      total[s.kind] += Math.max(0, s.to - s.from);
      if (s.kind === 'open' && !down) openings++; // a probe that fails makes no second outage
      down = s.kind === 'open' || (down && s.kind === 'half-open');
    }
    const all = (to - from) / 1e3;
    ['closed', 'open', 'half-open', 'aside'].forEach((kind, i) => {
      setText(this.values[i], span(total[kind]));
      this.values[i].parentElement.hidden = total[kind] === 0;
    });
    this.say(states.length === 0 ? 'Nothing is known of this time.'
      : openings === 0 ? 'Never open.' : `Open ${openings === 1 ? 'once' : `${openings} times`}, ${percent(total.open / all)} of the time.`);
    this.draw([[from / 1e3, to / 1e3], [null, null]], from, to);
  }

  options() {
    const fill = { closed: css('--blue-soft'), open: css('--red'), 'half-open': css('--amber'), aside: css('--quiet') };
    return base({
      height: 64, scales: { y: { range: [0, 1] } }, y: { values: () => [], grid: { show: false } },
      series: [{}, {}],
      hooks: {
        draw: [(u) => {
          const { top, height, left, width } = u.bbox;
          const x = (t) => Math.min(Math.max(u.valToPos(t, 'x', true), left), left + width);
          for (const s of this.states) {
            // An outage of seconds in 90 days is still one pixel wide; a probe of
            // milliseconds cuts none in two.
            const at = x(s.from);
            const wide = Math.max(x(s.to) - at, s.kind === 'open' ? Math.ceil(devicePixelRatio) : 0);
            const tall = { closed: 0.4, open: 1, 'half-open': 0.7, aside: 0.55 }[s.kind] ?? 0.4;
            u.ctx.fillStyle = fill[s.kind] ?? fill.closed;
            u.ctx.fillRect(at, top + height * (1 - tall), wide, height * tall);
          }
        }],
      },
    });
  }
}

const BANDS = [
  { label: 'succeeded', class: 'f-ok', colour: '--blue-soft', kinds: ['success'] },
  { label: 'caller’s own, cancelled', class: 'f-aside', colour: '--aside', kinds: ['caller', 'cancelled'] },
  { label: 'rate limit, quota', class: 'f-limit', colour: '--amber', kinds: ['rate_limit', 'quota'] },
  { label: 'failed', class: 'f-open', colour: '--red', kinds: ['service', 'overload', 'timeout'] },
  { label: 'refused', class: 'f-refused', colour: '--red-soft', kinds: [] },
];

const KINDS = { success: 'succeeded', service: 'service failed', overload: 'overloaded', timeout: 'timed out', rate_limit: 'rate limit', quota: 'quota', caller: 'caller’s own fault', cancelled: 'cancelled by the caller' };

/** Stacked outcomes of attempts, and what was refused. */
export class OutcomesFigure extends Figure {
  constructor() {
    super('Outcomes', BANDS);
    this.onCursor = (i) => this.show(i);
    this.body = el('tbody');
    this.el.append(el('details', {}, el('summary', { text: 'By kind' }),
      el('table', { class: 'plain-table' },
        el('thead', {}, el('tr', {}, ...['Outcome', 'Attempts', 'Calls'].map((t, i) => el('th', { scope: 'col', text: t, class: i ? 'n' : null })))), this.body)));
  }

  /** @param {object[]} slots @param {number} step seconds */
  set(slots, step, from, to) {
    this.slots = slots;
    this.step = step;
    const of = (slot, band) => (band.kinds.length ? band.kinds.reduce((n, k) => n + (slot.attempts?.[k] ?? 0), 0) : slot.refused ?? 0);
    this.counts = slots.map((slot) => BANDS.map((band) => of(slot, band)));
    const sums = BANDS.map((_, b) => this.counts.map((c) => c.slice(0, b + 1).reduce((x, y) => x + y, 0) / step));
    this.total = BANDS.map((_, b) => this.counts.reduce((n, c) => n + c[b], 0));
    this.show(null);
    const attempts = this.total.slice(0, 4).reduce((x, y) => x + y, 0);
    const per = span(step);
    this.say(attempts + this.total[4] === 0 ? 'No calls in this time.'
      : `${count(attempts)} attempts, ${percent(this.total[3] / attempts)} failed; ${count(this.total[4])} calls refused. One bar is ${per}, in calls a second.`);
    this.table(slots);
    // The tallest first: the lower ones are painted over it.
    this.draw([slots.map((s) => Date.parse(s.t) / 1e3), ...sums.reverse()], from, to);
  }

  table(slots) {
    const sum = (field, kind) => slots.reduce((n, s) => n + (s[field]?.[kind] ?? 0), 0);
    const kinds = new Set([...Object.keys(KINDS), ...slots.flatMap((s) => Object.keys(s.attempts ?? {}))]);
    this.body.replaceChildren(...[...kinds].map((kind) => el('tr', {}, el('th', { scope: 'row', text: KINDS[kind] ?? kind }),
      el('td', { class: 'n', text: count(sum('attempts', kind)) }), el('td', { class: 'n', text: count(sum('calls', kind)) }))),
    el('tr', {}, el('th', { scope: 'row', text: 'refused' }), el('td', { class: 'n', text: '–' }), el('td', { class: 'n', text: count(this.total[4]) })));
  }

  show(i) {
    const values = i == null ? this.total : this.counts[i];
    BANDS.forEach((_, b) => setText(this.values[b], count(values?.[b] ?? 0)));
    setText(this.when, i == null || !this.slots[i] ? '' : `${clock(this.slots[i].t)} + ${span(this.step)}`);
  }

  options() {
    const bars = uPlot.paths.bars({ size: [1, Infinity], align: 1, gap: 1 });
    return base({
      scales: { y: { range: (u, min, max) => [0, max > 0 ? max * 1.05 : 1] } },
      y: { values: (u, at) => at.map((v) => `${v} /s`) },
      series: [{}, ...[...BANDS].reverse().map((b) => ({ fill: css(b.colour), stroke: css(b.colour), width: 0, paths: bars, points: { show: false } }))],
    });
  }
}

const LINES = [
  { label: 'p50', head: 'p50', class: 'f-p50', key: 'p50' }, { label: 'p95', head: 'p95', class: 'f-p95', key: 'p95' }, { label: 'p99', head: 'p99', class: 'f-p99', key: 'p99' },
  { label: 'first token p50', head: 'first token p50', class: 'f-ttft', key: 'ttft_p50' }, { label: 'p95', head: 'first token p95', class: 'f-ttft95', key: 'ttft_p95' },
];

/** Latency bands and the time to the first token. */
export class LatencyFigure extends Figure {
  constructor() {
    super('Latency', LINES);
    this.onCursor = (i) => this.show(i);
    this.body = el('tbody');
    this.figures = el('details', {}, el('summary', { text: 'Figures' }),
      el('div', { class: 'wide tall', role: 'group', tabindex: '0', 'aria-label': 'Latency figures' }, el('table', { class: 'plain-table' },
        el('thead', {}, el('tr', {}, el('th', { scope: 'col', text: 'From' }), ...LINES.map((l) => el('th', { scope: 'col', class: 'n', text: l.head })))), this.body)));
    this.figures.addEventListener('toggle', () => this.table());
    this.el.append(this.figures);
  }

  // Up to 240 rows: made only for those who look at them.
  table() {
    if (!this.figures.open) return;
    this.body.replaceChildren(...this.slots.filter((s) => s.p50 != null).map((s) => el('tr', {},
      el('th', { scope: 'row', text: clock(s.t) }), ...LINES.map((l) => el('td', { class: 'n', text: latency(s[l.key]) })))));
  }

  set(slots, step, from, to) {
    this.slots = slots;
    this.step = step;
    this.table();
    const some = (key) => slots.map((s) => s[key]).filter((v) => v != null);
    this.middle = LINES.map((l) => median(some(l.key)));
    const p99 = some('p99');
    this.say(p99.length === 0 ? 'Nothing succeeded in this time.'
      : `Of answers that succeeded. Usually half within ${latency(this.middle[0])}, 95 % within ${latency(this.middle[1])}; p99 at worst ${latency(Math.max(...p99))}.`);
    this.show(null);
    const x = slots.map((s) => Date.parse(s.t) / 1e3 + step / 2);
    this.draw([x, ...LINES.map((l) => slots.map((s) => s[l.key] ?? null))], from, to);
  }

  show(i) {
    const slot = i == null ? null : this.slots[i];
    LINES.forEach((l, n) => setText(this.values[n], latency(slot ? slot[l.key] : this.middle[n])));
    setText(this.when, slot ? `${clock(slot.t)} + ${span(this.step)}` : 'medians');
  }

  options() {
    const line = (colour, width, dash) => ({ stroke: css(colour), width, dash, points: { show: (u) => u.data[0].length < 40, size: 4 } });
    return base({
      scales: { y: { range: (u, min, max) => [0, max > 0 ? max * 1.05 : 1] } },
      y: { values: (u, at) => at.map((v) => (v > 0 && v < 1 ? `${Number((v * 1000).toFixed(1))} ms` : `${Number(v.toFixed(1))} s`)) },
      series: [{}, line('--blue', 2), line('--blue', 1), line('--blue', 1, [4, 4]), line('--quiet', 2, [6, 3]), line('--quiet', 1, [6, 3])],
      bands: [{ series: [2, 1], fill: css('--band') }],
    });
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[sorted.length >> 1] : null;
}
