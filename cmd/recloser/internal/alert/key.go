package alert

import (
	"iter"
	"slices"
	"time"

	"github.com/recloser/recloser/gate"
)

// key is what is known of an API key, of which only a label is.
type key struct {
	label   string
	parked  []gate.Transition // the latest of each of its gates that is parked
	refused int               // answers of 401 in a row
	first   time.Time         // of them
	last    time.Time
	circuit string    // of the last
	heard   time.Time // when it was last used
}

// changed takes in a transition to or from parked.
func (k *key) changed(tr *gate.Transition) {
	k.heard = tr.At
	k.parked = slices.DeleteFunc(k.parked, func(p gate.Transition) bool { return p.Model == tr.Model })
	if tr.To == gate.Parked {
		k.parked = append(k.parked, *tr)
	}
}

// answered takes in what calls were answered.
func (k *key) answered(now time.Time, a answers) {
	k.heard = now
	if a.good {
		k.refused = 0
	}
	if a.refused == 0 {
		return
	}
	if k.refused == 0 {
		k.first = now
	}
	k.refused += a.refused
	k.last, k.circuit = now, a.circuit
}

const (
	// refusedFor is how long a key must have been refused: who has mistyped it notices
	// sooner.
	refusedFor = time.Minute
	// heardWithin is how long a key that is not used any more is of interest.
	heardWithin = 30 * time.Minute
)

// find returns what the rules find.
func (k *key) find(now time.Time, r *Rules) (found []finding) {
	for i := range k.parked {
		switch p := &k.parked[i]; {
		case p.ParkedFor == gate.KeyRefused && r.BadKeys > 0:
			found = append(found, finding{KeyRefused, Critical, p.At, ownKeyWords(k.label)})
		case p.ParkedFor == gate.OutOfQuota && r.Quota:
			found = append(found, finding{QuotaExhausted, Critical, p.At, quotaWords(k.label, p.Until)})
		}
	}
	if n := k.refused; len(found) == 0 && r.BadKeys > 0 && n >= r.BadKeys && k.last.Sub(k.first) >= refusedFor && now.Sub(k.heard) < heardWithin {
		found = append(found, finding{KeyRefused, Warning, k.first, badKeyWords(k)})
	}
	return found
}

// quiet reports whether nothing is known that could matter.
func (k *key) quiet(now time.Time) bool {
	return len(k.parked) == 0 && (k.refused == 0 || now.Sub(k.heard) >= heardWithin)
}

// keysOfInterest are those whose good answers are news.
func (e *Engine) keysOfInterest() iter.Seq[string] {
	return func(yield func(string) bool) {
		for label := range e.keys {
			if !yield(label) {
				return
			}
		}
		for _, t := range e.troubles {
			if t.label != "" && e.keys[t.label] == nil && !yield(t.label) {
				return
			}
		}
	}
}
