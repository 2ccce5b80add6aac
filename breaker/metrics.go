package breaker

import "time"

// Metrics is a consistent view of a circuit's figures at one moment.
type Metrics struct {
	Name  string
	State State
	Mode  Mode

	TotalCalls   int64 // permits given out
	FailedCalls  int64 // recorded as failures, late ones included
	RefusedCalls int64 // refused here; what a parent refused is counted there
	WouldRefuse  int64 // let through only because of the mode Observe

	LastFailure         time.Time // zero: none yet; a reclose keeps it
	ConsecutiveFailures int       // since the last success
	StalledCalls        int       // that hung when the circuit was last judged

	Since    time.Time // when the state was entered
	Until    time.Time // open: when the probe is due; half-open: end of its lease; else zero
	Openings int       // open periods since the circuit was last closed
	ProbeOut bool      // half-open, and a call has the probe's place

	ObserverPanics int64 // panics of OnTransition
}

// Metrics returns the circuit's figures.
func (b *Breaker) Metrics() Metrics {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := Metrics{
		Name: b.name, State: b.state, Mode: b.cfg.Mode,
		TotalCalls: b.total.Load(), FailedCalls: b.failed,
		RefusedCalls: b.refused.Load(), WouldRefuse: b.spared.Load(),
		ConsecutiveFailures: b.run.failures, StalledCalls: b.run.stalled,
		Since: b.time(b.since), Openings: b.openings, ProbeOut: b.lease != 0,
		ObserverPanics: b.outbox.panics,
	}
	if b.everFailed {
		m.LastFailure = b.time(b.lastFailure)
	}
	if b.state == Open || b.lease != 0 {
		m.Until = b.time(b.until)
	}
	return m
}
