// Numbers, times and names in words. Everything here is pure; all times are UTC,
// as in the report and in the evidence that the proxy words itself.

/** Stands for what is not known or has no meaning. */
export const NONE = '–';

const two = (n) => String(n).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A whole number in groups of three: "12,345". */
export function count(n) {
  if (n == null || !Number.isFinite(n)) return NONE;
  const digits = String(Math.abs(Math.round(n))).replace(/\B(?=(\d{3})+$)/g, ',');
  return n < 0 && digits !== '0' ? `−${digits}` : digits;
}

/** "1 call", "2 calls". */
export function many(n, what) {
  return `${count(n)} ${what}${n === 1 ? '' : 's'}`;
}

/** A number a second: "0 /s", "0.04 /s", "12.4 /s", "1,204 /s". */
export function rate(x) {
  if (x == null || !Number.isFinite(x)) return NONE;
  if (x <= 0) return '0 /s';
  if (x < 0.01) return '<0.01 /s';
  if (x < 0.1) return `${x.toFixed(2)} /s`;
  return x < 99.95 ? `${x.toFixed(1)} /s` : `${count(x)} /s`;
}

/** A share; what is not nothing is never "0 %", what is not all never "100 %". */
export function percent(share) {
  if (share == null || !Number.isFinite(share)) return NONE;
  if (share <= 0) return '0 %';
  if (share >= 1) return '100 %';
  if (share < 0.001) return '<0.1 %';
  const p = 100 * share;
  return p < 10 ? `${p.toFixed(1)} %` : `${Math.min(99, Math.round(p))} %`;
}

/** A latency in seconds, so that a column of them aligns: "0.82 s", "12.40 s", "4 ms". */
export function latency(s) {
  if (s == null || !Number.isFinite(s)) return NONE;
  if (s <= 0) return '0 s';
  if (s < 0.0005) return '<1 ms';
  if (s < 0.01) return `${Math.round(s * 1000)} ms`;
  return s < 99.995 ? `${s.toFixed(2)} s` : `${count(s)} s`;
}

/** A length of time: "7 s", "4 min 12 s", "3 h 05 min", "2 d 4 h". */
export function span(seconds) {
  if (seconds == null || !Number.isFinite(seconds)) return NONE;
  const s = Math.max(0, Math.round(seconds));
  if (seconds > 0 && seconds < 0.05) return '<0.1 s';
  if (s < 60) return seconds > 0 && seconds < 9.95 && !Number.isInteger(seconds) ? `${seconds.toFixed(1)} s` : `${s} s`;
  if (s < 3600) return s % 60 ? `${Math.floor(s / 60)} min ${two(s % 60)} s` : `${s / 60} min`;
  const m = Math.floor(s / 60);
  if (m < 48 * 60) return m % 60 ? `${Math.floor(m / 60)} h ${two(m % 60)} min` : `${m / 60} h`;
  const h = Math.floor(m / 60);
  return h % 24 ? `${Math.floor(h / 24)} d ${h % 24} h` : `${h / 24} d`;
}

/** The whole seconds of span, for what counts while one looks at it. */
export function ticking(seconds) {
  return span(Math.max(0, Math.floor(seconds)));
}

/** "14:03:07" in UTC, or "26 Nov 14:03" of another day than now's. */
export function clock(t, now = Date.now()) {
  const d = date(t);
  if (!d) return NONE;
  if (Math.floor(d.getTime() / 864e5) === Math.floor(now / 864e5)) {
    return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
  }
  const year = d.getUTCFullYear() === new Date(now).getUTCFullYear() ? '' : ` ${d.getUTCFullYear()}`;
  return `${day(d)}${year} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
}

/** "26 Nov" in UTC. */
export function day(t) {
  const d = date(t);
  return d ? `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]}` : NONE;
}

/** A mark of a time axis whose marks are incr seconds apart. */
export function mark(t, incr) {
  const d = date(t);
  if (!d) return '';
  if (incr >= 86400 || (d.getUTCHours() === 0 && d.getUTCMinutes() === 0 && d.getUTCSeconds() === 0)) return day(d);
  const hm = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
  return incr < 60 ? `${hm}:${two(d.getUTCSeconds())}` : hm;
}

/** text, cut after n characters with an ellipsis: names may have 10,000. */
export function clip(text, n = 160) {
  const all = String(text);
  if (all.length <= n) return all;
  return `${Array.from(all.slice(0, n + 1)).slice(0, -1).join('')}…`;
}

/** "a, b and c". */
export function list(parts) {
  const some = parts.filter(Boolean);
  return some.length < 2 ? some.join('') : `${some.slice(0, -1).join(', ')} and ${some.at(-1)}`;
}

function date(t) {
  if (t == null || t === '') return null;
  const d = t instanceof Date ? t : new Date(t);
  return Number.isNaN(d.getTime()) ? null : d;
}
