package breaker

import "time"

// Metrics is a consistent view of a circuit's figures at one moment.
type Metrics struct {
	Name   string
	Parent string // "" if it has none
	State  State
	Mode   Mode

	TotalCalls   int64 // permits given out; a parent's include its children's
	FailedCalls  int64 // recorded as failures, late ones included
	RefusedCalls int64 // refused here; what a parent refused is counted there
	WouldRefuse  int64 // let through only because of a mode, or a registry's bypass

	// Calls are those made on this circuit itself, its children's aside; of a parent,
	// Answered and Failed also are what its children's calls said about it, as far
	// as they were not plain answers. Late results are not in them.
	Calls Counts

	LastFailure         time.Time // zero: none yet; a reclose keeps it
	ConsecutiveFailures int       // since the last success
	StalledCalls        int       // that hung when the circuit last opened

	Since    time.Time // when the state was entered
	Until    time.Time // open: when the probe is due; half-open: when the first lease ends; else zero
	Down     time.Time // when the circuit first opened since it was last closed; zero: it is closed
	Openings int       // open periods since the circuit was last closed
	Probes   int       // that have neither ended nor made room for others
	Ramp     int       // how many calls may be out at once; 0: any number

	ObserverPanics int64 // panics of OnTransition
	PolicyPanics   int64 // panics of the policy, which then decided nothing
}

// Metrics returns the circuit's figures.
func (b *Breaker) Metrics() Metrics {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.metrics()
}

func (b *Breaker) metrics() Metrics {
	m := Metrics{
		Name: b.name, State: b.state, Mode: b.mode,
		Calls: b.counts(), FailedCalls: b.failed,
		WouldRefuse:         b.spared,
		ConsecutiveFailures: b.run.failures, StalledCalls: b.run.stalled,
		Since: b.time(b.since), Openings: b.openings, Probes: len(b.probes), Ramp: b.limit,
		ObserverPanics: b.outbox.panics, PolicyPanics: b.policyPanics,
	}
	m.TotalCalls, m.RefusedCalls = m.Calls.Begun, m.Calls.Refused
	for _, c := range b.children {
		c.mu.Lock()
		m.TotalCalls += c.begun()
		c.mu.Unlock()
	}
	if b.parent != nil {
		m.Parent = b.parent.name
	}
	if b.everFailed {
		m.LastFailure = b.time(b.lastFailure)
	}
	if b.openings > 0 {
		m.Down = b.time(b.down)
	}
	if b.state == Open {
		m.Until = b.time(b.until)
	}
	for i, p := range b.probes {
		if until := b.time(p.until); i == 0 || until.Before(m.Until) {
			m.Until = until
		}
	}
	if b.ramp != nil && (m.Ramp == 0 || int(b.ramp.limit) < m.Ramp) {
		m.Ramp = int(b.ramp.limit)
	}
	return m
}
