// A circuit's last hour, one column a minute, without gaps, so that an hour in which
// nothing happened is one quiet band. The height says the same as the colour.
//
// Paths, not canvases: each canvas is a layer of its own to the compositor, and
// hundreds of them make scrolling slow. Colours and sizes are left to the style sheet.

const SVG = 'http://www.w3.org/2000/svg';
const TALL = 16;
const HEIGHT = { '': 1, ok: 5, some: 9, bad: 13, open: 16 };
const CLASS = { '': 'r-none', ok: 'r-ok', some: 'r-some', bad: 'r-bad', open: 'r-open' };

/**
 * The outline of each kind of minute, equal neighbours joined. Pure.
 * @param {string[]} slots oldest first: "", "ok", "some", "bad", "open"
 * @returns {Object<string, string>} path data by kind
 */
export function ribbonPaths(slots) {
  const paths = {};
  const kind = (i) => (slots[i] in HEIGHT ? slots[i] : '');
  for (let i = 0; i < slots.length;) {
    let end = i + 1;
    while (end < slots.length && kind(end) === kind(i)) end++;
    const h = HEIGHT[kind(i)];
    paths[kind(i)] = `${paths[kind(i)] ?? ''}M${i} ${TALL - h}H${end}V${TALL}H${i}Z`;
    i = end;
  }
  return paths;
}

/** An empty ribbon, for the eye alone: ribbonWords stands beside it. */
export function ribbon() {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'ribbon');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('preserveAspectRatio', 'none');
  return svg;
}

/** Draws slots in what ribbon() made. */
export function drawRibbon(svg, slots) {
  svg.setAttribute('viewBox', `0 0 ${slots.length || 1} ${TALL}`);
  svg.replaceChildren(...Object.entries(ribbonPaths(slots)).map(([kind, d]) => {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('class', CLASS[kind]);
    path.setAttribute('d', d);
    return path;
  }));
}
