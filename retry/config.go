package retry

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Config sets up a Plan. The zero value is usable; each field says what its
// zero means.
type Config struct {
	// MaxRetries is how often a call is tried again at most. Zero means 2; a
	// negative number switches retries off.
	MaxRetries int

	// BaseDelay scales the strategy's delays. Zero means 500 ms.
	BaseDelay time.Duration

	// MaxDelay cuts the strategy's delays. Zero means 8 s, or BaseDelay if that
	// is longer.
	MaxDelay time.Duration

	// MaxWait is the longest wait that is taken at all. If the service asks
	// for more, its answer is passed on at once. Zero means 10 s.
	MaxWait time.Duration

	// Strategy is how delays grow where the service does not give one. Nil
	// means FullJitter.
	Strategy Strategy
}

// Validate returns an error for every field that cannot be used, joined.
func (c Config) Validate() error {
	var errs []error
	if c.MaxRetries > 100 {
		errs = append(errs, fmt.Errorf("retry: MaxRetries is %d: use at most 100, 0 for 2, negative for none", c.MaxRetries))
	}
	for _, f := range []struct {
		name string
		d    time.Duration
	}{{"BaseDelay", c.BaseDelay}, {"MaxDelay", c.MaxDelay}, {"MaxWait", c.MaxWait}} {
		if f.d < 0 || f.d > time.Hour {
			errs = append(errs, fmt.Errorf("retry: %s is %v: use up to 1h0m0s, or 0 for its default", f.name, f.d))
		}
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	c.MaxRetries = max(cmp.Or(c.MaxRetries, 2), 0)
	c.BaseDelay = cmp.Or(c.BaseDelay, 500*time.Millisecond)
	c.MaxDelay = cmp.Or(c.MaxDelay, max(8*time.Second, c.BaseDelay))
	c.MaxWait = cmp.Or(c.MaxWait, 10*time.Second)
	if c.Strategy == nil {
		c.Strategy = FullJitter
	}
	return c
}
