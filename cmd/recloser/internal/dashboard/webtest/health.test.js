import assert from 'node:assert/strict';
import test from 'node:test';
import * as h from '../web/health.js';

const row = (name, over = {}) => ({ name, parent: name.includes('/') ? name.split('/')[0] : '', state: 'closed', mode: 'normal', ramp: 0, why: '', until: null, probe_out: false, ...over });

test('a mode that overrules the state is what counts', () => {
  for (const [over, word, rank] of [
    [{}, 'Closed', 4], [{ ramp: 4 }, 'Recovering', 2], [{ state: 'open' }, 'Open', 0], [{ state: 'half-open' }, 'Half-open', 1],
    [{ mode: 'forced-open' }, 'Forced open', 0], [{ state: 'open', mode: 'disabled' }, 'Disabled', 3], [{ state: 'open', mode: 'observe' }, 'Observing', 3],
  ]) {
    const c = h.condition(row('a', over));
    assert.equal(c.word, word);
    assert.equal(c.rank, rank);
  }
});

test('the reason is without clocks', () => {
  const why = 'opened 14:03:07: 5 consecutive failures (3 × 503, 2 × timeout); next probe in 7s (3rd open period, 8s)';
  assert.equal(h.reason({ why }), '5 consecutive failures (3 × 503, 2 × timeout)');
  assert.equal(h.period({ why }), '3rd open period, 8s');
  const learned = 'opened 22:15:46: failures too unlikely to be chance: 4 failures in a row (4 × 503); usual failure rate 1 %: that is rarer than 1 in 10 000 000 '
    + '[rule 1, k 4, s 0, f 0.0100, g 0.19, x 0.12, h 0.00]; next probe in 400ms (1st open period, 500ms); first probe next, 2 calls refused since the last';
  assert.equal(h.reason({ why: learned }), 'failures too unlikely to be chance: 4 failures in a row (4 × 503); usual failure rate 1 %: that is rarer than 1 in 10 000 000; first probe next, 2 calls refused since the last');
  assert.equal(h.period({ why: learned }), '1st open period, 500ms');
  assert.equal(h.reason({ why: 'closed since 14:00:00' }), '');
  assert.equal(h.reason({ why: 'disabled by an operator; closed since 08:00:01' }), 'disabled by an operator');
});

test('the next probe counts down', () => {
  const now = Date.parse('2026-11-26T14:00:00Z');
  const open = row('a', { state: 'open', until: '2026-11-26T14:00:07.400Z' });
  assert.equal(h.nextProbe(open, now), 'in 8 s');
  assert.equal(h.nextProbe(open, now + 8000), 'due');
  assert.equal(h.nextProbe(row('a', { state: 'half-open' }), now), 'out now');
  assert.equal(h.nextProbe(row('a'), now), '');
  assert.equal(h.userMessage({ ...open, users: 'Please try again in 30 seconds.', users_until: open.until }, now + 6500), 'Please try again in 1 second.');
  assert.equal(h.userMessage({ ...open, users: 'Please try again in 1 second.', users_until: null }, now), 'Please try again in 1 second.');
});

test('hosts group their models, trouble first', () => {
  const names = h.arrange([row('a'), row('a/x'), row('b'), row('b/y'), row('b/x'), row('b/z', { state: 'open' }), row('c/only')]).map((r) => r.name);
  assert.deepEqual(names, ['b', 'b/z', 'b/x', 'b/y', 'a', 'a/x', 'c/only']);
});

test('a gate is that of the model, the tightest', () => {
  const gates = [{ model: '', state: 'parked' }, { model: 'x', state: 'limited' }, { model: 'x', state: 'closed' }, { model: 'y', state: 'open' }];
  assert.equal(h.tightestGate(row('a/x'), gates).state, 'closed');
  assert.equal(h.tightestGate(row('a/y'), gates), null);
  assert.equal(h.tightestGate(row('a'), gates), null);
});

test('the ribbon in words', () => {
  assert.equal(h.ribbonWords([]), 'Last hour: no calls');
  assert.equal(h.ribbonWords(['', 'ok']), 'Last hour: no failures');
  assert.equal(h.ribbonWords(['open', 'open', 'some']), 'Last hour: open in 2 minutes, some failing in 1 minute');
});

test('down since before the probes that failed', () => {
  const at = (row) => new Date(h.downSince(row)).toISOString();
  const since = '2026-11-26T14:05:00.100Z';
  assert.equal(at({ state: 'open', since, down: '2026-11-25T14:03:07.000Z' }), '2026-11-25T14:03:07.000Z');
  assert.equal(at({ state: 'half-open', since, down: null }), since);
  assert.equal(at({ state: 'closed', since, down: null }), since);
});
