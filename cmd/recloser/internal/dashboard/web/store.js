// What is known now, and who wants to hear of changes: at most once a frame.

/** The state behind the page. Listeners get the set of names whose rows changed. */
export class Store {
  /** @type {Map<string, object>} */
  rows = new Map();
  gates = [];
  alerts = []; // in one look each, the worst first
  bypass = false;
  history = { state: 'ok', reason: '', since: null };
  version = '';
  loaded = false;
  live = true;
  heard = 0; // by the server's clock, ms

  #skew = 0;
  #listeners = new Set();
  #changed = new Set();
  #whole = false;
  #frame = 0;

  /** Now by the server's clock, in ms: countdowns are right on a wrong computer too. */
  now() {
    return Date.now() + this.#skew;
  }

  /** @param {(change: {names: Set<string>, whole: boolean}) => void} listener */
  listen(listener) {
    this.#listeners.add(listener);
  }

  /** Takes in one event of the stream. */
  apply(event, data) {
    this.heard = this.now();
    switch (event) {
      case 'overview':
        this.#skew = Date.parse(data.now) - Date.now() || 0;
        this.heard = this.now();
        this.rows = new Map(data.circuits.map((row) => [row.name, row]));
        this.gates = data.gates;
        this.alerts = data.alerts ?? [];
        this.bypass = data.bypass;
        this.history = data.history;
        this.version = data.version;
        this.loaded = true;
        this.#whole = true;
        break;
      case 'rows':
        for (const row of data) {
          this.rows.set(row.name, row);
          this.#changed.add(row.name);
        }
        break;
      case 'gates':
        this.gates = data;
        this.#whole = true;
        break;
      case 'alerts':
        this.alerts = data;
        this.#whole = true;
        break;
      case 'transition': {
        // The row itself comes with the next "rows"; its state need not wait for it.
        const row = this.rows.get(data.circuit);
        if (!row) break;
        this.rows.set(row.name, { ...row, state: data.to, mode: data.mode, until: data.until, since: data.to === row.state ? row.since : data.at });
        this.#changed.add(row.name);
        break;
      }
    }
    this.#schedule();
  }

  /** Whether events come in. */
  setLive(live) {
    if (live === this.live) return;
    this.live = live;
    this.#whole = true;
    this.#schedule();
  }

  /** Takes in a row that an action gave back. */
  setRow(row) {
    if (row?.name) this.apply('rows', [row]);
  }

  /** Takes in an alert that muting gave back. */
  setAlert(alert) {
    this.apply('alerts', this.alerts.map((a) => (a.key === alert.key ? alert : a)));
  }

  /** Takes in the answer of a bypass. */
  setBypass(on) {
    this.bypass = on;
    this.#whole = true;
    this.#schedule();
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const change = { names: this.#changed, whole: this.#whole };
      this.#changed = new Set();
      this.#whole = false;
      for (const listener of this.#listeners) listener(change);
    });
  }
}
