package retry_test

import (
	"fmt"
	"time"

	"github.com/recloser/recloser/retry"
)

func ExampleBudget() {
	b, err := retry.NewBudget(retry.BudgetConfig{})
	if err != nil {
		panic(err) // a configuration that names the wrong field
	}
	p, _ := retry.New(retry.Config{MaxRetries: 1})
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

	retries := 0
	for range 1000 { // calls, all of which fail
		b.Earn()
		c := p.Begin(retry.Call{Safe: true})
		step := c.Ended(now, retry.Attempt{Failed: true, Retryable: true}, budgeted{closed, b})
		if step.Again {
			retries++
		}
	}
	fmt.Println(retries, "retries of 1000 calls")
	// Output: 109 retries of 1000 calls
}

// A strategy of one's own: a second more each time.
func ExampleStrategy() {
	linear := func(t retry.Turn) time.Duration { return time.Duration(t.N) * time.Second }
	p, _ := retry.New(retry.Config{MaxRetries: 3, Strategy: linear})
	c := p.Begin(retry.Call{Safe: true})
	for range 3 {
		step := c.Ended(time.Time{}, retry.Attempt{Failed: true, Retryable: true}, closed)
		fmt.Println(step.Wait)
	}
	// Output:
	// 1s
	// 2s
	// 3s
}
