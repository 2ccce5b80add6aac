// Keyed lists: the fewest moves from one order to another, and their use on the DOM.

/**
 * Which keys must be placed so that what is there (old) becomes next. Keys in
 * the longest run that is in order already stay where they are.
 * @param {string[]} old @param {string[]} next
 * @returns {{remove: string[], stay: Set<string>}}
 */
export function plan(old, next) {
  const wanted = new Map(next.map((key, i) => [key, i]));
  const remove = old.filter((key) => !wanted.has(key));
  const kept = old.filter((key) => wanted.has(key));
  // Longest increasing subsequence of the kept keys' new places.
  const tails = []; // index into kept of the smallest end of a run of each length
  const before = new Array(kept.length);
  kept.forEach((key, i) => {
    const at = wanted.get(key);
    let lo = 0;
    let hi = tails.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (wanted.get(kept[tails[mid]]) < at) lo = mid + 1; else hi = mid;
    }
    before[i] = lo > 0 ? tails[lo - 1] : -1;
    tails[lo] = i;
  });
  const stay = new Set();
  for (let i = tails.at(-1) ?? -1; i >= 0; i = before[i]) stay.add(kept[i]);
  return { remove, stay };
}

/**
 * Keeps the children of parent equal to a list of keys. Elements are made once a
 * key and moved, never made anew; the focus stays with its element.
 */
export class KeyedList {
  #parent;
  #order = [];
  #items = new Map();

  /** @param {Element} parent */
  constructor(parent) {
    this.#parent = parent;
  }

  /** The item of key, or undefined. */
  get(key) {
    return this.#items.get(key);
  }

  /** All items, in no order. */
  values() {
    return this.#items.values();
  }

  /**
   * @param {string[]} keys without doubles
   * @param {(key: string) => {el: Element}} make
   * @param {(item: {el: Element}) => void} [drop] is told of what goes
   */
  set(keys, make, drop) {
    if (keys.length === this.#order.length && keys.every((key, i) => key === this.#order[i])) return;
    const { remove, stay } = plan(this.#order, keys);
    for (const key of remove) {
      const item = this.#items.get(key);
      item.el.remove();
      this.#items.delete(key);
      drop?.(item);
    }
    const focused = document.activeElement;
    let next = null;
    for (let i = keys.length - 1; i >= 0; i--) {
      let item = this.#items.get(keys[i]);
      if (!item) this.#items.set(keys[i], item = make(keys[i]));
      if (!stay.has(keys[i])) this.#parent.insertBefore(item.el, next);
      next = item.el;
    }
    this.#order = [...keys];
    if (focused && focused !== document.activeElement && this.#parent.contains(focused)) focused.focus({ preventScroll: true });
  }
}
