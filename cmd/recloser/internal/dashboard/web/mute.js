// Muting an alert, for hours or until a time.

import { muteAlert } from './api.js';
import { confirm } from './dialog.js';
import { el } from './dom.js';
import { clip, many } from './format.js';
import { fromField, stamp, toField } from './range.js';

const TEXT = 'Nobody is told of it meanwhile, but that it is over. The history keeps who did it.';

/**
 * Asks, then mutes an alert for some hours, until a time that is asked for
 * (undefined), or no longer (0).
 * @returns {Promise<object|null>} the alert as it is then; null: nothing was done
 */
export async function askMute(alert, hours, store) {
  const title = clip(alert.title || alert.key, 80);
  const field = hours === undefined ? untilField(store) : null;
  let now = null;
  const done = await confirm(hours === 0 ? {
    title: `Unmute “${title}”?`, verb: 'Unmute', text: 'People are told of it again, also of what they were not told meanwhile. The history keeps who did it.',
  } : {
    title: `Mute “${title}”${hours ? ` for ${many(hours, 'hour')}` : ''}?`, verb: 'Mute', text: TEXT, field: field?.el,
  }, async () => {
    const until = field ? { until: field.value() } : hours ? { for: `${hours}h` } : { until: null };
    now = (await muteAlert(alert.key, until)).alert ?? null;
    if (now) store.setAlert(now);
  });
  return done ? now : null;
}

// A time in UTC, as all times of the page are; at first tomorrow's full hour.
function untilField(store) {
  const input = el('input', { type: 'datetime-local', id: 'mute-until', required: true, value: toField(Math.ceil(store.now() / 36e5) * 36e5 + 24 * 36e5) });
  return {
    el: el('p', {}, el('label', { for: 'mute-until', text: 'Until (UTC)' }), ' ', input),
    value() {
      const ms = fromField(input.value);
      if (!(ms > store.now())) throw new Error('that is no time after now.');
      return stamp(ms);
    },
  };
}
