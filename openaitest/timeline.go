package openaitest

import (
	"net/http"
	"strings"
	"time"
)

// A Phase is a stretch of a Timeline.
type Phase struct {
	// Fault is in force during the phase. Nil: healthy.
	Fault Fault
	// For is how long it lasts. Zero or less: without end, so that later phases
	// are never reached.
	For time.Duration
}

// A Timeline is a fault that changes with time: one phase after the other. After
// the last, if it has an end, the service is healthy. Time begins with the first
// attempt, with Server.Begin, or when Server.Set is called.
//
// In a script: healthy 5s, down 20s, healthy. With a loop: down 1s, healthy 9s, loop.
type Timeline struct {
	Phases []Phase
	// Loop begins again after the last phase. It does nothing if a phase has no
	// end.
	Loop bool
}

// At returns the phase that runs when the given time has passed since the
// beginning, and how much of it is left; 0 means that it has no end.
func (t Timeline) At(elapsed time.Duration) (p Phase, left time.Duration) {
	elapsed = max(0, elapsed)
	if total := t.total(); t.Loop && total > 0 {
		elapsed %= total
	}
	for _, p := range t.Phases {
		if p.Fault == nil {
			p.Fault = Healthy{}
		}
		if p.For <= 0 {
			return p, 0
		}
		if elapsed < p.For {
			return p, p.For - elapsed
		}
		elapsed -= p.For
	}
	return Phase{Fault: Healthy{}}, 0
}

// total is the length of one round; 0 if it has no end.
func (t Timeline) total() time.Duration {
	var sum time.Duration
	for _, p := range t.Phases {
		if p.For <= 0 {
			return 0
		}
		sum += p.For
	}
	return sum
}

// Name is "timeline". Counts has the names of the phases' faults instead.
func (Timeline) Name() string { return "timeline" }

// String returns the script that makes t, as far as it can be said in one.
func (t Timeline) String() string {
	var parts []string
	for _, p := range t.Phases {
		part := scriptOf(p.Fault)
		if p.For > 0 {
			part += " " + p.For.String()
		}
		parts = append(parts, part)
	}
	if t.Loop {
		parts = append(parts, "loop")
	}
	return strings.Join(parts, ", ")
}

// Choose returns the fault of the phase that runs.
func (t Timeline) Choose(a Attempt) Fault {
	p, _ := t.At(a.Elapsed)
	return p.Fault
}

// Serve answers with what it chooses.
func (t Timeline) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	serveChoice(t, w, r, next)
}
