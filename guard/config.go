package guard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/retry"
)

// Config sets up a Guard. The zero value is usable; each field says what its
// zero means.
type Config struct {
	// Policy is what opens circuits. Zero means Adaptive, or Classic if a field of
	// Breaker is set that only Classic has: FailureThreshold, FailureSpan,
	// FailureRate, SlowRate, SlowAfter, RateWindow, RateMinCalls, BaseTimeout, ProbeLease
	// or Ramp.
	// Such a field beside Adaptive is an error. Zero, too, where Breaker.NewPolicy makes
	// another one.
	Policy Policy

	// Adaptive sets up the policy of that name. Its QuotaRun is Off where it is zero:
	// a rate limit is of one key, and its gate's affair.
	Adaptive breaker.AdaptiveConfig

	// Breaker is the configuration of every circuit. Its StallAfter is 2 min
	// where it is zero, and a negative one switches it off; to Adaptive, which learns
	// when a call hangs, it is the deadline of Override.StallAfter and no more. Its
	// ResetTimeout is 30 s where it is zero, and with Adaptive 2 min. Its
	// Parent and Classify are left aside.
	Breaker breaker.Config

	// MaxCircuits bounds how many circuits there are. Zero means 1,000.
	MaxCircuits int

	// Retry is how calls are repeated.
	Retry retry.Config

	// Budget bounds the retries at each circuit, of all calls together.
	Budget retry.BudgetConfig

	// Gates: a rate limit that the service reports holds back the calls of that key
	// and model, see package gate. On.
	Gates Switch

	// Gate is the configuration of every gate.
	Gate gate.Config

	// MaxGates bounds how many gates there are. Zero means 1,000.
	MaxGates int

	// HashKey is the key of the hash by which gates know API keys. With the same one
	// they find what was restored of them after a restart. Nil: a random one.
	// At least 16 bytes. SetConfig does not change it.
	HashKey []byte

	// GateWait: calls that find a gate closed wait in line if it will open soon
	// enough and no other target is ready. Off: they are refused at once.
	GateWait Switch

	// Targets are where a call can be made, in the order of preference: the chain. A
	// call goes to the first that lets it through, and after a failure on to the
	// next, at once. None: calls are made as they come.
	Targets []Target

	// FallBackOn are the kinds of failure after which a call goes on to the next
	// target. Nil means all but a caller's mistake. A key of a target's own that the
	// service refuses, and a model of its own that does not exist, are no mistakes
	// of the caller, and always go on.
	FallBackOn []fault.Kind

	// WhenRefused is what becomes of a call that no target lets through. Zero means
	// Refuse.
	WhenRefused WhenRefused

	// BasePath is what the paths of requests begin with, in place of which a target
	// has its own. Empty means /v1. A path that begins otherwise is put behind the
	// target's as a whole.
	BasePath string

	// Limits bound what is under way at each circuit.
	Limits Limits

	// Timeouts are the deadlines of a call and its attempts.
	Timeouts Timeouts

	// Commit is when a stream is handed over to the caller. Zero means CommitLate.
	Commit Commit

	// CommitAfter is how long after the beginning of a call a stream is handed over
	// at the latest, so that callers and what stands between have its headers. Zero
	// means 60 s; a negative one means no limit.
	CommitAfter time.Duration

	// Ending is how the upstream's streams end. Zero means EndFinish.
	Ending Ending

	// Gray are the failures behind a good status.
	Gray Gray

	// Overrides change the above for some of the calls, by upstream, endpoint and
	// model. They must not be changed afterwards.
	Overrides []Override

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

	// Observe is told of every attempt when it begins and of every attempt and call
	// when it has ended, on the goroutine that began or ended it, which it holds up:
	// it must be quick and must not use the bodies. It must be safe for concurrent use; a panic in
	// it is contained.
	Observe func(context.Context, Event)
}

// Count is what a circuit counts.
type Count uint8

const (
	// PerAttempt: every HTTP exchange needs a permit and is counted, so that
	// retries stop the moment the circuit opens.
	PerAttempt Count = iota
	// PerCall: a call needs one permit for each target, whatever its retries there,
	// and its last attempt there is counted: the breaker around the retry. A call
	// that comes back to a target needs another one.
	PerCall
)

