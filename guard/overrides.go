package guard

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/retry"
)

// Override changes settings for some of the calls: those to an upstream, an
// endpoint and a model, as far as each is given. In Upstream, Endpoint and
// Models, * stands for any text. Fields that are zero change nothing. Where
// several overrides fit a call, later ones win, field by field.
type Override struct {
	// Upstream is the name of the upstream's circuit: the host and port, unless
	// Config.Upstream says otherwise. Empty: any.
	Upstream string
	// Endpoint is the end of the path: /chat/completions, /responses, /audio/*.
	// Empty: any.
	Endpoint string
	// Models are names of models, such as o3 and gpt-5*. None: any model, and
	// requests without one.
	Models []string

	// Policy is the policy of those circuits, as in Config; what the configuration and
	// earlier overrides say about another one is left aside. An override with an
	// Endpoint names none.
	Policy Policy
	// Breaker are the thresholds of the circuits of that upstream and those models,
	// without Models of the upstream's own circuit too. An override with an Endpoint
	// has none, as circuits are by upstream and model; one that a call's context
	// names goes by that name. Its StallAfter is the field below; its Parent and
	// Classify are left aside.
	Breaker breaker.Config
	// Timeouts are deadlines, as in Config.
	Timeouts Timeouts
	// StallAfter is how long an attempt may be out without content before its
	// caller's deadline speaks against the service, and, in an override without an
	// Endpoint, before it counts while it hangs; negative: never.
	StallAfter time.Duration
	// Retry is how calls are repeated, as in Config.
	Retry retry.Config
	// Safe tells whether doing a call twice does no harm. Nil: as Config.Safe says.
	Safe *bool
	// Commit and CommitAfter are when a stream is handed over, as in Config.
	Commit      Commit
	CommitAfter time.Duration
	// Ending is how streams end. Nil: as Config.Ending says.
	Ending *Ending
	// Gray are the failures behind a good status, as in Config.
	Gray Gray

	// GateWait, Targets, FallBackOn and WhenRefused say where else calls are made,
	// and what they wait for, as in Config. Which overrides fit a call goes by the
	// request as it came; deadlines, Ending and Gray of an attempt go by the upstream
	// and model of its target.
	GateWait    Switch
	Targets     []Target
	FallBackOn  []fault.Kind
	WhenRefused WhenRefused
	// Limits bound what is under way at the circuits of that upstream and those
	// models. An override with an Endpoint has none.
	Limits Limits
}

// maxOverrides is how many there may be: as many as a set has bits.
const maxOverrides = 64

func (o *Override) fits(upstream, path, model string) bool {
	return (o.Upstream == "" || glob(o.Upstream, upstream)) && (o.Endpoint == "" || ends(path, o.Endpoint)) && o.fitsModel(model)
}

func (o *Override) fitsModel(model string) bool {
	for _, pattern := range o.Models {
		if model != "" && glob(pattern, model) {
			return true
		}
	}
	return len(o.Models) == 0
}

// apply returns base as it is changed.
func (o *Override) apply(base Override) Override {
	base.Timeouts = o.Timeouts.over(base.Timeouts)
	base.Gray = o.Gray.over(base.Gray)
	base.StallAfter = cmp.Or(o.StallAfter, base.StallAfter)
	base.Commit = cmp.Or(o.Commit, base.Commit)
	base.CommitAfter = cmp.Or(o.CommitAfter, base.CommitAfter)
	base.Safe = cmp.Or(o.Safe, base.Safe)
	base.Ending = cmp.Or(o.Ending, base.Ending)
	base.GateWait = cmp.Or(o.GateWait, base.GateWait)
	base.WhenRefused = cmp.Or(o.WhenRefused, base.WhenRefused)
	base.Limits = o.Limits.over(base.Limits)
	if o.Targets != nil {
		base.Targets = o.Targets
	}
	if o.FallBackOn != nil {
		base.FallBackOn = o.FallBackOn
	}
	base.Retry = retry.Config{
		MaxRetries: cmp.Or(o.Retry.MaxRetries, base.Retry.MaxRetries),
		BaseDelay:  cmp.Or(o.Retry.BaseDelay, base.Retry.BaseDelay),
		MaxDelay:   cmp.Or(o.Retry.MaxDelay, base.Retry.MaxDelay),
		MaxWait:    cmp.Or(o.Retry.MaxWait, base.Retry.MaxWait),
		Strategy:   base.Retry.Strategy,
	}
	if o.Retry.Strategy != nil {
		base.Retry.Strategy = o.Retry.Strategy
	}
	return base
}

