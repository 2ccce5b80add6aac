package guard

import (
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/retry"
)

// settings are those of one call, with its overrides applied and their defaults
// filled in. They are shared and never change.
type settings struct {
	timeouts    Timeouts
	stallAfter  time.Duration // 0: never
	plan        *retry.Plan
	safe        *bool // nil: as Config.Safe says
	late        bool
	commitAfter time.Duration // 0: without limit
	ending      Ending
	gray        Gray
	chain       chain
	falls       [fault.Cancelled]bool // by kind: another target can help
	gateWait    bool
	patient     bool
	limits      Limits
}

func newSettings(o Override) (*settings, error) {
	plan, err := retry.New(o.Retry)
	if err != nil {
		return nil, err
	}
	s := &settings{
		timeouts: o.Timeouts.withDefaults(), stallAfter: limit(o.StallAfter, defaultStallAfter), plan: plan, safe: o.Safe,
		late: o.Commit != CommitHeaders, commitAfter: limit(o.CommitAfter, defaultCommitAfter), gray: o.Gray.withDefaults(),
	}
	if o.Ending != nil {
		s.ending = *o.Ending
	}
	s.chain, s.limits = newChain(o.Targets), o.Limits.withDefaults()
	s.gateWait, s.patient = o.GateWait == On, o.WhenRefused == Await
	falls := o.FallBackOn
	if falls == nil {
		falls = fallsBack()
	}
	for _, k := range falls {
		s.falls[k] = true
	}
	return s, nil
}

// rules are the settings for each set of overrides that has occurred.
type rules struct {
	base      Override
	overrides []Override
	plain     *settings // without any override
	known     atomic.Pointer[map[uint64]*settings]
}

// maxKnown bounds how many sets are remembered; there are few in practice.
const maxKnown = 256

func newRules(c Config) (*rules, error) {
	r := &rules{base: c.asOverride(), overrides: c.Overrides}
	var err error
	if r.plain, err = newSettings(r.base); err != nil {
		return nil, err
	}
	for i := range r.overrides { // so that no call finds out what is wrong
		if _, err := newSettings(r.overrides[i].apply(r.base)); err != nil {
			return nil, fmt.Errorf("guard: Overrides[%d].Retry: %w", i, err)
		}
	}
	r.known.Store(&map[uint64]*settings{0: r.plain})
	return r, nil
}

// of returns the settings of a call.
func (r *rules) of(upstream, path, model string) *settings {
	if len(r.overrides) == 0 {
		return r.plain
	}
	var set uint64
	for i := range r.overrides {
		if r.overrides[i].fits(upstream, path, model) {
			set |= 1 << i
		}
	}
	if s, ok := (*r.known.Load())[set]; ok {
		return s
	}
	return r.learn(set)
}

// learn makes the settings for a set of overrides and remembers them.
func (r *rules) learn(set uint64) *settings {
	o := r.base
	for i := range r.overrides {
		if set&(1<<i) != 0 {
			o = r.overrides[i].apply(o)
		}
	}
	s, err := newSettings(o)
	if err != nil { // each field was looked at, and fields do not depend on each other
		return r.plain
	}
	for old := r.known.Load(); len(*old) < maxKnown; old = r.known.Load() {
		grown := maps.Clone(*old)
		grown[set] = s
		if r.known.CompareAndSwap(old, &grown) {
			break
		}
	}
	return s
}

// connect is the longest of the connect timeouts; 0: there is one without.
func (r *rules) connect() time.Duration {
	longest := r.plain.timeouts.Connect
	for i := range r.overrides {
		d := r.overrides[i].apply(r.base).Timeouts.withDefaults().Connect
		if d == 0 || longest == 0 {
			return 0
		}
		longest = max(longest, d)
	}
	return longest
}
