// The one dialog: nothing is done before somebody has confirmed it.

import { setText } from './dom.js';

/**
 * Asks, does, and closes; what goes wrong is shown and may be tried again. The
 * focus returns to where it was. A field is shown below the text.
 * @param {{title: string, text: string, verb: string, loud?: boolean, field?: Element}} what
 * @param {() => Promise<any>} act
 * @returns {Promise<boolean>} whether it was done
 */
export function confirm(what, act) {
  const dialog = document.getElementById('confirm');
  const [title, text, error, cancel, go] = ['title', 'text', 'error', 'cancel', 'go'].map((id) => document.getElementById(`confirm-${id}`));
  const from = document.activeElement;
  setText(title, what.title);
  setText(text, what.text);
  document.getElementById('confirm-field').replaceChildren(...[what.field].filter(Boolean));
  setText(error, '');
  setText(go, what.verb);
  go.classList.toggle('loud', Boolean(what.loud));
  return new Promise((resolve) => {
    const over = new AbortController();
    const on = (target, event, f) => target.addEventListener(event, f, { signal: over.signal });
    let done = false;
    let busy = false;
    const wait = (now) => {
      busy = now;
      dialog.setAttribute('aria-busy', String(now));
      for (const b of [go, cancel]) b.setAttribute('aria-disabled', String(now)); // disabled would lose the focus
    };
    // The event of closing comes late, when the dialog may be open for the next one.
    const close = () => {
      if (over.signal.aborted) return;
      over.abort();
      dialog.close();
      if (from?.isConnected) from.focus();
      else document.getElementById('main').focus();
      resolve(done);
    };
    on(go, 'click', async () => {
      if (busy) return;
      wait(true);
      setText(error, '');
      try {
        await act();
        done = true;
        close();
      } catch (err) {
        setText(error, `Not done: ${err.message}`);
      } finally {
        wait(false);
      }
    });
    on(cancel, 'click', () => { if (!busy) close(); });
    on(dialog, 'cancel', (e) => { // Escape
      e.preventDefault();
      if (!busy) close();
    });
    on(dialog, 'click', (e) => { if (e.target === dialog && !busy) close(); });
    on(dialog, 'close', () => { if (!dialog.open) close(); }); // by the browser itself
    dialog.showModal();
    cancel.focus(); // Enter by accident does nothing
  });
}
