package gate

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Off switches off what zero means a default for.
const Off = -1

// Config sets up a Gate. The zero value is usable; each field says what its zero
// means.
type Config struct {
	// MaxClosed is the longest that a gate stays closed after one report, whatever
	// the service asked for. Zero means 60 s.
	MaxClosed time.Duration

	// FirstGuess is how long a gate closes if a 429 does not say; it doubles with
	// each further one without an answer in between, up to MaxClosed. Zero means
	// 1 s, or MaxClosed if that is shorter.
	FirstGuess time.Duration

	// NoRate keeps the gate from limiting the rate of calls: it only closes and
	// opens.
	NoRate bool

	// NoSlowdown keeps the gate from limiting the rate while calls are still
	// answered, because little remains of a limit.
	NoSlowdown bool

	// MaxWaiting bounds how many callers wait in line. Zero means 100, Off none.
	MaxWaiting int

	// MaxWait is the longest that a caller waits in line, also if its own deadline
	// is later. Zero means 30 s.
	MaxWait time.Duration

	// Retest is when a parked key is tried again; each test that fails doubles it,
	// up to MaxRetest. Zero means 5 min, or MaxRetest if that is shorter.
	Retest time.Duration

	// MaxRetest is the longest time between two tests of a parked key. Zero means
	// 1 h.
	MaxRetest time.Duration

	// TestLease is how long a test that does not come back keeps others from being
	// made. Zero means 1 min.
	TestLease time.Duration

	// OnTransition is told of each change of state, in order and outside the lock,
	// on the goroutine of a caller. It may use the gate. A panic of it is contained
	// and counted.
	OnTransition func(Transition)

	// Seed is of the random part of the times that callers are told. Zero means a
	// random one.
	Seed uint64
}

// ConfigError names one field of a configuration, or of a snapshot, that cannot
// be used.
type ConfigError struct {
	Field string // as in Config
	Value any
	Range string // what would be accepted
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("gate: %s is %v: use %s", e.Field, e.Value, e.Range)
}

const (
	minDuration = time.Millisecond
	maxDuration = 24 * time.Hour
	maxWaiting  = 1_000_000
)

// Validate returns an error for every field that cannot be used, joined; each
// is a *ConfigError.
func (c Config) Validate() error {
	var errs []error
	for _, f := range []struct {
		name string
		d    time.Duration
		zero string
	}{
		{"MaxClosed", c.MaxClosed, "1m0s"}, {"FirstGuess", c.FirstGuess, "1s"}, {"MaxWait", c.MaxWait, "30s"},
		{"Retest", c.Retest, "5m0s"}, {"MaxRetest", c.MaxRetest, "1h0m0s"}, {"TestLease", c.TestLease, "1m0s"},
	} {
		if f.d != 0 && (f.d < minDuration || f.d > maxDuration) {
			errs = append(errs, &ConfigError{f.name, f.d, fmt.Sprintf("%v to %v, or 0 for %s", minDuration, maxDuration, f.zero)})
		}
	}
	if c.MaxWaiting < Off || c.MaxWaiting > maxWaiting {
		errs = append(errs, &ConfigError{"MaxWaiting", c.MaxWaiting, "1 to 1000000, 0 for 100, or Off"})
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if full := c.withDefaults(); full.FirstGuess > full.MaxClosed {
		errs = append(errs, &ConfigError{"FirstGuess", c.FirstGuess, "at most MaxClosed, which is " + full.MaxClosed.String()})
	} else if full.Retest > full.MaxRetest {
		errs = append(errs, &ConfigError{"Retest", c.Retest, "at most MaxRetest, which is " + full.MaxRetest.String()})
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	c.MaxClosed = cmp.Or(c.MaxClosed, time.Minute)
	c.FirstGuess = cmp.Or(c.FirstGuess, min(time.Second, c.MaxClosed))
	c.MaxWaiting = max(cmp.Or(c.MaxWaiting, 100), 0)
	c.MaxWait = cmp.Or(c.MaxWait, 30*time.Second)
	c.MaxRetest = cmp.Or(c.MaxRetest, time.Hour)
	c.Retest = cmp.Or(c.Retest, min(5*time.Minute, c.MaxRetest))
	c.TestLease = cmp.Or(c.TestLease, time.Minute)
	return c
}

// newSettings is a valid Config with its defaults filled in. It does not change,
// and gates share it.
func newSettings(c Config) *Config {
	c = c.withDefaults()
	if c.Seed == 0 {
		c.Seed = rand.Uint64()
	}
	return &c
}
