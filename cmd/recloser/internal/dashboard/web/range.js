// The time range in a circuit's URL. Pure.

/** Presets, by what stands in the URL. */
export const PRESETS = [
  { last: '15m', label: '15 min', seconds: 900 },
  { last: '1h', label: '1 h', seconds: 3600 },
  { last: '6h', label: '6 h', seconds: 6 * 3600 },
  { last: '24h', label: '24 h', seconds: 86400 },
  { last: '7d', label: '7 d', seconds: 7 * 86400 },
  { last: '30d', label: '30 d', seconds: 30 * 86400 },
  { last: '90d', label: '90 d', seconds: 90 * 86400 },
];

const UNITS = { m: 60, h: 3600, d: 86400 };

/**
 * @param {string} search the query of the URL
 * @returns {{last: string, seconds: number} | {from: number, to: number}} a range
 *   that ends now, or one that is fixed (ms). Nonsense gives the last hour.
 */
export function parseRange(search) {
  const q = new URLSearchParams(search);
  const from = Date.parse(q.get('from') ?? '');
  const to = Date.parse(q.get('to') ?? '');
  if (from < to) return { from, to };
  const m = /^(\d{1,4})([mhd])$/.exec(q.get('last') ?? '');
  const seconds = m ? m[1] * UNITS[m[2]] : 0;
  if (seconds >= 60 && seconds <= 366 * 86400) return { last: m[0], seconds };
  return { last: '1h', seconds: 3600 };
}

/** The query for a range, with its "?". */
export function rangeSearch(range) {
  if (range.last) return `?last=${range.last}`;
  return `?from=${stamp(range.from)}&to=${stamp(range.to)}`;
}

/** From and to of a range at now, in ms. */
export function bounds(range, now) {
  return range.last ? { from: now - range.seconds * 1000, to: now } : { from: range.from, to: range.to };
}

/** RFC 3339 in UTC, to the second unless there are milliseconds. */
export function stamp(ms) {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** What a datetime-local field takes for a time, and means by it: UTC. */
export function toField(ms) {
  return new Date(ms).toISOString().slice(0, 19);
}

/** @returns {number} ms, NaN if it is none */
export function fromField(value) {
  return Date.parse(/^\d{4,}-\d\d-\d\dT[\d:.]+$/.test(value) ? `${value}Z` : '');
}
