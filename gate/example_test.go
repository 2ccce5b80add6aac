package gate_test

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"time"

	"github.com/recloser/recloser/gate"
)

func Example() {
	gates, err := gate.NewRegistry(gate.RegistryConfig{})
	if err != nil {
		panic(err) // a configuration that names the wrong field
	}
	g := gates.Get("hash-of-the-api-key", "gpt-5")
	if err := g.Allow(); err != nil {
		fmt.Println("not tried:", err)
		return
	}
	begun := time.Now()
	// ... the service answers 429 with "retry-after: 20" ...
	g.Report(gate.Report{Kind: gate.RateLimit, Begun: begun, RetryAfter: 20 * time.Second})

	err = g.Allow()
	fmt.Println(err)
	if closed, ok := errors.AsType[*gate.ClosedError](err); ok {
		in := closed.RetryIn() // up to a fifth more, so that callers come back apart
		fmt.Println(in > 19*time.Second, in <= 24*time.Second)
	}
	fmt.Println(gates.Get("hash-of-the-api-key", "o3").Allow(), gates.Get("another-key", "gpt-5").Allow())
	// Output:
	// gate: key 7b49123b0121, model "gpt-5" is closed by a rate limit
	// true true
	// <nil> <nil>
}

// The wait is for what this call needs, and not for all of the limit.
func ExampleReadLimits() {
	header := textproto.MIMEHeader{
		"X-Ratelimit-Limit-Tokens":     {"30000"},
		"X-Ratelimit-Remaining-Tokens": {"0"},
		"X-Ratelimit-Reset-Tokens":     {"1m0s"},
	}
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	g, _ := gate.NewAt(now, "key", "gpt-5", gate.Config{})
	r := gate.Report{Kind: gate.RateLimit, Needed: 1500}
	r.Requests, r.Tokens = gate.ReadLimits(header.Get)
	g.ReportAt(now, r)

	m := g.MetricsAt(now)
	fmt.Println(m.State, "for", m.Until.Sub(now).Round(time.Millisecond))
	// Output: closed for 3s
}

// Callers whose deadline allows it wait in line.
func ExampleGate_Wait() {
	g, _ := gate.New("key", "gpt-5", gate.Config{})
	g.Report(gate.Report{Kind: gate.RateLimit, RetryAfter: 50 * time.Millisecond})

	hurried, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if closed, ok := errors.AsType[*gate.ClosedError](g.Wait(hurried)); ok {
		fmt.Println("hurried:", closed.Why)
	}
	fmt.Println("patient:", g.Wait(context.Background()))
	// Output:
	// hurried: the caller would have to wait too long
	// patient: <nil>
}

// A simulation waits with instants of its own.
func ExampleGate_WaitAt() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	g, _ := gate.NewAt(now, "key", "gpt-5", gate.Config{})
	g.ReportAt(now, gate.Report{Kind: gate.RateLimit, RetryAfter: 8 * time.Second})

	ticket, _ := g.WaitAt(now, time.Time{})
	for {
		wait, err := ticket.TurnAt(now)
		if wait == 0 {
			fmt.Println("let through:", err)
			return
		}
		fmt.Println("wait", wait)
		now = now.Add(wait)
	}
	// Output:
	// wait 8s
	// let through: <nil>
}

// Waiting does not bring money.
func ExampleErrParked() {
	g, _ := gate.New("key", "gpt-5", gate.Config{OnTransition: func(t gate.Transition) { fmt.Println(t) }})
	g.Report(gate.Report{Kind: gate.Quota})
	fmt.Println(errors.Is(g.Wait(context.Background()), gate.ErrParked))
	g.Reset() // somebody has paid
	// Output:
	// key 2c70e12b7a06, model gpt-5: open to parked: quota exhausted, for 5m0s
	// true
	// key 2c70e12b7a06, model gpt-5: parked to open: reset
}
