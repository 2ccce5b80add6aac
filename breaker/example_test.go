package breaker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/recloser/recloser/breaker"
)

func load(context.Context) (string, error) { return "42 rows", nil }

func Example() {
	b, err := breaker.New("db", breaker.Config{})
	if err != nil {
		panic(err) // a configuration that names the wrong field
	}
	rows, err := breaker.Do(context.Background(), b, load)
	fmt.Println(rows, err)
	// Output: 42 rows <nil>
}

func ExampleRun() {
	b, _ := breaker.New("mail", breaker.Config{FailureThreshold: 2})
	send := func(context.Context) error { return errors.New("421 try again later") }
	for range 4 {
		err := breaker.Run(context.Background(), b, send)
		if errors.Is(err, breaker.ErrOpen) {
			fmt.Println("not tried:", err)
		} else {
			fmt.Println("tried:", err)
		}
	}
	// Output:
	// tried: 421 try again later
	// tried: 421 try again later
	// not tried: breaker: circuit "mail" is open
	// not tried: breaker: circuit "mail" is open
}

func ExampleBreaker_Allow() {
	b, _ := breaker.New("db", breaker.Config{})
	query := func() (err error) { // named: Done reads it
		p, err := b.Allow()
		if err != nil {
			return err // *breaker.OpenError: RetryIn says for how long
		}
		defer p.Done(&err)
		return nil
	}
	fmt.Println(query(), b.Metrics().TotalCalls)
	// Output: <nil> 1
}

// The At forms make a test of hours run in no time.
func ExampleBreaker_AllowAt() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	b, _ := breaker.NewAt(now, "db", breaker.Config{FailureThreshold: 1, ResetTimeout: 8 * time.Second, BaseTimeout: 8 * time.Second})
	p, _ := b.AllowAt(now)
	p.RecordAt(now, breaker.Failure)

	_, err := b.AllowAt(now.Add(7 * time.Second))
	fmt.Println(err)
	_, err = b.AllowAt(now.Add(8 * time.Second))
	fmt.Println(err, b.State())
	// Output:
	// breaker: circuit "db" is open
	// <nil> half-open
}

func ExampleConfig_onTransition() {
	b, _ := breaker.New("db", breaker.Config{FailureThreshold: 1, OnTransition: func(t breaker.Transition) {
		fmt.Printf("%s: %s to %s, %s\n", t.Name, t.From, t.To, t.Reason)
	}})
	p, _ := b.Allow()
	p.Record(breaker.Failure)
	// Output: db: closed to open, consecutive failures
}

func ExampleRegistry() {
	circuits, _ := breaker.NewRegistry(breaker.RegistryConfig{})
	b := circuits.Child("api.example.com", "gpt-5")
	fmt.Println(b.Name(), "beneath", b.Parent().Name())
	// Output: api.example.com/gpt-5 beneath api.example.com
}

// Several thresholds at once: whichever is reached first trips the circuit, and
// the transition says which it was and how.
func ExampleConfig_thresholds() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	b, _ := breaker.NewAt(now, "search", breaker.Config{
		FailureThreshold: 5, FailureSpan: time.Minute, // five in a row, within a minute
		FailureRate: 0.5, RateMinCalls: 6, // or half of at least six calls in 10 s
		SlowRate: 0.9, SlowAfter: 2 * time.Second, // or nine of ten slower than 2 s
		OnTransition: func(t breaker.Transition) { fmt.Println(t) },
	})
	for i := range 6 {
		p, _ := b.AllowAt(now)
		p.RecordAt(now, []breaker.Outcome{breaker.Success, breaker.Failure}[i%2])
	}
	// Output: search: closed to open: 3 of 6 calls failed within 10s (50 %, limit 50 %)
}

// worstOf is a policy of one's own: it trips when one call was hopeless.
type worstOf struct{ limit time.Duration }

func (w worstOf) Needs() breaker.Needs     { return breaker.Needs{SlowAfter: w.limit} }
func (w worstOf) Why(*breaker.View) string { return "" }
func (w worstOf) Judge(_ *breaker.View, e breaker.Event) (d breaker.Decision) {
	if e.Kind == breaker.Recorded && e.Slow {
		d.Trip, d.Reason = true, "hopelessly slow"
		d.Evidence.Note = e.Took.String()
	}
	return d
}

