import assert from 'node:assert/strict';
import test from 'node:test';
import * as s from '../web/severity.js';

const now = Date.parse('2026-11-26T14:00:00Z');
const alert = (over = {}) => ({ key: 'circuit/a', severity: 'critical', told: true, pages: 1, last: '2026-11-26T13:50:00.000Z', muted: null, calm: null, ...over });
const muted = { muted: '2026-11-26T18:00:00.000Z' };

test('the head says how many fire, and how bad the worst is', () => {
  for (const [alerts, title, word, sub] of [
    [[], 'No alerts', '', ''],
    [[alert()], '1 alert', 'Critical', ''],
    [[alert({ severity: 'warning' })], '1 alert', 'Warning', ''],
    [[alert(), alert({ severity: 'warning' }), alert(muted)], '2 alerts', 'Critical', '1 critical · 1 muted'],
    [[alert(muted), alert({ severity: 'warning' })], '1 alert', 'Warning', '1 muted'],
    [[alert(muted)], 'No alerts', '', '1 muted'],
    [[alert({ calm: '2026-11-26T13:59:00.000Z' })], '1 alert', 'Critical', 'nothing is found any more'],
    [[alert({ calm: '2026-11-26T13:59:00.000Z' }), alert()], '2 alerts', 'Critical', '1 calm'],
  ]) {
    const head = s.headline(alerts);
    assert.deepEqual([head.title, head.worst.word, head.sub], [title, word, sub]);
  }
});

test('muted alerts are the last, else the order stays', () => {
  assert.deepEqual(s.arranged([alert({ key: 'a', ...muted }), alert({ key: 'b' }), alert({ key: 'c' })]).map((a) => a.key), ['b', 'c', 'a']);
});

test('severities differ in word, shape and rank', () => {
  const [critical, warning] = [s.severity({ severity: 'critical' }), s.severity({ severity: 'warning' })];
  for (const key of ['word', 'shape', 'rank']) assert.notEqual(critical[key], warning[key]);
});

test('whether people know', () => {
  assert.equal(s.toldWords(alert(), true, now), 'People were told at 13:50:00.');
  assert.equal(s.toldWords(alert({ pages: 3 }), true, now), 'People were told 3 times, last at 13:50:00.');
  assert.equal(s.toldWords(alert({ pages: 2 }), true, now), 'People were told twice, last at 13:50:00.');
  assert.equal(s.toldWords(alert(), false, now), 'Logged at 13:50:00.');
  assert.equal(s.toldWords(alert({ told: false, last: null }), true, now), 'Nobody was told yet.');
  assert.equal(s.toldWords(alert({ told: false, last: null, ...muted }), true, now), 'Nobody was told: it is muted.');
});

test('how it stands', () => {
  assert.equal(s.standing(alert(), now), '');
  assert.equal(s.standing(alert(muted), now), 'Muted until 18:00:00.');
  assert.equal(s.standing(alert({ calm: '2026-11-26T13:59:00.000Z', muted: '2026-11-28T18:00:00.000Z' }), now), 'Muted until 28 Nov 18:00. Calm since 13:59:00: it is over if it stays so.');
});

test('what has happened', () => {
  const event = (over) => {
    const { word, more } = s.happened({ severity: 'warning', state: 'firing', why: '5 × 503', since: '2026-11-26T13:00:00.000Z', until: null, actor: '', ...over }, now);
    return `${word}: ${more}`;
  };
  assert.equal(event({}), 'Warning: 5 × 503');
  assert.equal(event({ state: 'resolved', until: '2026-11-26T13:04:12.000Z' }), 'Over: It lasted 4 min 12 s.');
  assert.equal(event({ state: 'resolved' }), 'Over: ');
  assert.equal(event({ state: 'muted', until: '2026-11-26T15:00:00.000Z', actor: '::1 (page)' }), 'Muted: Until 15:00:00 by ::1 (page).');
  assert.equal(event({ state: 'muted', actor: '::1 (cli)' }), 'Unmuted: By ::1 (cli).');
  assert.equal(event({ state: 'muted' }), 'Unmuted: ');
});

test('how it goes with a target', () => {
  const target = { error: '', waiting: 0, since: null };
  assert.equal(s.targetWords(target, now), 'Works');
  assert.equal(s.targetWords({ ...target, waiting: 2 }, now), '2 alerts waiting');
  assert.equal(s.targetWords({ ...target, waiting: 2, error: 'status 500', since: '2026-11-26T13:00:00.000Z' }, now), 'Fails since 13:00:00: status 500');
});
