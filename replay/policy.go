package replay

import "time"

// Policy is one way to protect callers and service from each other.
type Policy struct {
	Name  string
	About string // where what it does is written down

	// New makes it for one process.
	New func(Process) (Admission, error)
}

// Process is what a Policy works in.
type Process struct {
	Replica int
	Seed    uint64
	Models  []string
	World   World // for the oracle; others may not look
}

// Admission is a policy at work in one process. Instants are since the start, and
// do not decrease. A slot is the number of an attempt from Admit to End; then it is
// used again.
type Admission interface {
	// Admit decides whether an attempt may be made now. If it says to wait, it is
	// asked again then, about the same slot.
	Admit(slot int, a *Attempt) Verdict
	// Content says that the first content has come, before the end.
	Content(now time.Duration, slot int)
	// End says how an attempt that was let through has ended.
	End(now time.Duration, slot int, a *Attempt, r *Answer)
	// Openings are how often it has cut calls off so far, oldest first. What has no
	// such state has none.
	Openings() []Opening
}

// Opening is that a policy has begun to refuse calls.
type Opening struct {
	At      time.Duration `json:"at"`      // since the start, in nanoseconds
	Circuit string        `json:"circuit"` // what it concerns
	Why     string        `json:"why"`
}

// Verdict is what becomes of an attempt that is asked for.
type Verdict struct {
	Refused bool
	Probe   bool          // it is a test call, and not to be repeated
	Wait    time.Duration // in line, until asking again; 0: it may be made now
}
