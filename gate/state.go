package gate

import "time"

// State is what a gate does with a call.
type State uint8

const (
	Open    State = iota // lets it through
	Limited              // lets it through if the rate allows
	Closed               // refuses it until a moment that the service gave
	Parked               // refuses it until a test call is answered: the quota is exhausted or the key refused
)

func (s State) String() string {
	switch s {
	case Open:
		return "open"
	case Limited:
		return "limited"
	case Closed:
		return "closed"
	case Parked:
		return "parked"
	}
	return "unknown"
}

// MarshalText writes the state's name.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *State) UnmarshalText(text []byte) error {
	for _, known := range [...]State{Open, Limited, Closed, Parked} {
		if string(text) == known.String() {
			*s = known
			return nil
		}
	}
	return &ConfigError{"State", string(text), "open, limited, closed or parked"}
}

// Metrics is a consistent view of a gate at one moment. It never holds the key.
type Metrics struct {
	Label string // stands for the key
	Model string
	State State

	Since time.Time // when the state was entered
	Until time.Time // closed: when it opens; parked: when the next test is due; else zero

	Rate     float64 // limited: calls a second
	Asked    float64 // calls a second asked for, a mean over 20 s
	Answered float64 // of them answered
	Waiting  int     // callers in line

	RateLimits, Overloads, Quotas, BadKeys int64 // reports

	Refused   int64     // calls
	LastLimit time.Time // zero: none yet
	ParkedFor Reason    // OutOfQuota or KeyRefused, as the last test said; "": not parked
	Tests     int       // of a parked key, that did not help

	ObserverPanics int64 // panics of OnTransition
}

// Metrics returns the gate's figures.
func (g *Gate) Metrics() Metrics { return g.metrics(g.now()) }

// MetricsAt is Metrics at the instant now.
func (g *Gate) MetricsAt(now time.Time) Metrics { return g.metrics(g.at(now)) }

func (g *Gate) metrics(t instant) Metrics {
	defer g.enter(t)()
	return g.figures(t)
}

// figures are the Metrics, under the lock and after look.
func (g *Gate) figures(t instant) Metrics {
	m := Metrics{
		Label: g.label, Model: g.model, State: g.state, Since: g.time(g.since),
		Asked: g.asked.see(t), Answered: g.answered.see(t), Waiting: len(g.line), Rate: g.law.rate,
		RateLimits: g.rateLimits, Overloads: g.overloads, Quotas: g.quotas, BadKeys: g.badKeys, Refused: g.refused,
		LastLimit: g.timeOf(g.lastLimit, g.rateLimits > 0), ParkedFor: g.park.why, Tests: g.park.tests, ObserverPanics: g.outbox.panics,
	}
	switch g.state {
	case Closed:
		m.Until = g.time(g.until)
	case Parked:
		m.Until = g.time(g.nextTest(t))
	case Open, Limited:
	}
	return m
}

// State returns the state.
func (g *Gate) State() State { return g.stateAt(g.now()) }

// StateAt is State at the instant now.
func (g *Gate) StateAt(now time.Time) State { return g.stateAt(g.at(now)) }

func (g *Gate) stateAt(t instant) State {
	if g.calm.Load() {
		return Open
	}
	defer g.enter(t)()
	return g.state
}
