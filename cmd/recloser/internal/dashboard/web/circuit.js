// A circuit's page: how it stands, what can be done, and what it did in a range of
// time that is in the URL.

import { getDetail } from './api.js';
import { circuitActions } from './actions.js';
import { LatencyFigure, OutcomesFigure, StatesFigure } from './charts.js';
import { bdi, circuitPath, el, setAttr, setShape, setText, shape } from './dom.js';
import { NONE, clip, count, rate, span } from './format.js';
import { condition, downSince, nextProbe, period, reason, sinceWords, userMessage } from './health.js';
import { everySecond } from './overview.js';
import { PRESETS, bounds, fromField, parseRange, rangeSearch, stamp, toField } from './range.js';
import { figures } from './row.js';
import { severity } from './severity.js';
import { became, table, time } from './table.js';

const FACTS = [
  ['why', 'Why'], ['next', 'Next probe'], ['refused', 'Refused'], ['users', 'Users read'],
  ['rate', 'Calls'], ['latency', 'Latency p50 / p95 / p99'], ['ttft', 'First token p50 / p95'],
  ['flight', 'In flight'], ['gate', 'Gate'], ['budget', 'Retries left'],
];

/** Builds the page of the circuit of that name in main. */
export function circuitPage(main, store, name) {
  document.body.dataset.title = clip(name, 60);
  const head = heading(name, store);
  const ranges = rangeBar(name, go);
  const states = new StatesFigure();
  const outcomes = new OutcomesFigure();
  const latencies = new LatencyFigure();
  const figs = [states, outcomes, latencies];
  for (const f of figs) f.onSelect = (from, to) => go({ from: Math.round(from / 1e3) * 1e3, to: Math.round(to / 1e3) * 1e3 });
  const note = el('p', { class: 'notice', hidden: true });
  const trouble = el('div', { class: 'notice bad', role: 'alert', hidden: true });
  const outages = table('Outages', ['Began', 'Length', 'Noticed after', 'Cause'], 'No outage in this time.');
  const transitions = table('Transitions', ['At', 'Became', 'Why'], 'No transition in this time.');
  const config = table('Configuration', ['Setting', 'Value'], 'Nothing is known of its configuration.');
  const past = el('div', { class: 'past' }, note, ...figs.map((f) => f.el),
    el('div', { class: 'columns' }, transitions.el, el('div', {}, outages.el, config.el)));
  const alert = alertNote(name, store);
  main.replaceChildren(head.el, alert.el, ranges.el, trouble, past);

  let range = parseRange(location.search);
  let asked = null; // the fetch that is out
  let timer = 0;
  let step = 60;

  async function load() {
    asked?.abort();
    clearTimeout(timer);
    const mine = asked = new AbortController();
    const { from, to } = bounds(range, store.now());
    past.setAttribute('aria-busy', 'true');
    try {
      const d = await getDetail(name, stamp(Math.floor(from)), stamp(Math.ceil(to)), mine.signal);
      trouble.hidden = true;
      past.hidden = ranges.el.hidden = false;
      step = d.step;
      show(d, from, to);
      head.fallback(d.row);
    } catch (err) {
      if (mine.signal.aborted) return;
      if (!states.plot) past.hidden = true; // what was there stays, and is marked
      ranges.el.hidden = err.status === 404;
      trouble.hidden = false;
      trouble.replaceChildren(el('p', { text: err.status === 404 ? 'There is no circuit of this name (any more). ' : `The figures could not be loaded. ${err.message}` }),
        err.status === 404 ? el('a', { href: '/', text: 'All circuits' }) : el('button', { type: 'button', text: 'Try again', onclick: load }));
    }
    past.setAttribute('aria-busy', 'false');
    // A range that ends now goes on; a fixed one is done.
    if (range.last) timer = setTimeout(load, Math.min(Math.max(step, 5), 60) * 1000);
  }

  function show(d, askedFrom, askedTo) {
    const [from, to] = [Date.parse(d.from) || askedFrom, Date.parse(d.to) || askedTo]; // what it has rounded them to
    const { state } = d.history ?? {};
    note.hidden = !(state === 'off' || state === 'memory');
    setText(note, 'No history is kept: this is what the process remembers since it started.');
    states.set(d.states ?? [], from, to);
    outcomes.set(d.slots ?? [], d.step, from, to);
    latencies.set(d.slots ?? [], d.step, from, to);
    const now = store.now();
    outages.set([...(d.outages ?? [])].sort((a, b) => Date.parse(b.start) - Date.parse(a.start)).map((o) => [
      time(o.start, now), o.end ? span(o.length) : `${span(o.length)}, goes on`, o.detect == null ? NONE : span(o.detect), bdi(clip(o.cause || NONE, 400))]));
    transitions.set((d.transitions ?? []).map((t) => [time(t.at, now), becameOf(t), bdi(clip(t.why || t.reason || NONE, 600))]),
      (d.transitions ?? []).length >= 200 ? 'The newest 200; a shorter time shows more.' : '');
    config.set((d.config ?? []).map((c) => [bdi(clip(c.name)), bdi(clip(c.value, 400))]));
  }

  function go(next, replace) {
    range = next;
    history[replace ? 'replaceState' : 'pushState'](null, '', circuitPath(name) + rangeSearch(range));
    ranges.update(range, bounds(range, store.now()));
    load();
  }

  addEventListener('popstate', () => {
    range = parseRange(location.search);
    ranges.update(range, bounds(range, store.now()));
    load();
  });
  const paint = () => {
    head.paint();
    alert.paint();
  };
  store.listen(({ names, whole }) => { if (whole || names.has(name)) paint(); });
  everySecond(paint);
  ranges.update(range, bounds(range, store.now()));
  load();
  // What has just happened is in the history a moment later.
  const soon = () => {
    if (!range.last) return;
    clearTimeout(timer);
    timer = setTimeout(load, 600);
  };
  return {
    transition: (t) => { if (t.circuit === name) soon(); },
    audit: (a) => { if (a.circuit === name) soon(); },
    recolour: () => { for (const f of figs) f.build(); },
  };
}

