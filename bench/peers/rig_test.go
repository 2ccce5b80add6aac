package peers

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/afex/hystrix-go/hystrix"
	bytedance "github.com/bytedance/gopkg/cloud/circuitbreaker"
	resiliency "github.com/eapache/go-resiliency/breaker"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"
	gozero "github.com/zeromicro/go-zero/core/breaker"
	"resty.dev/v3"

	"github.com/recloser/recloser/breaker"
)

// shortPeriod is how long a rig's first open period lasts, about.
const shortPeriod = 50 * time.Millisecond

var errRefused = errors.New("refused")

// rig is one breaker in TestWrongs, as it comes but for the thresholds and the
// open period.
type rig struct {
	// do makes a call, or returns errRefused; nil: it has no such form.
	do func(call func() error) error

	// allow and record are a call in two steps, where there is no do.
	allow  func() bool
	record func(error)

	// state is "open", "closed" or something else; nil: it has none.
	state func() string

	// ask is what a hook may want to know; nil: there are no hooks.
	ask func()

	opens int // how many failures in a row open it
}

// rigs make a breaker that calls hook, if not nil, when its state changes.
func rigs() map[string]func(hook func(*rig)) *rig {
	return map[string]func(hook func(*rig)) *rig{
		"gobreaker":     gobreakerRig,
		"failsafe-go":   failsafeRig,
		"go-zero":       goZeroRig,
		"hystrix-go":    hystrixRig,
		"bytedance":     bytedanceRig,
		"go-resiliency": resiliencyRig,
		"resty":         restyRig,
		"recloser":      recloserRig,
	}
}

func gobreakerRig(hook func(*rig)) *rig {
	r := &rig{opens: consecutive}
	settings := gobreakerSettings(shortPeriod)
	if hook != nil {
		settings.OnStateChange = func(string, gobreaker.State, gobreaker.State) { hook(r) }
	}
	b := gobreaker.NewCircuitBreaker[struct{}](settings)
	r.state = func() string { return b.State().String() }
	r.ask = func() { r.state() }
	r.do = func(call func() error) error {
		_, err := b.Execute(func() (struct{}, error) { return struct{}{}, call() })
		return refusal(err, gobreaker.ErrOpenState, gobreaker.ErrTooManyRequests)
	}
	return r
}

// refusal returns errRefused if err is one of a breaker's own.
func refusal(err error, own ...error) error {
	for _, e := range own {
		if errors.Is(err, e) {
			return errRefused
		}
	}
	return err
}

func failsafeRig(hook func(*rig)) *rig {
	r := &rig{opens: consecutive}
	builder := circuitbreaker.NewBuilder[struct{}]().
		WithFailureThreshold(consecutive).WithSuccessThreshold(1).WithDelay(shortPeriod)
	if hook != nil {
		builder.OnStateChanged(func(circuitbreaker.StateChangedEvent) { hook(r) })
	}
	b := builder.Build()
	executor := failsafe.With[struct{}](b)
	r.state = func() string { return b.State().String() }
	r.ask = func() { r.state() }
	r.do = func(call func() error) error { return refusal(executor.Run(call), circuitbreaker.ErrOpen) }
	return r
}

func goZeroRig(func(*rig)) *rig {
	b := gozero.NewBreaker()
	return &rig{opens: 500, do: func(call func() error) error {
		return refusal(b.Do(call), gozero.ErrServiceUnavailable)
	}}
}

func hystrixRig(func(*rig)) *rig {
	const name = "rig"
	hystrix.ConfigureCommand(name, hystrix.CommandConfig{
		Timeout: 60_000, MaxConcurrentRequests: 1000, RequestVolumeThreshold: minCalls,
		SleepWindow: int(shortPeriod / time.Millisecond), ErrorPercentThreshold: rate * 100,
	})
	circuit, _, err := hystrix.GetCircuit(name)
	if err != nil {
		panic(err)
	}
	return &rig{
		opens: minCalls,
		state: func() string {
			if circuit.IsOpen() {
				return "open"
			}
			return "closed"
		},
		do: func(call func() error) error {
			err := hystrix.Do(name, call, nil)
			time.Sleep(5 * time.Millisecond) // it counts later, on a goroutine
			return refusal(err, hystrix.ErrCircuitOpen)
		},
	}
}

func bytedanceRig(hook func(*rig)) *rig {
	r := &rig{opens: consecutive}
	options := bytedance.Options{
		BucketTime: window / 100, BucketNums: 100, CoolingTimeout: shortPeriod, DetectTimeout: shortPeriod,
		HalfOpenSuccesses: 1, ShouldTrip: bytedance.ConsecutiveTripFuncV2(rate, minCalls, 0, 0, consecutive),
	}
	var change bytedance.PanelStateChangeHandler
	if hook != nil {
		change = func(string, bytedance.State, bytedance.State, bytedance.Metricer) { hook(r) }
	}
	b, err := bytedance.NewPanel(change, options)
	if err != nil {
		panic(err)
	}
	const key = "rig"
	r.allow = func() bool { return b.IsAllowed(key) }
	r.record = func(err error) {
		if err != nil {
			b.Fail(key)
		} else {
			b.Succeed(key)
		}
	}
	r.state = func() string {
		switch one := b.DumpBreakers()[key]; {
		case one == nil || one.State() == bytedance.Closed:
			return "closed" // it forgets those who had no calls for long
		case one.State() == bytedance.Open:
			return "open"
		}
		return "half-open"
	}
	r.ask = func() { r.state() }
	return r
}

func resiliencyRig(func(*rig)) *rig {
	b := resiliency.New(consecutive, 1, shortPeriod)
	return &rig{
		opens: consecutive,
		state: func() string { return [...]string{"closed", "open", "half-open"}[b.GetState()] },
		do: func(call func() error) error {
			return refusal(b.Run(call), resiliency.ErrBreakerOpen)
		},
	}
}

func restyRig(hook func(*rig)) *rig {
	b := resty.NewCircuitBreakerCount(consecutive, 1, shortPeriod)
	var state atomic.Uint32
	r := &rig{opens: consecutive} // no ask: it does not tell its state
	b.OnStateChange(func(_, to resty.CircuitBreakerState) {
		state.Store(uint32(to))
		if hook != nil {
			hook(r)
		}
	})
	r.state = func() string { return [...]string{"closed", "open", "half-open"}[state.Load()] }
	good, bad := restyResponse(http.StatusOK), restyResponse(http.StatusInternalServerError)
	r.allow = func() bool { return b.Allow() == nil }
	r.record = func(err error) {
		if err != nil {
			b.ApplyPolicies(bad)
		} else {
			b.ApplyPolicies(good)
		}
	}
	return r
}

func recloserRig(hook func(*rig)) *rig {
	r := &rig{opens: consecutive}
	cfg := recloserConfig(false, shortPeriod)
	cfg.ResetTimeout = 100 * shortPeriod
	cfg.ProbeLease = 2 * shortPeriod
	cfg.Ramp = true
	if hook != nil {
		cfg.OnTransition = func(breaker.Transition) { hook(r) }
	}
	b, err := breaker.New("rig", cfg)
	if err != nil {
		panic(err)
	}
	r.state = func() string { return b.State().String() }
	r.ask = func() { r.state() }
	r.do = func(call func() error) error {
		err := breaker.Run(context.Background(), b, func(context.Context) error { return call() })
		return refusal(err, breaker.ErrOpen)
	}
	return r
}
