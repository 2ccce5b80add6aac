// What an operator can do, in words, and the buttons for it.

import { resetCircuit, resetGate, setBypass, setMode } from './api.js';
import { confirm } from './dialog.js';
import { el, setAttr } from './dom.js';
import { clip } from './format.js';

const AUDIT = ' The history keeps who did it.';

const MODES = [
  { mode: 'normal', label: 'Normal', verb: 'Set to normal', title: (n) => `Set ${n} to normal?`, text: 'The circuit decides by itself again which calls it refuses.' },
  { mode: 'observe', label: 'Observe', verb: 'Only observe', title: (n) => `Only observe ${n}?`, text: 'The circuit goes on counting and shows what it would refuse, but refuses nothing.' },
  { mode: 'forced-open', label: 'Force open', verb: 'Force open', loud: true, title: (n) => `Force ${n} open?`, text: 'Every call to it is refused, or goes to its fallback, until somebody sets it to normal.' },
  { mode: 'disabled', label: 'Disable', verb: 'Disable', loud: true, title: (n) => `Disable ${n}?`, text: 'Every call goes through and no failure opens the circuit, until somebody sets it to normal.' },
];

/** The buttons for one circuit. update(row) marks the mode that is set. */
export function circuitActions(name, store) {
  const short = clip(name, 60);
  const ask = (what, act) => confirm({ ...what, text: what.text + AUDIT }, async () => store.setRow((await act()).row));
  const modes = MODES.map((m) => {
    const button = el('button', {
      type: 'button',
      text: m.label,
      onclick: () => {
        if (button.getAttribute('aria-pressed') !== 'true') ask({ ...m, title: m.title(short) }, () => setMode(name, m.mode));
      },
    });
    return { ...m, button };
  });
  const reset = el('button', {
    type: 'button',
    text: 'Reset…',
    onclick: () => ask({
      title: `Reset ${short}?`, verb: 'Reset',
      text: 'The circuit closes at once and forgets the failures it has counted. If its service still fails, calls fail until it opens again.',
    }, () => resetCircuit(name)),
  });
  const box = el('div', { class: 'actions', role: 'group', 'aria-label': 'Actions' },
    el('div', { class: 'segments', role: 'group', 'aria-label': 'Mode' }, ...modes.map((m) => m.button)), reset);
  return {
    el: box,
    update(row) {
      for (const m of modes) setAttr(m.button, 'aria-pressed', row.mode === m.mode);
    },
  };
}

/** Asks, then turns the emergency bypass on or off. */
export function askBypass(on, store) {
  return confirm(on ? {
    title: 'Let every call through?', verb: 'Bypass everything', loud: true,
    text: `No circuit refuses anything until somebody turns this off: callers get the service’s own failures, and wait for them.${AUDIT}`,
  } : {
    title: 'End the bypass?', verb: 'End the bypass',
    text: `Circuits refuse calls again as their states say.${AUDIT}`,
  }, async () => {
    store.setBypass((await setBypass(on)).bypass ?? on);
  });
}

/** Asks, then lets a gate forget its limits. */
export function askGateReset(gate) {
  const what = gate.model ? `${clip(gate.key, 40)}, ${clip(gate.model, 40)}` : clip(gate.key, 60);
  return confirm({
    title: `Reset the gate of ${what}?`, verb: 'Reset',
    text: `Calls go out at full speed again until the service limits them, or says once more that there is no quota.${AUDIT}`,
  }, () => resetGate(gate.key, gate.model));
}
