// Breaker is the circuit breaker alone, around a function that has nothing to
// do with HTTP.
//
//	go run ./examples/breaker
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/recloser/recloser/breaker"
)

func main() {
	b, err := breaker.New("database", breaker.Config{
		FailureThreshold: 2,
		BaseTimeout:      100 * time.Millisecond,
		OnTransition: func(t breaker.Transition) {
			fmt.Printf("  circuit %s: %s, was %s: %s\n", t.Name, t.To, t.From, t.Reason)
		},
	})
	if err != nil {
		panic(err)
	}

	calls := 0
	query := func(context.Context) (string, error) {
		if calls++; calls <= 2 {
			return "", errors.New("database: connection lost")
		}
		return "42 rows", nil
	}

	for range 4 {
		rows, err := breaker.Do(context.Background(), b, query)
		if open, ok := errors.AsType[*breaker.OpenError](err); ok {
			fmt.Println("refused, without a call")
			time.Sleep(open.RetryIn())
			continue
		}
		fmt.Println("called:", rows, err)
	}
	m := b.Metrics()
	fmt.Printf("%d calls, %d failed, %d refused\n", m.TotalCalls, m.FailedCalls, m.RefusedCalls)
}
