// Elements without markup: what others named becomes text, whatever is in it.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an element. Of props, class, text and on… handlers are special, false and
 * null leave an attribute out, true sets it empty.
 * @param {string} tag @param {Object} [props] @param {...(Node|string|null)} children
 */
export function el(tag, props = {}, ...children) {
  const e = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value == null || value === false) continue;
    if (key === 'text') e.textContent = value;
    else if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? '' : value);
  }
  e.append(...children.filter((c) => c != null));
  return e;
}

/** Sets an element's text if it is another one: an equal text costs no layout. */
export function setText(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

/** Sets or removes an attribute, if that changes something. */
export function setAttr(e, name, value) {
  if (value == null || value === false) { if (e.hasAttribute(name)) e.removeAttribute(name); } else if (e.getAttribute(name) !== String(value)) e.setAttribute(name, value);
}

/** A name of somebody else's, isolated so that right-to-left stays inside. */
export function bdi(text) {
  return el('bdi', { text });
}

// One shape a state, on a field of 16: outline for calm, filled for loud.
const SHAPES = {
  closed: ['M8 3.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9Z', false],
  open: ['M2 2H14V14H2Z', true],
  'forced-open': ['M2 2H14V14H2ZM4.5 6.5H11.5V9.5H4.5Z', true],
  'half-open': ['M8 1L15 8L8 15ZM8 1L1 8L8 15', 'half'],
  recovering: ['M8 2L14.5 13.5H1.5Z', false],
  critical: ['M5 1.5H11L14.5 5V11L11 14.5H5L1.5 11V5Z', true],
  warning: ['M8 1.5L15 14H1Z', true],
  disabled: ['M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11ZM4.2 11.8L11.8 4.2', false],
  observe: ['M1 8C4 3.5 12 3.5 15 8C12 12.5 4 12.5 1 8ZM8 6.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3Z', false],
};

/** A state's shape, for the eye alone: its word stands beside it. */
export function shape() {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'shape');
  svg.append(document.createElementNS(SVG, 'path'), document.createElementNS(SVG, 'path'));
  return svg;
}

/** Draws the shape of that name in what shape() made. */
export function setShape(svg, name) {
  if (svg.dataset.shape === name) return;
  svg.dataset.shape = name;
  const [d, fill] = SHAPES[name] ?? SHAPES.closed;
  const [a, b] = svg.children;
  if (fill === 'half') {
    const [full, half] = d.split(/(?<=Z)/);
    paint(a, full, true);
    paint(b, half, false);
  } else {
    paint(a, d, fill);
    paint(b, '', false);
  }
}

function paint(path, d, fill) {
  path.setAttribute('d', d);
  path.setAttribute('class', fill ? 'full' : 'outline');
}

/** The address of a circuit's page: the name is one segment, slashes and all. */
export function circuitPath(name) {
  return `/circuits/${segment(name)}`;
}

/** Encodes also a name with half a surrogate pair, which encodeURIComponent refuses. */
export function segment(name) {
  return encodeURIComponent(String(name).toWellFormed?.() ?? name);
}
