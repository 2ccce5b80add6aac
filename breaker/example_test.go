package breaker_test

import (
	"context"
	"errors"
	"fmt"
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
