package guard

import (
	"cmp"
	"fmt"
	"time"
)

// Timeouts are deadlines. For each, zero means the default given and a
// negative value none.
type Timeouts struct {
	// Connect bounds DNS and dialling, and TLS likewise, of the transport that
	// New makes itself; a base transport brings its own. 5 s.
	Connect time.Duration
	// Headers bounds the time from the start of an attempt to its response
	// headers. 10 min.
	Headers time.Duration
	// FirstContent bounds the time that the service takes from the start of an
	// attempt to the first content of a stream; comments, keep-alives and events
	// that only announce something are none. 10 min.
	FirstContent time.Duration
	// Idle bounds the silence of the service within a body. How long the caller
	// takes to read counts neither here nor there. 120 s.
	Idle time.Duration
	// Total bounds a call with all its attempts, the body included. None.
	Total time.Duration
}

func (t Timeouts) withDefaults() Timeouts {
	return Timeouts{
		Connect:      limit(t.Connect, 5*time.Second),
		Headers:      limit(t.Headers, 10*time.Minute),
		FirstContent: limit(t.FirstContent, 10*time.Minute),
		Idle:         limit(t.Idle, 2*time.Minute),
		Total:        limit(t.Total, 0),
	}
}

// over returns t with what is not set in it taken from base.
func (t Timeouts) over(base Timeouts) Timeouts {
	return Timeouts{
		Connect:      cmp.Or(t.Connect, base.Connect),
		Headers:      cmp.Or(t.Headers, base.Headers),
		FirstContent: cmp.Or(t.FirstContent, base.FirstContent),
		Idle:         cmp.Or(t.Idle, base.Idle),
		Total:        cmp.Or(t.Total, base.Total),
	}
}

// maxTimeout is longer than anything takes.
const maxTimeout = 7 * 24 * time.Hour

// validate returns an error for every field that cannot be used. Where is what
// comes before their names.
func (t Timeouts) validate(where string) (errs []error) {
	for _, f := range [...]struct {
		name string
		d    time.Duration
	}{{"Connect", t.Connect}, {"Headers", t.Headers}, {"FirstContent", t.FirstContent}, {"Idle", t.Idle}, {"Total", t.Total}} {
		if f.d > maxTimeout {
			errs = append(errs, fmt.Errorf("guard: %sTimeouts.%s is %v: use up to %v, 0 for the default, or a negative one for none", where, f.name, f.d, maxTimeout))
		}
	}
	return errs
}

// limit fills in a default; none is 0 from here on.
func limit(d, fallback time.Duration) time.Duration {
	return max(cmp.Or(d, fallback), 0)
}
