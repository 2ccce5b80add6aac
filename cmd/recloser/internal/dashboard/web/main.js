// Which page this is, and what feeds it.

import { alertsPage } from './alerts.js';
import { frame, isNews, say, transitionWords } from './chrome.js';
import { circuitPage } from './circuit.js';
import { overviewPage } from './overview.js';
import { Store } from './store.js';
import { connect } from './stream.js';

const PREFIX = '/circuits/';

/** The circuit's name in the path, or null elsewhere. */
function circuitName() {
  if (!location.pathname.startsWith(PREFIX)) return null;
  const raw = location.pathname.slice(PREFIX.length);
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw; // no UTF-8: the proxy will not know it either
  }
}

const store = new Store();
const main = document.getElementById('main');
const name = circuitName();
const page = name != null ? circuitPage(main, store, name)
  : location.pathname === '/alerts' ? alertsPage(main, store) : overviewPage(main, store);
frame(store);

connect((event, data) => {
  store.apply(event, data);
  if (event === 'transition') {
    if (isNews(data)) say(transitionWords(data));
    page.transition(data);
  }
  if (event === 'audit') page.audit(data);
}, (live) => store.setLive(live));

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => page.recolour());