// validate returns an error for every field that cannot be used. Where is what
// comes before their names.
func (o *Override) validate(where string) (errs []error) {
	bad := func(field string, value any, use string) {
		errs = append(errs, fmt.Errorf("guard: %s%s is %v: use %s", where, field, value, use))
	}
	if o.Endpoint != "" && !strings.HasPrefix(o.Endpoint, "/") {
		bad("Endpoint", o.Endpoint, "the end of a path, such as /chat/completions")
	}
	for i, m := range o.Models {
		if m == "" {
			bad(fmt.Sprintf("Models[%d]", i), `""`, "the name of a model, such as gpt-5*")
		}
	}
	errs = append(errs, o.validateBreaker(where)...)
	if o.StallAfter > maxTimeout {
		bad("StallAfter", o.StallAfter, fmt.Sprintf("up to %v, or 0 for the default", maxTimeout))
	}
	if o.Commit > CommitHeaders {
		bad("Commit", uint8(o.Commit), "CommitLate or CommitHeaders")
	}
	if o.CommitAfter > maxTimeout {
		bad("CommitAfter", o.CommitAfter, fmt.Sprintf("up to %v, 0 for the default, or a negative one for no limit", maxTimeout))
	}
	if o.Ending != nil && *o.Ending > EndAny {
		bad("Ending", uint8(*o.Ending), "EndFinish, EndDone or EndAny")
	}
	errs = append(errs, o.validateChain(where)...)
	if err := o.Retry.Validate(); err != nil && where != "" {
		errs = append(errs, fmt.Errorf("guard: %sRetry: %w", where, err))
	}
	return append(errs, o.Timeouts.validate(where)...)
}

// validateChain returns an error for every field about targets and limits, and of
// Gray, that cannot be used.
func (o *Override) validateChain(where string) (errs []error) {
	bad := func(field string, value any, use string) {
		errs = append(errs, fmt.Errorf("guard: %s%s is %v: use %s", where, field, value, use))
	}
	for _, f := range [...]struct {
		name string
		s    Switch
	}{
		{"Gray.HTML", o.Gray.HTML}, {"Gray.Truncated", o.Gray.Truncated}, {"Gray.Error", o.Gray.Error}, {"Gray.Empty", o.Gray.Empty},
		{"GateWait", o.GateWait},
	} {
		if f.s < Off || f.s > On {
			bad(f.name, int8(f.s), "On, Off or Default")
		}
	}
	for i, k := range o.FallBackOn {
		if k == fault.Success || k >= fault.Cancelled {
			bad(fmt.Sprintf("FallBackOn[%d]", i), k, "a kind of failure")
		}
	}
	if o.WhenRefused > Await {
		bad("WhenRefused", uint8(o.WhenRefused), "Refuse or Await")
	}
	if where != "" && o.Endpoint != "" && o.Limits != (Limits{}) {
		errs = append(errs, fmt.Errorf("guard: %sLimits are of circuits, which are by upstream and model, but there is an Endpoint: leave one of them out", where))
	}
	errs = append(errs, o.Limits.validate(where)...)
	errs = append(errs, validateTargets(where, o.Targets)...)
	return errs
}

func (c Config) validateOverrides() error {
	var errs []error
	if len(c.Overrides) > maxOverrides {
		errs = append(errs, fmt.Errorf("guard: Overrides has %d entries: use at most %d", len(c.Overrides), maxOverrides))
	}
	for i := range c.Overrides {
		errs = append(errs, c.Overrides[i].validate(fmt.Sprintf("Overrides[%d].", i))...)
	}
	return errors.Join(errs...)
}
