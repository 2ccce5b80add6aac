package breaker_test

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// filled is a Config without a zero field.
func filled(t *testing.T) breaker.Config {
	t.Helper()
	parent, err := breaker.New("parent", breaker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return breaker.Config{
		FailureThreshold: 7, FailureSpan: time.Second, FailureRate: 0.5, SlowRate: 0.5, SlowAfter: time.Second, RateWindow: time.Minute,
		RateMinCalls: 3, StallAfter: time.Minute, NewPolicy: func() breaker.Policy { return nil }, ResetTimeout: time.Minute,
		BaseTimeout: time.Second, Probes: 2, ProbeSuccesses: 3, ProbeLease: time.Second, MayProbe: func() bool { return false },
		Ramp: true, Mode: breaker.Observe, Parent: parent, Classify: func(context.Context, error) breaker.Outcome { return breaker.Ignored },
		OnTransition: func(breaker.Transition) {}, Seed: 1,
	}
}

// TestOverlayKnowsEveryField: one at a time is laid over a Config without any, and
// under one.
func TestOverlayKnowsEveryField(t *testing.T) {
	full := reflect.ValueOf(filled(t))
	for i := range full.NumField() {
		name := full.Type().Field(i).Name
		if full.Field(i).IsZero() {
			t.Fatalf("%s is not filled", name)
		}
		var one breaker.Config
		if !one.IsZero() {
			t.Error("a zero Config is not zero")
		}
		reflect.ValueOf(&one).Elem().Field(i).Set(full.Field(i))
		if one.IsZero() {
			t.Errorf("%s: zero although it is set", name)
		}
		for _, laid := range []breaker.Config{one.Over(breaker.Config{}), (breaker.Config{}).Over(one)} {
			if reflect.ValueOf(laid).Field(i).IsZero() {
				t.Errorf("%s is lost", name)
			}
		}
	}
	if laid := (breaker.Config{FailureRate: breaker.Off}).Over(filled(t)); laid.FailureRate != breaker.Off || laid.SlowRate != 0.5 {
		t.Errorf("%+v", laid)
	}
}

func TestOffIsOffWhereZeroIs(t *testing.T) {
	b, err := breaker.New("b", breaker.Config{
		FailureSpan: breaker.Off, FailureRate: breaker.Off, SlowRate: breaker.Off, StallAfter: breaker.Off, FailureThreshold: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for i := range 2 {
		p, err := b.AllowAt(now.Add(time.Duration(i) * time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		p.RecordAt(now.Add(time.Duration(i)*time.Hour), breaker.Failure)
	}
	if b.State() != breaker.Open {
		t.Error("two failures in a row, however far apart, do not trip it")
	}
	if _, err := breaker.New("b", breaker.Config{FailureThreshold: breaker.Off, FailureRate: breaker.Off}); err == nil {
		t.Error("nothing would trip it")
	}
}

func TestCircuitsOfOneRegistryWithThresholdsOfTheirOwn(t *testing.T) {
	prepare := func(threshold int) *breaker.Prepared {
		p, err := breaker.Prepare(breaker.Config{FailureThreshold: threshold})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	one, two := prepare(1), prepare(2)
	reg := newRegistry(t, breaker.RegistryConfig{
		Circuit: breaker.Config{FailureThreshold: 3},
		Configure: func(parent, name string) *breaker.Prepared {
			switch parent + "/" + name {
			case "host/a":
				return one
			case "/host":
				return two
			}
			return nil
		},
	})
	trips := func(b *breaker.Breaker) int {
		b.Reset()
		for n := 1; ; n++ {
			p, err := b.Allow()
			if err != nil {
				t.Fatal(err)
			}
			p.RecordResult(breaker.Result{Outcome: breaker.Failure})
			if b.State() == breaker.Open {
				return n
			}
		}
	}
	want := func(a, b, host int) {
		t.Helper()
		got := []int{trips(reg.Child("host", "a")), trips(reg.Child("host", "b")), trips(reg.Get("host"))}
		reg.Get("host").Reset()
		if fmt.Sprint(got) != fmt.Sprint([]int{a, b, host}) {
			t.Errorf("trips after %v failures, want %v", got, []int{a, b, host})
		}
	}
	want(1, 3, 2)
	bad := breaker.RegistryConfig{Circuit: breaker.Config{FailureThreshold: -5}, Configure: func(string, string) *breaker.Prepared { return two }}
	if err := reg.SetConfig(bad); err == nil {
		t.Error("a wrong configuration was taken")
	}
	want(1, 3, 2)
	if err := reg.SetConfig(breaker.RegistryConfig{Circuit: breaker.Config{FailureThreshold: 4}, Configure: func(_, name string) *breaker.Prepared {
		if name == "b" {
			return one
		}
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	want(4, 1, 4)
	if _, err := breaker.Prepare(breaker.Config{SlowRate: 2}); err == nil {
		t.Error("a wrong configuration was prepared")
	}
}

func TestConfiguredCircuitCostsLessThanAKibibyte(t *testing.T) {
	const n = 50_000
	own, err := breaker.Prepare(breaker.Config{FailureRate: 0.3})
	if err != nil {
		t.Fatal(err)
	}
	reg := newRegistry(t, breaker.RegistryConfig{MaxCircuits: 2 * n, Configure: func(string, string) *breaker.Prepared { return own }})
	before := heap()
	for i := range n {
		reg.ChildAt(start(), "upstream", fmt.Sprint("model-", i))
	}
	if each := (heap() - before) / n; each >= 1024 {
		t.Errorf("%d bytes a circuit", each)
	}
	runtime.KeepAlive(reg)
}
