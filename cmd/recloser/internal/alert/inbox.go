package alert

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
)

// The most that waits for a look. Beyond it transitions are lost: a process that has so
// many in a second has other alerts.
const (
	maxNotes = 10_000
	maxKeys  = 2_000
)

// inbox takes what the request path has to say.
type inbox struct {
	// watched are the keys of which also good answers are news; nil: none.
	watched atomic.Pointer[map[string]bool]

	mu    sync.Mutex
	notes notes
}

// notes are what has come since the last look.
type notes struct {
	transitions []breaker.Transition
	gates       []gate.Transition
	answers     map[string]answers
}

// answers are those that the calls of a key got.
type answers struct {
	refused int  // with 401, in a row, up to now
	good    bool // before that one was not
	circuit string
}

// Transition is a breaker.Config.OnTransition.
func (e *Engine) Transition(tr breaker.Transition) {
	b := &e.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.notes.transitions) < maxNotes {
		b.notes.transitions = append(b.notes.transitions, tr)
	}
}

// GateTransition is a gate.Config.OnTransition.
func (e *Engine) GateTransition(tr gate.Transition) {
	if tr.To != gate.Parked && tr.From != gate.Parked {
		return // a rate limit wakes nobody
	}
	b := &e.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.notes.gates) < maxNotes {
		b.notes.gates = append(b.notes.gates, tr)
	}
}

// Observe is a guard.Config.Observe. It takes a lock only for answers of 401, and for
// those of keys that had such.
func (e *Engine) Observe(_ context.Context, ev guard.Event) {
	if ev.Type != guard.AttemptEnded || ev.Key == "" || ev.Key == gate.OverflowLabel || ev.Status == 0 {
		return
	}
	if ev.Status == http.StatusUnauthorized || e.inbox.watches(ev.Key) {
		e.inbox.answer(&ev)
	}
}

func (b *inbox) watches(key string) bool {
	w := b.watched.Load()
	return w != nil && (*w)[key]
}

func (b *inbox) answer(ev *guard.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, known := b.notes.answers[ev.Key]
	if !known && len(b.notes.answers) >= maxKeys {
		return
	}
	if a.circuit = ev.Circuit; ev.Status == http.StatusUnauthorized {
		a.refused++
	} else {
		a.refused, a.good = 0, true
	}
	if b.notes.answers == nil {
		b.notes.answers = make(map[string]answers)
	}
	b.notes.answers[ev.Key] = a
}

// take hands over what has come.
func (b *inbox) take() notes {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.notes
	b.notes = notes{}
	return n
}

// watch says of which keys good answers are news.
func (b *inbox) watch(keys []string) {
	if len(keys) == 0 {
		b.watched.Store(nil)
		return
	}
	w := make(map[string]bool, len(keys))
	for _, k := range keys {
		w[k] = true
	}
	b.watched.Store(&w)
}
