package retry_test

import (
	"math"
	"testing"
	"time"

	"github.com/recloser/recloser/retry"
)

// admission is that of one target without a budget.
type admission bool

func (a admission) ReadyIn(int) time.Duration {
	if a {
		return 0
	}
	return -1
}

func (admission) Spend(int) bool { return true }

const (
	open   = admission(false)
	closed = admission(true)
)

var failed = retry.Attempt{Failed: true, Retryable: true}

func noon() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) }

func plan(t testing.TB, cfg retry.Config) *retry.Plan {
	t.Helper()
	p, err := retry.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatIsNotRepeated(t *testing.T) {
	ask := func(d time.Duration) retry.Attempt {
		return retry.Attempt{Failed: true, Retryable: true, RetryAfter: d}
	}
	rows := []struct {
		name    string
		call    retry.Call
		attempt retry.Attempt
		circuit admission
		want    retry.Reason
	}{
		{"a success", retry.Call{Safe: true}, retry.Attempt{}, closed, retry.Done},
		{"the caller's mistake", retry.Call{Safe: true}, retry.Attempt{Failed: true}, closed, retry.NotRetryable},
		{"a probe", retry.Call{Safe: true}, retry.Attempt{Failed: true, Retryable: true, Probe: true}, closed, retry.WasProbe},
		{"an upload whose fate is unknown", retry.Call{}, failed, closed, retry.NotSafe},
		{"an upload that surely was not done", retry.Call{}, retry.Attempt{Failed: true, Retryable: true, NotDone: true}, closed, ""},
		{"a call that is safe", retry.Call{Safe: true}, failed, closed, ""},
		{"a call that wants no retries", retry.Call{Safe: true, Once: true}, failed, closed, retry.Exhausted},
		{"a call whose circuit opened", retry.Call{Safe: true}, failed, open, retry.NotAdmitted},
		{"a wait of 10 s", retry.Call{Safe: true}, ask(10 * time.Second), closed, ""},
		{"a wait of more than 10 s", retry.Call{Safe: true}, ask(10*time.Second + 1), closed, retry.TooLong},
		{"a wait to the deadline", retry.Call{Safe: true, Deadline: noon().Add(2 * time.Second)}, ask(2 * time.Second), closed, retry.PastDeadline},
		{"a wait within the deadline", retry.Call{Safe: true, Deadline: noon().Add(2500 * time.Millisecond)}, ask(2 * time.Second), closed, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := plan(t, retry.Config{}).Begin(row.call)
			step := c.Ended(noon(), row.attempt, row.circuit)
			if step.Why != row.want || step.Again != (row.want == "") {
				t.Errorf("got %+v, want %q", step, row.want)
			}
		})
	}
}

func TestMaxRetries(t *testing.T) {
	for set, want := range map[int]int{0: 2, 1: 1, 5: 5, -1: 0} {
		c := plan(t, retry.Config{MaxRetries: set}).Begin(retry.Call{Safe: true})
		n := 0
		for c.Ended(noon(), failed, closed).Again {
			n++
		}
		if n != want {
			t.Errorf("MaxRetries %d: %d retries, want %d", set, n, want)
		}
	}
}

func TestServicesDelayIsTakenAndSpread(t *testing.T) {
	seen := map[time.Duration]bool{}
	for seed := range uint64(50) {
		c := plan(t, retry.Config{}).Begin(retry.Call{Safe: true, Seed: seed})
		d := c.Ended(noon(), retry.Attempt{Failed: true, Retryable: true, RetryAfter: 5 * time.Second}, closed).Wait
		if d < 5*time.Second || d > 6*time.Second {
			t.Fatalf("waits %v, want 5 s and up to a fifth more", d)
		}
		seen[d] = true
	}
	if len(seen) < 40 {
		t.Errorf("%d different waits of 50", len(seen))
	}
	for seed := range uint64(50) {
		c := plan(t, retry.Config{}).Begin(retry.Call{Safe: true, Seed: seed})
		d := c.Ended(noon(), retry.Attempt{Failed: true, Retryable: true, RetryAfter: 9 * time.Second}, closed).Wait
		if d < 9*time.Second || d > 10*time.Second {
			t.Fatalf("waits %v, want no more than MaxWait", d)
		}
	}
}

func TestStrategies(t *testing.T) {
	const base = 100 * time.Millisecond
	rows := []struct {
		name      string
		n         int
		last      time.Duration
		low, high time.Duration // at u = 0 and just below 1
	}{
		{"full-jitter", 1, 0, 0, base},
		{"full-jitter", 4, 0, 0, 8 * base},
		{"equal-jitter", 1, 0, base / 2, base},
		{"equal-jitter", 3, 0, 2 * base, 4 * base},
		{"decorrelated-jitter", 1, 0, base, 3 * base},
		{"decorrelated-jitter", 2, base, base, 3 * base},
		{"decorrelated-jitter", 3, 5 * base, base, 15 * base},
		{"exponential", 1, 0, base, 2 * base},
		{"exponential", 2, 0, 2 * base, 3 * base},
		{"exponential", 5, 0, 16 * base, 17 * base},
		{"fixed", 7, 0, base, base},
		{"none", 7, 0, 0, 0},
		{"exponential", 1000, 0, math.MaxInt64, math.MaxInt64},
	}
	for _, row := range rows {
		s, ok := retry.Named(row.name)
		if !ok {
			t.Fatalf("no strategy %q", row.name)
		}
		turn := retry.Turn{N: row.n, Base: base, Last: row.last}
		low := s(turn)
		turn.U = math.Nextafter(1, 0)
		high := s(turn)
		if low != row.low || high < row.high-1 || high > row.high {
			t.Errorf("%s %d: %v to %v, want %v to %v", row.name, row.n, low, high, row.low, row.high)
		}
	}
	for _, name := range retry.Names() {
		if _, ok := retry.Named(name); !ok {
			t.Errorf("%q is listed but unknown", name)
		}
	}
	if _, ok := retry.Named("hopeful"); ok {
		t.Error("found a strategy that does not exist")
	}
}

func TestDelaysAreFullJitterByDefaultAndCut(t *testing.T) {
	var sum time.Duration
	for seed := range uint64(1000) {
		c := plan(t, retry.Config{}).Begin(retry.Call{Safe: true, Seed: seed})
		d := c.Ended(noon(), failed, closed).Wait
		if d < 0 || d > 500*time.Millisecond {
			t.Fatalf("first delay %v", d)
		}
		sum += d
	}
	if mean := sum / 1000; mean < 225*time.Millisecond || mean > 275*time.Millisecond {
		t.Errorf("mean first delay %v, want about 250 ms", mean)
	}
	c := plan(t, retry.Config{MaxRetries: 50, Strategy: retry.Exponential}).Begin(retry.Call{Safe: true})
	for range 50 {
		if d := c.Ended(noon(), failed, closed).Wait; d > 8*time.Second {
			t.Fatalf("delay %v is over MaxDelay", d)
		}
	}
}

func TestBadConfigNamesField(t *testing.T) {
	_, err := retry.New(retry.Config{MaxRetries: 101, BaseDelay: -1})
	want := "retry: MaxRetries is 101: use at most 100, 0 for 2, negative for none\n" +
		"retry: BaseDelay is -1ns: use up to 1h0m0s, or 0 for its default"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
