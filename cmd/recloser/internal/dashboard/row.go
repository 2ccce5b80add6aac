package dashboard

import (
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// row is a circuit in one look.
type row struct {
	Name         string        `json:"name"`
	Parent       string        `json:"parent"`
	State        breaker.State `json:"state"`
	Mode         breaker.Mode  `json:"mode"`
	Since        instant       `json:"since"`
	Until        instant       `json:"until"`
	Down         instant       `json:"down"` // when it first opened since it was last closed
	ProbeOut     bool          `json:"probe_out"`
	Ramp         int           `json:"ramp"`
	Why          string        `json:"why"`
	Cause        string        `json:"cause"` // of the last opening, while not closed
	TotalCalls   int64         `json:"total_calls"`
	FailedCalls  int64         `json:"failed_calls"`
	RefusedCalls int64         `json:"refused_calls"`
	WouldRefuse  int64         `json:"would_refuse"`
	LastFailure  instant       `json:"last_failure"`
	InFlight     *int          `json:"in_flight"` // null: no attempt is made at this circuit itself
	MaxInFlight  int           `json:"max_in_flight"`
	Queued       int           `json:"queued"`
	RetriesLeft  *float64      `json:"retries_left"` // null: there is no budget
	figures
	Users  string            `json:"users"`       // what those who are refused read
	Ticks  instant           `json:"users_until"` // when the time in it will be over; null: it does not tick
	Ribbon [hourSlots]string `json:"ribbon"`
}

// rowKey is what a row depends on: as long as it is the same, so is the row.
type rowKey struct {
	metrics  breaker.Metrics
	usage    guard.Usage
	version  uint64
	bypassed bool
	parent   uint8 // its state and mode
	tick     int64 // of rows that time alone changes
}

// key is quickly found, other than the row.
func (d *Dashboard) key(b *breaker.Breaker, now time.Time, active bool) rowKey {
	k := rowKey{metrics: b.Metrics(), version: d.cfg.Live.meter.version(b.Name()), bypassed: d.cfg.Guard.Circuits().Bypassed()}
	k.usage, _ = d.cfg.Guard.Usage(b)
	switch p := b.Parent(); {
	case k.metrics.State != breaker.Closed || p != nil && p.State() != breaker.Closed:
		k.tick = now.Unix() // words about the next probe
	case active:
		k.tick = now.Unix() / fineSpan
	}
	if p := b.Parent(); p != nil {
		k.parent = uint8(p.State())<<4 | uint8(p.Mode())
	}
	return k
}

// row describes a circuit. s is room to work in.
func (d *Dashboard) row(b *breaker.Breaker, now time.Time, s *sums) row {
	m := b.Metrics()
	r := row{
		Name: m.Name, Parent: m.Parent, State: m.State, Mode: m.Mode, Since: instant(m.Since), Until: instant(m.Until),
		ProbeOut: m.Probes > 0, Ramp: m.Ramp, Why: b.WhyAt(now.UTC()),
		TotalCalls: m.TotalCalls, FailedCalls: m.FailedCalls, RefusedCalls: m.RefusedCalls, WouldRefuse: m.WouldRefuse,
		LastFailure: instant(m.LastFailure), Down: instant(m.Down),
	}
	if m.State != breaker.Closed {
		r.Cause = b.SnapshotAt(now).Opened.Evidence.Causes
	}
	if u, ok := d.cfg.Guard.Usage(b); ok {
		r.MaxInFlight, r.Queued, r.InFlight = u.MaxInFlight, u.Queued, &u.InFlight
		if u.RetriesLeft >= 0 {
			r.RetriesLeft = new(retriesLeft(u))
		}
	}
	users, until := d.users(b, now)
	r.Users, r.Ticks = users, instant(until)
	r.figures = d.cfg.Live.meter.figures(m.Name, now, s)
	r.Ribbon = r.ribbon
	return r
}

// users are the words that those read whom the circuit, or the one above it, refuses,
// and when the time in them will be over, if that is known.
func (d *Dashboard) users(b *breaker.Breaker, now time.Time) (words string, until time.Time) {
	if d.cfg.Guard.Circuits().Bypassed() {
		return "", time.Time{}
	}
	// The figures of a host are sums over its models: they are asked for only if there
	// is something to say.
	if p := b.Parent(); p != nil && (p.State() != breaker.Closed || p.Mode() != breaker.Normal) {
		if words, until := d.users(p, now); words != "" {
			return words, until
		}
	}
	m := b.Metrics()
	switch {
	case m.Mode == breaker.ForcedOpen:
		return fault.MessageRetryIn(b.Config().ResetTimeout), time.Time{}
	case m.Mode != breaker.Normal, m.State == breaker.Closed && m.Ramp == 0:
		return "", time.Time{}
	case m.State != breaker.Open: // nobody knows how long the probe, or the ramp, takes
		return fault.MessageRetryIn(time.Second), time.Time{}
	}
	return fault.MessageRetryIn(m.Until.Sub(now)), m.Until
}
