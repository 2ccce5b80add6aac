package breaker_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/recloser/recloser/breaker"
)

func newRegistry(t testing.TB, cfg breaker.RegistryConfig) *breaker.Registry {
	t.Helper()
	r, err := breaker.NewRegistry(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func names(r *breaker.Registry) (names []string) {
	for _, b := range r.All() {
		names = append(names, b.Name())
	}
	return names
}

func TestRegistryReturnsTheSameCircuit(t *testing.T) {
	r := newRegistry(t, breaker.RegistryConfig{})
	if r.Get("host") != r.Get("host") || r.Child("host", "a") != r.Child("host", "a") {
		t.Error("a second look-up made a second circuit")
	}
	if r.Child("host", "a") == r.Child("host", "b") || r.Child("host", "a") == r.Child("other host", "a") {
		t.Error("two names share a circuit")
	}
	if p := r.Child("host", "a").Parent(); p != r.Get("host") {
		t.Errorf("parent is %v", p)
	}
	if got, want := fmt.Sprint(names(r)), "[host host/a host/b other host other host/a]"; got != want {
		t.Errorf("circuits %s, want %s", got, want)
	}
}

func TestRegistryIsBounded(t *testing.T) {
	r := newRegistry(t, breaker.RegistryConfig{MaxCircuits: 5})
	for i := range 10_000 {
		r.Child("host", fmt.Sprint("invented-", i))
		r.Get(fmt.Sprint("host-", i))
	}
	if n := r.Len(); n > 5+1+5+2 {
		t.Fatalf("%d circuits: %v", n, names(r))
	}
	if got := r.Child("host", "yet another").Name(); got != "host/other" {
		t.Errorf("overflow circuit is %q", got)
	}
	if r.Child("host", "yet another") != r.Child("host", "and another") {
		t.Error("the overflow circuit is not shared")
	}
	if got := r.Child("host-99", "a").Name(); got != "other/other" {
		t.Errorf("overflow of an overflown host is %q", got)
	}
	if got := r.Child("host", "invented-0").Name(); got != "host/invented-0" {
		t.Errorf("a circuit that was there became %q", got)
	}
}

func TestRegistryConcurrently(t *testing.T) {
	r := newRegistry(t, breaker.RegistryConfig{MaxCircuits: 50})
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			for i := range 500 {
				name := fmt.Sprint("m", (i*(worker+1))%70)
				if a, b := r.Child("host", name), r.Child("host", name); a != b {
					t.Errorf("%s is two circuits", name)
				}
			}
		})
	}
	wg.Wait()
	if n := r.Len(); n != 52 {
		t.Errorf("%d circuits, want the host, 50 models and the overflow", n)
	}
}

func TestRegistryCircuitsOfOneSeedDoNotActInStep(t *testing.T) {
	r := newRegistry(t, breaker.RegistryConfig{Circuit: breaker.Config{Seed: 1, FailureThreshold: 1}})
	periods := map[int64]bool{}
	for i := range 10 {
		b := r.Get(fmt.Sprint(i))
		p, _ := b.AllowAt(start())
		p.RecordAt(start(), breaker.Failure)
		periods[int64(b.Metrics().Until.Sub(start()))] = true
	}
	if len(periods) < 8 {
		t.Errorf("%d different open periods of 10", len(periods))
	}
}

func TestBadConfigNamesFieldAndRange(t *testing.T) {
	parent := newRig(t, breaker.Config{Parent: newRig(t, breaker.Config{}).b}).b
	rows := []struct {
		cfg  breaker.Config
		want []string
	}{
		{breaker.Config{FailureThreshold: -2}, []string{"FailureThreshold is -2: use 1 to 1000000, 0 for 5, or Off"}},
		{breaker.Config{ResetTimeout: -1}, []string{"ResetTimeout is -1ns: use 1ms to 24h0m0s, or 0 for 30s"}},
		{breaker.Config{BaseTimeout: 1}, []string{"BaseTimeout is 1ns: use 1ms to 24h0m0s, or 0 for 1s"}},
		{breaker.Config{BaseTimeout: 60e9}, []string{"BaseTimeout is 1m0s: use at most ResetTimeout, which is 30s"}},
		{breaker.Config{StallAfter: 48 * 3600e9}, []string{"StallAfter is 48h0m0s: use 1ms to 24h0m0s, or 0 for off"}},
		{breaker.Config{Mode: 9}, []string{"Mode is 9: use Normal, Observe, ForcedOpen or Disabled"}},
		{breaker.Config{Parent: parent}, []string{"Parent is db: use a circuit without a parent of its own"}},
		{breaker.Config{FailureThreshold: -2, ProbeLease: -1}, []string{
			"FailureThreshold is -2: use 1 to 1000000, 0 for 5, or Off", "ProbeLease is -1ns: use 1ms to 24h0m0s, or 0 for 30s",
		}},
	}
	for _, row := range rows {
		_, err := breaker.New("db", row.cfg)
		want := ""
		for _, w := range row.want {
			want += "breaker: " + w + "\n"
		}
		if err == nil || err.Error()+"\n" != want {
			t.Errorf("%+v:\n got %v\nwant %s", row.cfg, err, want)
		}
		if _, ok := errors.AsType[*breaker.ConfigError](err); !ok {
			t.Errorf("%T is no *ConfigError", err)
		}
		if _, err := breaker.NewRegistry(breaker.RegistryConfig{Circuit: row.cfg}); err == nil {
			t.Errorf("the registry took %+v", row.cfg)
		}
	}
	for _, cfg := range []breaker.RegistryConfig{{MaxCircuits: -1}, {Circuit: breaker.Config{Parent: newRig(t, breaker.Config{}).b}}} {
		if _, err := breaker.NewRegistry(cfg); err == nil {
			t.Errorf("the registry took %+v", cfg)
		}
	}
}

func TestShortResetTimeoutNeedsNoBaseTimeout(t *testing.T) {
	r := newRig(t, breaker.Config{ResetTimeout: 100e6})
	if period := r.trip(); period != 100e6 {
		t.Errorf("open period %v", period)
	}
}

func TestTexts(t *testing.T) {
	for got, want := range map[string]string{
		breaker.Closed.String() + breaker.Open.String() + breaker.HalfOpen.String():        "closedopenhalf-open",
		breaker.Success.String() + breaker.Failure.String() + breaker.Ignored.String():     "successfailureignored",
		breaker.Normal.String() + breaker.Observe.String():                                 "normalobserve",
		breaker.State(9).String() + breaker.Outcome(9).String() + breaker.Mode(9).String(): "invalidinvalidinvalid",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	var s breaker.State
	if err := s.UnmarshalText([]byte("half-open")); err != nil || s != breaker.HalfOpen {
		t.Errorf("read %v, %v", s, err)
	}
	if err := s.UnmarshalText([]byte("ajar")); err == nil {
		t.Error("read a state that does not exist")
	}
}