func ExamplePolicy() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	b, _ := breaker.NewAt(now, "report", breaker.Config{NewPolicy: func() breaker.Policy {
		return breaker.AnyOf(breaker.Consecutive{Failures: 5}, worstOf{time.Minute})
	}})
	p, _ := b.AllowAt(now)
	now = now.Add(90 * time.Second)
	p.RecordAt(now, breaker.Success)
	fmt.Println(b.WhyAt(now.Add(time.Second))[:47])
	// Output: opened 12:01:30: hopelessly slow: 1m30s; next p
}

// Watch a breaker for a week before it may refuse anything.
func ExampleBreaker_SetMode() {
	b, _ := breaker.New("db", breaker.Config{Mode: breaker.Observe})
	for range 8 {
		p, err := b.Allow()
		if err != nil {
			panic("nothing is refused")
		}
		p.Record(breaker.Failure)
	}
	fmt.Println(b.State(), b.Metrics().WouldRefuse)

	_ = b.SetMode(breaker.Normal)
	_, err := b.Allow()
	fmt.Println(err)
	// Output:
	// open 3
	// breaker: circuit "db" is open
}

// An operator asks why.
func ExampleBreaker_Why() {
	now := time.Date(2026, 1, 1, 14, 3, 7, 0, time.UTC)
	b, _ := breaker.NewAt(now, "db", breaker.Config{BaseTimeout: 30 * time.Second})
	for _, cause := range []string{"503", "timeout", "503", "503", "timeout"} {
		p, _ := b.AllowAt(now)
		p.RecordResultAt(now, breaker.Result{Outcome: breaker.Failure, Cause: cause})
	}
	fmt.Println(b.WhyAt(now.Add(23 * time.Second)))
	// Output: opened 14:03:07: 5 consecutive failures (3 × 503, 2 × timeout); next probe in 7s (1st open period, 30s)
}

// A stream has answered with its first content, long before it ends.
func ExamplePermit_Progress() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	b, _ := breaker.NewAt(now, "llm", breaker.Config{FailureThreshold: 1})
	p, _ := b.AllowAt(now)
	p.RecordAt(now, breaker.Failure)

	now = b.Metrics().Until
	probe, _ := b.AllowAt(now)
	probe.ProgressAt(now.Add(time.Second)) // everybody is let back in now
	fmt.Println(b.State())
	probe.RecordAt(now.Add(time.Minute), breaker.Success)
	// Output: closed
}

// A model's failures are no reason to stop calling the other models of its host;
// a host that cannot be reached is.
func ExampleReach() {
	circuits, _ := breaker.NewRegistry(breaker.RegistryConfig{Circuit: breaker.Config{FailureThreshold: 1}})
	small, large := circuits.Child("host", "small"), circuits.Child("host", "large")

	p, _ := small.Allow()
	p.RecordResult(breaker.Result{Outcome: breaker.Failure, Reach: breaker.Answered}) // it said 500
	_, err := large.Allow()
	fmt.Println(small.State(), err)

	p, _ = large.Allow()
	p.RecordResult(breaker.Result{Outcome: breaker.Failure, Reach: breaker.Unreached}) // connection refused
	_, err = large.Allow()
	fmt.Println(err)
	// Output:
	// open <nil>
	// breaker: circuit "host" is open
}

// The circuits of a process in one file, so that a restart forgets nothing.
func ExampleRegistry_Restore() {
	file := filepath.Join(os.TempDir(), "circuits.json")
	defer func() { _ = os.Remove(file) }()
	cfg := breaker.RegistryConfig{Circuit: breaker.Config{FailureThreshold: 1}}

	before, _ := breaker.NewRegistry(cfg)
	p, _ := before.Child("host", "large").Allow()
	p.Record(breaker.Failure)
	text, _ := json.Marshal(before.Snapshot())
	if err := os.WriteFile(file, text, 0o600); err != nil {
		panic(err)
	}

	after, _ := breaker.NewRegistry(cfg)
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	var circuits []breaker.Snapshot
	if err := json.Unmarshal(text, &circuits); err != nil {
		panic(err)
	}
	if err := after.Restore(circuits); err != nil {
		panic(err)
	}
	m := after.Child("host", "large").Metrics()
	fmt.Println(m.State, m.TotalCalls, m.FailedCalls)
	// Output: open 1 1
}

// One switch lets everything through, in an emergency.
func ExampleRegistry_Bypass() {
	circuits, _ := breaker.NewRegistry(breaker.RegistryConfig{Circuit: breaker.Config{FailureThreshold: 1}})
	b := circuits.Get("db")
	p, _ := b.Allow()
	p.Record(breaker.Failure)
	circuits.Bypass(true)
	_, err := b.Allow()
	fmt.Println(b.State(), err)
	// Output: open <nil>
}
