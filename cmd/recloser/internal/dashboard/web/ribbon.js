// A circuit's last hour on a small canvas: one column a minute, without gaps, so
// that an hour in which nothing happened is one quiet band. The height says the
// same as the colour.

const HEIGHT = { '': 0.08, ok: 0.32, some: 0.56, bad: 0.8, open: 1 };

let colours = null;

/** Reads the colours from the style sheet; again after the theme has changed. */
export function readColours() {
  const css = getComputedStyle(document.documentElement);
  const get = (name) => css.getPropertyValue(name).trim();
  colours = { '': get('--line'), ok: get('--blue-soft'), some: get('--amber'), bad: get('--red'), open: get('--red'), ink: get('--ink') };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string[]} slots oldest first: "", "ok", "some", "bad", "open"
 */
export function drawRibbon(canvas, slots) {
  if (!colours) readColours();
  const dpr = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * dpr);
  const height = Math.round(canvas.clientHeight * dpr);
  if (!width || !height) return;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const g = canvas.getContext('2d');
  g.clearRect(0, 0, width, height);
  const n = slots.length || 1;
  for (let i = 0; i < slots.length; i++) {
    const kind = slots[i] in HEIGHT ? slots[i] : '';
    const x = Math.round(i * width / n);
    const end = Math.round((i + 1) * width / n);
    const h = Math.max(Math.round(height * HEIGHT[kind]), Math.round(dpr));
    g.fillStyle = colours[kind];
    g.fillRect(x, height - h, Math.max(end - x, 1), h);
  }
}
