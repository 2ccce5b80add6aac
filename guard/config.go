package guard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/retry"
)

// Config sets up a Guard. The zero value is usable; each field says what its
// zero means.
type Config struct {
	// Breaker is the configuration of every circuit. Its StallAfter is 2 min
	// where it is zero; a negative one switches it off. Its Parent and Classify
	// are left aside.
	Breaker breaker.Config

	// MaxCircuits bounds how many circuits there are. Zero means 1,000.
	MaxCircuits int

	// Retry is how calls are repeated.
	Retry retry.Config

	// Timeouts are the deadlines of a call and its attempts.
	Timeouts Timeouts

	// Count is what a circuit counts: PerAttempt, or PerCall.
	Count Count

	// MaxHeldBody is the largest request body, in bytes, that is held in memory
	// so that its model can be read and it can be sent again. Zero means 4 MiB.
	MaxHeldBody int64

	// Safe tells whether doing a request twice does no harm, where it is not
	// known whether the first one was carried out. Nil means SafeToRepeat.
	Safe func(*http.Request) bool

	// Upstream names the circuit of a URL's host. Nil means its host and port.
	Upstream func(*url.URL) string

	// Observe is told of every attempt and call when it has ended, on the
	// goroutine that ended it, which it holds up: it must be quick and must not
	// use the response's body. It must be safe for concurrent use; a panic in
	// it is contained.
	Observe func(context.Context, Event)
}

// Count is what a circuit counts.
type Count uint8

const (
	// PerAttempt: every HTTP exchange needs a permit and is counted, so that
	// retries stop the moment the circuit opens.
	PerAttempt Count = iota
	// PerCall: a call needs one permit, whatever its retries, and its last
	// attempt is counted: the breaker around the retry.
	PerCall
)

// String returns "attempt" or "call".
func (c Count) String() string {
	if c == PerCall {
		return "call"
	}
	return "attempt"
}

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
	// attempt to the first content of a stream; comments and keep-alives are
	// none. 10 min.
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

// limit fills in a default; none is 0 from here on.
func limit(d, fallback time.Duration) time.Duration {
	return max(cmp.Or(d, fallback), 0)
}

const (
	defaultHeldBody   = 4 << 20
	maxHeldBody       = 1 << 30
	defaultStallAfter = 2 * time.Minute
)

func (c Config) withDefaults() Config {
	c.MaxHeldBody = cmp.Or(c.MaxHeldBody, defaultHeldBody)
	c.Breaker.Parent, c.Breaker.Classify = nil, nil
	c.Breaker.StallAfter = limit(c.Breaker.StallAfter, defaultStallAfter)
	c.Timeouts = c.Timeouts.withDefaults()
	if c.Safe == nil {
		c.Safe = SafeToRepeat
	}
	if c.Upstream == nil {
		c.Upstream = func(u *url.URL) string { return u.Host }
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.MaxHeldBody < 0 || c.MaxHeldBody > maxHeldBody {
		errs = append(errs, fmt.Errorf("guard: MaxHeldBody is %d: use 1 to %d bytes, or 0 for 4 MiB", c.MaxHeldBody, maxHeldBody))
	}
	if c.Count > PerCall {
		errs = append(errs, fmt.Errorf("guard: Count is %d: use PerAttempt or PerCall", c.Count))
	}
	return errors.Join(errs...)
}
