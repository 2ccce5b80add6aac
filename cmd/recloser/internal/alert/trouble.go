package alert

import (
	"net/url"
	"strings"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// trouble is all that is wrong with one thing at a time.
type trouble struct {
	key            string
	circuit, label string // whose it is; both empty: a component's
	since          time.Time
	rule           string // of the worst finding that there was
	severity       Severity
	words          words     // of the worst that there is
	told           Severity  // the worst that people were told of; "": of nothing
	toldRule       string    // what had found that
	number         int       // of pages
	last           time.Time // page
	calm           time.Time // since when nothing is found; zero: something is
	muted          time.Time // until
	outage         bool      // more is wrong than that a budget burns
	unheard        bool      // it is of an earlier process, and of its key nothing was heard since
	late           bool      // an earlier process has told of it, or that it got worse, and nobody has taken that
}

// The keys of troubles.
const (
	circuitPrefix   = "circuit/"
	keyPrefix       = "key/"
	componentPrefix = "component/"
	manyKeys        = "keys/clients" // those of which people do not hear one by one
)

func circuitKey(name string) string   { return circuitPrefix + name }
func keyKey(label string) string      { return keyPrefix + label }
func componentKey(name string) string { return componentPrefix + name }

// judge compares what is found with the troubles that there are.
func (e *Engine) judge(now time.Time, found map[string][]finding) {
	for key, f := range found {
		t := e.troubles[key]
		if t == nil {
			t = newTrouble(key, f[0].since)
			e.troubles[key] = t
		}
		e.goesOn(now, t, f)
	}
	for key, t := range e.troubles {
		if len(found[key]) > 0 {
			continue
		}
		if t.late && e.due(now, t) {
			t.words.what = lateWords(t.since)
			e.tell(now, t)
		}
		if e.calms(now, t) {
			delete(e.troubles, key)
		}
	}
}

// goesOn takes in what is found of a trouble, the worst first, and sends a page if one
// is due.
func (e *Engine) goesOn(now time.Time, t *trouble, f []finding) {
	worst := &f[0]
	knew, since := t.explains(), t.since
	t.calm, t.unheard, t.words = time.Time{}, false, worst.words
	for i := range f {
		if f[i].since.Before(t.since) {
			t.since = f[i].since
		}
		t.outage = t.outage || f[i].rule != ErrorBudget
	}
	if worse(worst.severity, t.severity) {
		t.severity, t.rule = worst.severity, worst.rule
	}
	if e.due(now, t) {
		e.tell(now, t)
	}
	if t.explains() != knew || t.since.Before(since) { // what comes later is explained as it is counted
		e.explain(t, t.since, now)
	}
}

// tell sends a page of a trouble as it is.
func (e *Engine) tell(now time.Time, t *trouble) {
	gotWorse := t.told != "" && worse(t.severity, t.told)
	t.told, t.toldRule, t.last, t.late = t.severity, t.rule, now, false
	t.number++
	p := t.page(now, &e.rules)
	p.Worse = gotWorse
	e.send(t, p)
}

// tellEnd sends a page that a trouble of which people know is over.
func (e *Engine) tellEnd(now time.Time, t *trouble, ended time.Time) {
	p := t.toldPage(now, &e.rules).Over(ended)
	p.At, t.number = now, p.Number
	e.send(t, p)
}

// explain says that people have known of a trouble, so that what it did burns no budget:
// that would be another alert about the same.
func (e *Engine) explain(t *trouble, from, to time.Time) {
	switch k := t.explains(); k {
	case nothing:
	case all:
		for _, c := range e.circuits {
			if c.name == t.circuit || c.up != nil && c.up.name == t.circuit {
				c.calls.explain(k, from, to)
			}
		}
	case turned:
		for _, c := range e.circuits {
			c.calls.explain(k, from, to)
		}
	}
}

// due reports whether people are to be told.
func (e *Engine) due(now time.Time, t *trouble) bool {
	if now.Before(t.muted) || now.Before(e.rules.MuteUntil) {
		return false
	}
	return worse(t.severity, t.told) || e.rules.Repeat > 0 && now.Sub(t.last) >= e.rules.Repeat
}

// explains is what people know of calls that are not answered, by a trouble that has
// woken them. A warning explains nothing: its trouble gets worse when a budget burns fast.
// What is told late does as it did when it was due.
func (t *trouble) explains() known {
	told := t.told
	if t.late {
		told = t.severity
	}
	switch {
	case told != Critical:
		return nothing
	case t.circuit != "" && t.outage:
		return all
	case t.label != "" && t.rule == QuotaExhausted:
		return turned
	}
	return nothing
}

// lostTime is how long a trouble with a key outlives the process that saw it, if the key
// is not used any more.
const lostTime = 24 * time.Hour

// calms takes in that nothing is found, and reports whether a trouble is over.
func (e *Engine) calms(now time.Time, t *trouble) bool {
	if c := e.circuits[t.circuit]; c != nil && t.outage && c.open() {
		t.calm = time.Time{} // it cannot be over, whatever the rules say
		return false
	}
	if t.calm.IsZero() {
		t.calm = now
	}
	settle := e.rules.Settle
	if t.unheard && e.keys[t.label] == nil { // its gate is made when the key is used again
		settle = max(settle, lostTime)
	}
	if now.Sub(t.calm) < settle {
		return false
	}
	switch {
	case t.told != "":
		e.tellEnd(now, t, t.calm)
	case t.late: // and muted up to now: or the next process would tell of it
		ev := t.event(now)
		ev.To, ev.Until = string(Resolved), t.calm
		e.out = append(e.out, func() { e.cfg.Record(ev) })
	}
	return true
}

// known is what people know of a circuit's calls that are not answered.
// of is what they know of those of all.
func (e *Engine) known(name string, of known) known {
	for c := e.circuit(name); c != nil; c = c.up {
		if t := e.troubles[circuitKey(c.name)]; t != nil && t.explains() == all {
			return all
		}
	}
	return of
}

// knownOfAll is what people know of the calls of all circuits: of a key's that has no
// quota nobody can tell where they were made.
func (e *Engine) knownOfAll() known {
	for _, t := range e.troubles {
		if t.explains() == turned {
			return turned
		}
	}
	return nothing
}

// worse reports whether a asks for more haste than b; "" for none.
func worse(a, b Severity) bool { return rank(a) > rank(b) }

func rank(s Severity) int {
	switch s {
	case Warning:
		return 1
	case Critical:
		return 2
	}
	return 0
}

func newTrouble(key string, since time.Time) *trouble {
	t := &trouble{key: key, since: since}
	t.circuit, _ = strings.CutPrefix(key, circuitPrefix)
	t.label, _ = strings.CutPrefix(key, keyPrefix)
	if t.circuit == key {
		t.circuit = ""
	}
	if t.label == key {
		t.label = ""
	}
	return t
}

// subject is what people call it.
func (t *trouble) subject() string { return t.key[strings.IndexByte(t.key, '/')+1:] }

func (t *trouble) page(now time.Time, r *Rules) Page {
	return Page{
		Key: t.key, Rule: t.rule, Subject: t.subject(), Severity: t.severity, State: Firing, Number: t.number, At: now, Since: t.since,
		Title: t.words.title, What: t.words.what, Why: t.words.why, Users: t.words.users, Next: t.words.next, Link: t.link(r),
	}
}

// toldPage is the page for those who know what people were told: it may have got worse
// while it was muted.
func (t *trouble) toldPage(now time.Time, r *Rules) Page {
	p := t.page(now, r)
	p.Severity, p.Rule = t.told, t.toldRule
	return p
}

// link is the address of the page that tells more.
func (t *trouble) link(r *Rules) string {
	base := strings.TrimRight(r.Link, "/")
	if base == "" || t.circuit == "" {
		return base
	}
	return base + "/circuits/" + url.PathEscape(t.circuit)
}

// send has a page sent and recorded, once nothing is locked.
func (e *Engine) send(t *trouble, p Page) {
	deliver := e.deliver
	ev := t.event(p.At)
	ev.To = string(p.State)
	ev.Until = p.Ended
	p.taken = e.receipt(t, &p)
	e.out = append(e.out, func() {
		if deliver(p) {
			ev.Mode = awaited
		}
		e.cfg.Record(ev)
	})
}

// event is how a trouble is recorded, such as it is.
func (t *trouble) event(now time.Time) report.Event {
	return report.Event{
		At: now, Kind: report.AlertEvent, Circuit: t.circuit, Key: t.key, From: string(t.severity), Reason: t.rule,
		Why: t.words.title, Cause: t.words.why, Down: t.since, Openings: t.number,
	}
}