// String returns "attempt" or "call".
func (c Count) String() string {
	if c == PerCall {
		return "call"
	}
	return "attempt"
}

const (
	defaultHeldBody   = 4 << 20
	maxHeldBody       = 1 << 30
	defaultStallAfter = 2 * time.Minute // in place of zero; none is negative
)

func (c Config) withDefaults() Config {
	c.Gates = cmp.Or(c.Gates, On)
	c.MaxHeldBody = cmp.Or(c.MaxHeldBody, defaultHeldBody)
	c.BasePath = strings.TrimRight(cmp.Or(c.BasePath, "/v1"), "/")
	c.Breaker.Parent, c.Breaker.Classify = nil, nil
	c.Breaker.StallAfter = limit(c.Breaker.StallAfter, defaultStallAfter)
	if c.Safe == nil {
		c.Safe = SafeToRepeat
	}
	if c.Upstream == nil {
		c.Upstream = func(u *url.URL) string { return u.Host }
	}
	return c
}

// asOverride is what overrides change.
func (c Config) asOverride() Override {
	return Override{
		Timeouts: c.Timeouts, StallAfter: c.Breaker.StallAfter, Retry: c.Retry,
		Commit: c.Commit, CommitAfter: c.CommitAfter, Ending: &c.Ending, Gray: c.Gray,
		GateWait: c.GateWait, Targets: c.Targets, FallBackOn: c.FallBackOn, WhenRefused: c.WhenRefused, Limits: c.Limits,
	}
}

// registry is the configuration of the circuits. c has its defaults.
func (c Config) registry(t *thresholds) breaker.RegistryConfig {
	r := breaker.RegistryConfig{Circuit: t.base.config(t.adaptive), MaxCircuits: c.MaxCircuits}
	if len(t.at) > 0 {
		r.Configure = t.of
	}
	return r
}

// gates is the configuration of the gates.
func (c Config) gates() gate.RegistryConfig {
	return gate.RegistryConfig{Gate: c.Gate, MaxGates: c.MaxGates}
}

// Validate returns an error for every field that cannot be used, joined: of
// Breaker a *breaker.ConfigError each, or a *PolicyError, of Gate a
// *gate.ConfigError, and an *OverrideError where the policies and thresholds of
// overrides make none that can be used.
func (c Config) Validate() error {
	var errs []error
	if c.MaxHeldBody < 0 || c.MaxHeldBody > maxHeldBody {
		errs = append(errs, fmt.Errorf("guard: MaxHeldBody is %d: use 1 to %d bytes, or 0 for 4 MiB", c.MaxHeldBody, maxHeldBody))
	}
	if c.Count > PerCall {
		errs = append(errs, fmt.Errorf("guard: Count is %d: use PerAttempt or PerCall", c.Count))
	}
	if c.Gates < Off || c.Gates > On {
		errs = append(errs, fmt.Errorf("guard: Gates is %d: use On, Off or Default", c.Gates))
	}
	if c.MaxGates < 0 || c.MaxGates > 1_000_000 {
		errs = append(errs, fmt.Errorf("guard: MaxGates is %d: use 1 to 1000000, or 0 for 1000", c.MaxGates))
	}
	if c.HashKey != nil && len(c.HashKey) < 16 {
		errs = append(errs, fmt.Errorf("guard: HashKey has %d bytes: use at least 16, or nil", len(c.HashKey)))
	}
	if _, err := url.PathUnescape(c.BasePath); c.BasePath != "" && (err != nil || !strings.HasPrefix(c.BasePath, "/")) {
		errs = append(errs, fmt.Errorf("guard: BasePath is %q: use the beginning of a path, such as /v1", c.BasePath))
	}
	errs = append(errs, c.Budget.Validate(), c.Gate.Validate())
	own := c.asOverride()
	errs = append(errs, own.validate("")...)
	errs = append(errs, c.Retry.Validate(), c.validateOverrides())
	c = c.withDefaults()
	t := newThresholds(c)
	if err := errors.Join(t.base.validate(), t.validateAdaptive(), c.registry(t).Validate()); err != nil {
		return errors.Join(append(errs, err)...) // it would come again with each override
	}
	return errors.Join(append(errs, t.validate())...)
}
