// What a circuit's figures mean: how bad it is, in which words. Pure.

import { clock, many, span, ticking } from './format.js';

/** How loud a circuit is, the loudest first. */
export const RANK = { refusing: 0, probing: 1, recovering: 2, unguarded: 3, quiet: 4 };

/**
 * What a row shows as its state: a word, a shape's name (never colour alone) and
 * a rank. A mode that overrules the state is what counts.
 */
export function condition(row) {
  switch (row.mode) {
    case 'forced-open': return { word: 'Forced open', shape: 'forced-open', rank: RANK.refusing };
    case 'disabled': return { word: 'Disabled', shape: 'disabled', rank: RANK.unguarded };
    case 'observe': return { word: 'Observing', shape: 'observe', rank: RANK.unguarded };
  }
  switch (row.state) {
    case 'open': return { word: 'Open', shape: 'open', rank: RANK.refusing };
    case 'half-open': return { word: 'Half-open', shape: 'half-open', rank: RANK.probing };
  }
  if (row.ramp > 0) return { word: 'Recovering', shape: 'recovering', rank: RANK.recovering };
  return { word: 'Closed', shape: 'closed', rank: RANK.quiet };
}

/**
 * Why in words, without what the page shows beside it as clocks that tick: when
 * it opened, and when the next probe is due. What is left may be "".
 */
export function reason(row) {
  return String(row.why ?? '').split('; ')
    .filter((part) => !/^(next probe in |probe due|closed since |\d+ probes? out since )/.test(part))
    .map((part) => part.replace(/^opened \d\d:\d\d:\d\d: /, '').replace(/ \[rule [^\]]*\]$/, ''))
    .join('; ');
}

/**
 * Since when a circuit lets no calls through (ms): of one that has failed probes
 * that is before its state's own since.
 */
export function downSince(row) {
  return Date.parse((row.state === 'closed' ? null : row.down) ?? row.since ?? '');
}

/** Which open period in a row this is: "3rd open period, 32s", or "". */
export function period(row) {
  return /(?:next probe in \S+|probe due) \((\d+(?:st|nd|rd|th) open period, [^)]*)\)/.exec(row.why ?? '')?.[1] ?? '';
}

/** When the next probe is, at now (ms, by the server's clock): "in 7 s", "due", "out now", or "". */
export function nextProbe(row, now) {
  if (row.mode === 'forced-open' || row.mode === 'disabled') return '';
  if (row.state === 'half-open' || row.probe_out) return 'out now';
  if (row.state !== 'open' || !row.until) return '';
  const left = (Date.parse(row.until) - now) / 1000;
  return left > 0 ? `in ${span(Math.ceil(left))}` : 'due';
}

/** What those who are refused read, with the seconds that are left at now. */
export function userMessage(row, now) {
  const left = Math.max(1, Math.ceil((Date.parse(row.users_until ?? '') - now) / 1000));
  if (Number.isNaN(left)) return row.users ?? '';
  return String(row.users ?? '').replace(/\bin \d+ seconds?\./, `in ${left} second${left === 1 ? '' : 's'}.`);
}

/** "since 14:03:07, 4 min 12 s", at now (ms). */
export function sinceWords(at, now) {
  return Number.isNaN(at) ? '' : `since ${clock(at, now)}, ${ticking((now - at) / 1000)}`;
}

/** The last hour in a sentence, for those who do not see the ribbon. */
export function ribbonWords(ribbon = []) {
  const n = { open: 0, bad: 0, some: 0, ok: 0 };
  for (const slot of ribbon) if (slot in n) n[slot]++;
  if (n.open + n.bad + n.some + n.ok === 0) return 'Last hour: no calls';
  const parts = [];
  if (n.open) parts.push(`open in ${many(n.open, 'minute')}`);
  if (n.bad) parts.push(`half or more failing in ${many(n.bad, 'minute')}`);
  if (n.some) parts.push(`some failing in ${many(n.some, 'minute')}`);
  return `Last hour: ${parts.length ? parts.join(', ') : 'no failures'}`;
}

/** The model in a circuit's name, below the host that is its parent. */
export function shortName(row) {
  const { name, parent } = row;
  return parent && name.startsWith(`${parent}/`) && name.length > parent.length + 1 ? name.slice(parent.length + 1) : name;
}

const GATE_RANK = { parked: 0, closed: 1, limited: 2, open: 3 };

/**
 * The tightest gate of a circuit's model, or null if none holds calls up. Those of
 * keys as such hold for all models: a row is not the place to say so.
 */
export function tightestGate(row, gates) {
  if (!row.parent) return null;
  const model = shortName(row);
  let worst = null;
  for (const g of gates) {
    if (g.state === 'open' || g.model !== model) continue;
    if (!worst || (GATE_RANK[g.state] ?? 3) < (GATE_RANK[worst.state] ?? 3)) worst = g;
  }
  return worst;
}

/**
 * Rows in the order in which they are shown: hosts with their models below them,
 * trouble first, else by name.
 */
export function arrange(rows) {
  const groups = new Map();
  for (const row of rows) {
    const key = row.parent || row.name;
    let g = groups.get(key);
    if (!g) groups.set(key, g = { key, head: null, rows: [], rank: RANK.quiet });
    if (row.parent) g.rows.push(row); else g.head = row;
    g.rank = Math.min(g.rank, condition(row).rank);
  }
  const byName = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const sorted = [...groups.values()].sort((a, b) => a.rank - b.rank || byName(a.key, b.key));
  return sorted.flatMap((g) => {
    g.rows.sort((a, b) => condition(a).rank - condition(b).rank || byName(a.name, b.name));
    return g.head ? [g.head, ...g.rows] : g.rows;
  });
}
