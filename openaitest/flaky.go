package openaitest

import "net/http"

// Flaky makes each attempt fail with a set probability, by the luck of its
// number: the same seed fails the same attempts.
//
// In a script: flaky 0.3, flaky 0.3 (reset).
type Flaky struct {
	// P is the probability of the fault: 0 or less is never, 1 or more always.
	P float64
	// Fault is what happens then. Nil: Down.
	Fault Fault
}

// Name is "flaky". Counts has the names of what was chosen instead.
func (Flaky) Name() string { return "flaky" }

func (f Flaky) String() string {
	return say("flaky").number(min(max(0, f.P), 1)).group(f.Fault).String()
}

// Choose returns the fault or Healthy.
func (f Flaky) Choose(a Attempt) Fault {
	if a.Luck() >= f.P {
		return Healthy{}
	}
	return orDown(f.Fault)
}

// Serve answers with what it chooses.
func (f Flaky) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	serveChoice(f, w, r, next)
}

// orDown returns f, or the most ordinary fault for nil.
func orDown(f Fault) Fault {
	if f == nil {
		return Down{}
	}
	return f
}
