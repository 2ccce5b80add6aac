import assert from 'node:assert/strict';
import test from 'node:test';
import { plan } from '../web/keyed.js';

// What KeyedList does with a plan, on arrays.
function apply(old, next) {
  const { remove, stay } = plan(old, next);
  const list = old.filter((key) => !remove.includes(key));
  let moves = 0;
  let before = null;
  for (const key of [...next].reverse()) {
    if (!stay.has(key)) {
      if (list.includes(key)) list.splice(list.indexOf(key), 1);
      list.splice(before === null ? list.length : list.indexOf(before), 0, key);
      moves++;
    }
    before = key;
  }
  return { list, moves };
}

for (const [old, next, moves] of [
  ['', '', 0], ['', 'abc', 3], ['abc', '', 0], ['abc', 'abc', 0], ['abcd', 'dabc', 1], ['abcd', 'bcda', 1],
  ['abcd', 'dcba', 3], ['abcd', 'axcy', 2], ['abcdef', 'fabced', 2],
]) {
  test(`${old || 'nothing'} becomes ${next || 'nothing'} by ${moves} moves`, () => {
    const got = apply([...old], [...next]);
    assert.equal(got.list.join(''), next);
    assert.equal(got.moves, moves);
  });
}

test('any order becomes any other', () => {
  let seed = 42;
  const random = (n) => (seed = (seed * 16807) % 2147483647) % n;
  const draw = () => [...'abcdefghijklmnop'].filter(() => random(3)).map((key) => [random(1000), key]).sort((a, b) => a[0] - b[0]).map((p) => p[1]);
  for (let i = 0; i < 500; i++) {
    const [old, next] = [draw(), draw()];
    assert.deepEqual(apply(old, next).list, next);
  }
});
