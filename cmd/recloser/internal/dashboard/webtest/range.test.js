import assert from 'node:assert/strict';
import test from 'node:test';
import { PRESETS, bounds, fromField, parseRange, rangeSearch, toField } from '../web/range.js';

test('what stands in the URL comes back', () => {
  for (const p of PRESETS) assert.deepEqual(parseRange(rangeSearch(p)), { last: p.last, seconds: p.seconds });
  const fixed = { from: Date.parse('2026-11-26T14:00:00Z'), to: Date.parse('2026-11-26T15:00:00Z') };
  assert.equal(rangeSearch(fixed), '?from=2026-11-26T14:00:00Z&to=2026-11-26T15:00:00Z');
  assert.deepEqual(parseRange(rangeSearch(fixed)), fixed);
});

test('nonsense is the last hour', () => {
  for (const search of ['', '?last=', '?last=5y', '?last=99999d', '?last=0m', '?from=x&to=y', '?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', '?last=<b>']) {
    assert.equal(parseRange(search).last, '1h', search);
  }
});

test('fields are UTC', () => {
  const at = Date.parse('2026-11-26T14:00:05Z');
  assert.equal(toField(at), '2026-11-26T14:00:05');
  assert.equal(fromField('2026-11-26T14:00:05'), at);
  assert.equal(fromField('2026-11-26T14:00'), at - 5000);
  assert.ok(Number.isNaN(fromField('')));
  assert.deepEqual(bounds({ last: '1h', seconds: 3600 }, at), { from: at - 3600e3, to: at });
});
