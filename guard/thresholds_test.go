package guard

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

func TestOverlap(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want bool
	}{
		{"", "", true}, {"a", "a", true}, {"a", "b", false}, {"a", "", false}, {"*", "", true}, {"*", "*", true},
		{"gpt-5*", "gpt-5-mini", true}, {"gpt-5*", "gpt-4*", false}, {"gpt-5*", "*-mini", true}, {"a*c", "*b*", true},
		{"a*c", "b*", false}, {"ab*", "*ba", true}, {"abc", "a*d", false}, {"*a", "*b", false}, {"a*b", "ab", true}, {"**", "x", true},
	} {
		if overlap(row.a, row.b) != row.want || overlap(row.b, row.a) != row.want {
			t.Errorf("%q and %q: %v, %v, want %v", row.a, row.b, overlap(row.a, row.b), overlap(row.b, row.a), row.want)
		}
	}
}

func TestThresholdsOfOverrides(t *testing.T) {
	g, err := New(nil, Config{
		Breaker: breaker.Config{FailureThreshold: 3, FailureRate: 0.5, Seed: 1},
		Overrides: []Override{
			{Upstream: "box.local", Breaker: breaker.Config{FailureThreshold: 1, ResetTimeout: time.Minute}},
			{Models: []string{"gpt-5*"}, Breaker: breaker.Config{FailureThreshold: 2}, StallAfter: time.Hour},
			{Endpoint: "/files", StallAfter: time.Second},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		b        *breaker.Breaker
		failures int
		reset    time.Duration
	}{
		{g.Circuits().Child("api", "o3"), 3, 30 * time.Second},
		{g.Circuits().Child("api", "gpt-5-mini"), 2, 30 * time.Second},
		{g.Circuits().Get("box.local"), 1, time.Minute},
		{g.Circuits().Child("box.local", "o3"), 1, time.Minute},
		{g.Circuits().Child("box.local", "gpt-5"), 2, time.Minute},
	} {
		n := 0
		for ; row.b.State() == breaker.Closed; n++ {
			p, err := row.b.Allow()
			if err != nil {
				t.Fatal(err)
			}
			p.RecordResult(breaker.Result{Outcome: breaker.Failure})
		}
		if n != row.failures {
			t.Errorf("%s trips after %d failures, want %d", row.b.Name(), n, row.failures)
		}
		row.b.Trip("to see the cap", time.Now().Add(time.Hour))
		if left := time.Until(row.b.Metrics().Until).Round(time.Second); left != row.reset {
			t.Errorf("%s is open for %v, want %v", row.b.Name(), left, row.reset)
		}
		for b := row.b; b != nil; b = b.Parent() {
			b.Reset()
		}
	}
}

func TestThresholdsThatDoNotGoTogether(t *testing.T) {
	long, short := breaker.Config{BaseTimeout: 20 * time.Second}, breaker.Config{ResetTimeout: 10 * time.Second}
	rows := []struct {
		overrides []Override
		want      string // "" is good
	}{
		{[]Override{{Breaker: long}, {Models: []string{"m"}}}, ""},
		{[]Override{{Breaker: long}, {Breaker: short}}, "guard: Overrides[0] with Overrides[1]: breaker: BaseTimeout is 20s: use at most ResetTimeout, which is 10s"},
		{[]Override{{Models: []string{"a"}, Breaker: long}, {Models: []string{"b"}, Breaker: short}}, ""},
		{[]Override{{Upstream: "a", Breaker: long}, {Upstream: "b", Breaker: short}}, ""},
		{[]Override{{Models: []string{"a*"}, Breaker: long}, {Upstream: "x"}, {Models: []string{"*z"}, Breaker: short}}, "guard: Overrides[0] with Overrides[2]: breaker: BaseTimeout"},
		{[]Override{{Breaker: breaker.Config{SlowRate: 0.5}}}, "guard: Overrides[0]: breaker: SlowAfter is 0s"},
		{[]Override{
			{Breaker: breaker.Config{FailureRate: breaker.Off}},
			{Breaker: breaker.Config{FailureThreshold: breaker.Off}},
		}, "guard: Overrides[0] with Overrides[1]: breaker: FailureThreshold is Off"},
		{[]Override{{Endpoint: "/files", Breaker: short}}, "guard: Overrides[0].Breaker has thresholds, but there is an Endpoint"},
		{[]Override{{Breaker: breaker.Config{StallAfter: time.Second}}}, "guard: Overrides[0].Breaker.StallAfter is 1s: use Overrides[0].StallAfter"},
		{[]Override{{Breaker: breaker.Config{RateMinCalls: -3}}}, "guard: Overrides[0]: breaker: RateMinCalls is -3: use "},
		{[]Override{{StallAfter: time.Microsecond}}, "guard: Overrides[0]: breaker: StallAfter is 1µs: use "},
		{[]Override{{StallAfter: -7 * time.Second}}, ""},
	}
	for i, row := range rows {
		err := Config{Breaker: breaker.Config{FailureRate: 0.5}, Overrides: row.overrides}.Validate()
		switch {
		case row.want == "" && err != nil:
			t.Errorf("row %d: %v", i, err)
		case row.want != "" && (err == nil || !strings.HasPrefix(err.Error(), row.want)):
			t.Errorf("row %d: %v\nwant %s", i, err, row.want)
		}
	}
	three := Config{Breaker: breaker.Config{FailureRate: 0.5, SlowRate: 0.5, SlowAfter: time.Second}, Overrides: []Override{
		{Breaker: breaker.Config{FailureThreshold: breaker.Off}},
		{Breaker: breaker.Config{FailureRate: breaker.Off}},
		{Breaker: breaker.Config{SlowRate: breaker.Off}},
	}}
	var wrong *OverrideError
	if err := three.Validate(); !errors.As(err, &wrong) || len(wrong.Overrides) != 3 {
		t.Errorf("%v", err)
	}
}

func TestManyOverridesAreValidatedInTime(t *testing.T) {
	cfg := Config{Overrides: make([]Override, maxOverrides)}
	for i := range cfg.Overrides {
		cfg.Overrides[i].Breaker.FailureThreshold = i + 1
	}
	begin := time.Now()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
