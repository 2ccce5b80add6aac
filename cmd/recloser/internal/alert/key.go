package alert

import (
	"cmp"
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

// maxKeyTroubles is of how many keys of clients that are refused people hear one by one:
// a client that tries keys must not send a page for each.
const maxKeyTroubles = 5

// findKeys finds what is wrong with keys. Beyond maxKeyTroubles those of clients are one
// trouble together, until none of them is refused any more.
func (e *Engine) findKeys(now time.Time, add func(string, []finding)) {
	type one struct {
		label string
		finding
	}
	var rest []one
	known := 0
	for label, k := range e.keys {
		f := k.find(now, &e.rules)
		switch {
		case len(f) == 0:
		case f[0].severity == Critical:
			add(keyKey(label), f)
		case e.troubles[keyKey(label)] != nil:
			known++
			add(keyKey(label), f)
		default:
			rest = append(rest, one{label, f[0]})
		}
	}
	if len(rest) == 0 {
		return
	}
	slices.SortFunc(rest, func(a, b one) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.label, b.label)) })
	if e.troubles[manyKeys] == nil && known+len(rest) <= maxKeyTroubles {
		for _, f := range rest {
			add(keyKey(f.label), []finding{f.finding})
		}
		return
	}
	all := rest[0].finding
	all.words = manyKeysWords(known+len(rest), all.since)
	add(manyKeys, []finding{all})
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
