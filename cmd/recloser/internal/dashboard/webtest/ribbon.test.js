import assert from 'node:assert/strict';
import test from 'node:test';
import { ribbonPaths } from '../web/ribbon.js';

test('equal minutes are one stretch, the worse the taller', () => {
  assert.deepEqual(ribbonPaths([]), {});
  assert.deepEqual(ribbonPaths(['ok', 'ok', 'open', 'ok']), { ok: 'M0 11H2V16H0ZM3 11H4V16H3Z', open: 'M2 0H3V16H2Z' });
  assert.deepEqual(ribbonPaths(['', 'nonsense']), { '': 'M0 15H2V16H0Z' });
});
