package openaitest

import "net/http"

// First makes the first attempts fail, counted from when the fault was set, and
// lets the service answer from then on.
//
// In a script: first 3, first 3 (reset).
type First struct {
	// N is how many attempts fail.
	N int
	// Fault is what happens to them. Nil: Down.
	Fault Fault
}

// Name is "first". Counts has the names of what was chosen instead.
func (First) Name() string { return "first" }

func (f First) String() string { return say("first").must(f.N).group(f.Fault).String() }

// Choose returns the fault or Healthy.
func (f First) Choose(a Attempt) Fault {
	if f.N <= 0 || a.Turn > uint64(f.N) {
		return Healthy{}
	}
	return orDown(f.Fault)
}

// Serve answers with what it chooses.
func (f First) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	serveChoice(f, w, r, next)
}
