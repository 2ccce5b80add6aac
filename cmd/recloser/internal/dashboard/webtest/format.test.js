import assert from 'node:assert/strict';
import test from 'node:test';
import * as f from '../web/format.js';

const rows = (name, fn, table) => test(name, () => {
  for (const [args, want] of table) assert.equal(fn(...[].concat(args)), want, `${name}(${JSON.stringify(args)})`);
});

rows('count', f.count, [[0, '0'], [999, '999'], [1204, '1,204'], [-1234567, '−1,234,567'], [null, '–'], [NaN, '–'], [[undefined], '–']]);
rows('rate', f.rate, [[0, '0 /s'], [0.004, '<0.01 /s'], [0.04, '0.04 /s'], [12.44, '12.4 /s'], [99.96, '100 /s'], [1204.2, '1,204 /s'], [[null], '–']]);
rows('percent', f.percent, [[0, '0 %'], [0.0004, '<0.1 %'], [0.017, '1.7 %'], [0.18, '18 %'], [0.999, '99 %'], [1, '100 %'], [[null], '–']]);
rows('latency', f.latency, [[0, '0 s'], [0.0001, '<1 ms'], [0.004, '4 ms'], [0.82, '0.82 s'], [12.4, '12.40 s'], [120, '120 s'], [[null], '–']]);
rows('span', f.span, [[0, '0 s'], [0.02, '<0.1 s'], [4.2, '4.2 s'], [7, '7 s'], [59.6, '1 min'], [252, '4 min 12 s'], [3600, '1 h'], [11100, '3 h 05 min'], [187200, '2 d 4 h'], [-1, '0 s'], [[null], '–']]);
rows('many', f.many, [[[1, 'call'], '1 call'], [[2, 'call'], '2 calls'], [[1000, 'circuit'], '1,000 circuits']]);

test('clock tells the day only of other days', () => {
  const now = Date.parse('2026-11-26T14:10:00Z');
  assert.equal(f.clock('2026-11-26T14:03:07Z', now), '14:03:07');
  assert.equal(f.clock('2026-11-25T23:59:59Z', now), '25 Nov 23:59');
  assert.equal(f.clock('2025-01-02T03:04:05Z', now), '2 Jan 2025 03:04');
  assert.equal(f.clock(null, now), '–');
  assert.equal(f.clock('nonsense', now), '–');
});

test('clip leaves what is short, and cuts what is long between characters', () => {
  assert.equal(f.clip('gpt-4o', 10), 'gpt-4o');
  assert.equal(f.clip('x'.repeat(10240), 10), `${'x'.repeat(10)}…`);
  assert.ok(f.clip('🦄'.repeat(100), 9).isWellFormed?.() ?? true);
});