function heading(name, store) {
  const mark = shape();
  const word = el('strong');
  const since = el('span', { class: 'since' });
  const actions = circuitActions(name, store);
  const facts = new Map(FACTS.map(([key, term]) => [key, { box: null, dd: el('dd', { class: key === 'users' ? 'quote' : null }), term }]));
  const dl = el('dl', { class: 'facts' }, ...[...facts].map(([key, f]) => f.box = el('div', { class: `fact-${key}` }, el('dt', { text: f.term }), f.dd)));
  const status = el('p', { class: 'standing' }, mark, word, since);
  const section = el('section', { class: 'now', 'aria-labelledby': 'name' },
    el('div', { class: 'headline' }, el('div', {}, el('h1', { id: 'name', class: 'title' }, bdi(clip(name, 2000))), status), actions.el), dl);
  status.hidden = dl.hidden = actions.el.hidden = true;
  let kept = null; // what the detail gave, until the stream has said more
  const self = {
    el: section,
    fallback(row) {
      kept = row;
      if (!store.rows.has(name)) self.paint();
    },
    paint() {
      const row = store.rows.get(name) ?? kept;
      if (!row) return;
      const now = store.now();
      const c = condition(row);
      status.hidden = dl.hidden = actions.el.hidden = false;
      section.className = `now rank-${c.rank}`;
      setShape(mark, c.shape);
      setText(word, c.word);
      setText(since, `${row.mode === 'normal' ? '' : `state ${row.state} `}${sinceWords(downSince(row), now)}`);
      const f = figures(row, store);
      const next = nextProbe(row, now);
      const loud = c.rank <= 1;
      const values = {
        why: reason(row), next: next && next + (period(row) ? ` (${period(row)})` : ''),
        refused: loud || row.refused_calls > 0 || row.would_refuse > 0 ? [row.refused_rate > 0 ? rate(row.refused_rate) : '', `${count(row.refused_calls)} so far`, row.would_refuse > 0 ? `${count(row.would_refuse)} would have been` : ''].filter(Boolean).join(', ') : '',
        users: loud && !store.bypass ? clip(userMessage(row, now), 400) : '',
        rate: row.failure_rate == null ? f.rate : `${f.rate}, ${f.failing} failing`, latency: [f.p50, f.p95, f.p99].join(' / '), ttft: [f.ttft50, f.ttft95].join(' / '),
        flight: f.flight, gate: f.gate, budget: f.budget,
      };
      for (const [key, { box, dd }] of facts) {
        setText(dd, values[key]);
        box.hidden = !values[key];
      }
      actions.update(row);
    },
  };
  return self;
}

// A line that says that people are told of this circuit; nothing if they are not.
function alertNote(name, store) {
  const mark = shape();
  const word = el('strong');
  const title = bdi('');
  const since = el('span', { class: 'since' });
  const note = el('p', { class: 'notice alerted', hidden: true }, mark, word, el('a', { href: '/alerts' }, title), since);
  return {
    el: note,
    paint() {
      const a = store.alerts.find((one) => one.circuit === name);
      note.hidden = !a;
      if (!a) return;
      const s = severity(a);
      note.className = `notice alerted rank-${s.rank}`;
      setShape(mark, s.shape);
      setText(word, `${s.word} alert`);
      setText(title, clip(a.title || a.key, 300));
      setText(since, sinceWords(Date.parse(a.since ?? ''), store.now()) + (a.muted ? ', muted' : ''));
    },
  };
}

function rangeBar(name, go) {
  const links = PRESETS.map((p) => {
    const a = el('a', { href: circuitPath(name) + rangeSearch(p), text: p.label });
    a.addEventListener('click', (e) => {
      if (e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
      e.preventDefault();
      go(p);
    });
    return { last: p.last, a };
  });
  const from = el('input', { type: 'datetime-local', id: 'from', step: '1', required: true });
  const to = el('input', { type: 'datetime-local', id: 'to', step: '1', required: true });
  const wrong = el('span', { class: 'error', role: 'alert' });
  const form = el('form', {}, el('label', { for: 'from', text: 'From' }), from, el('label', { for: 'to', text: 'to' }), to, el('span', { class: 'unit', text: 'UTC' }),
    el('button', { text: 'Show', title: 'A link to fixed times shows a colleague the same' }), wrong);
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    const [a, b] = [fromField(from.value), fromField(to.value)];
    setText(wrong, a < b ? '' : 'The end must be after the beginning.');
    if (a < b) go({ from: a, to: b });
  });
  return {
    el: el('section', { class: 'range', 'aria-label': 'Time range' }, el('nav', { class: 'segments', 'aria-label': 'Presets' }, ...links.map((l) => l.a)), form),
    update(range, b) {
      for (const l of links) setAttr(l.a, 'aria-current', l.last === range.last ? 'true' : null);
      from.value = toField(Math.floor(b.from / 1e3) * 1e3);
      to.value = toField(Math.floor(b.to / 1e3) * 1e3);
      setText(wrong, '');
    },
  };
}

function becameOf(t) {
  const c = condition({ state: t.to, mode: t.mode, ramp: 0 });
  return became(c, t.from === t.to && t.mode === 'normal' ? 'Mode normal' : c.word);
}
