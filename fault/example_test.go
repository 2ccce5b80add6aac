package fault_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/recloser/recloser/fault"
)

// Two answers with the same status that ask for opposite things.
func ExampleClassify() {
	now := time.Now()
	header := http.Header{"Retry-After": {"2"}, "X-Request-Id": {"req_123"}}
	limit := fault.Classify(429, header, []byte(`{"error":{"code":"rate_limit_exceeded","type":"requests"}}`), now)
	money := fault.Classify(429, nil, []byte(`{"error":{"code":"insufficient_quota"}}`), now)

	fmt.Println(limit, limit.Retryable())
	fmt.Println(money, money.Retryable())
	// Output:
	// fault: rate limit (429 rate_limit_exceeded, request req_123, retry after 2s) true
	// fault: quota exhausted (429 insufficient_quota) false
}

// A failure can arrive in a stream whose status was 200.
func ExampleFromEvent() {
	e := fault.FromEvent("", []byte(`{"error":{"code":"server_is_overloaded","message":"..."}}`), time.Now())
	fmt.Println(e)
	// Output: fault: service overloaded (200 server_is_overloaded)
}

func ExampleUserMessage() {
	failed := fault.Classify(500, nil, nil, time.Now())
	limited := fault.Classify(429, nil, nil, time.Now())
	refused := fault.Classify(400, nil, nil, time.Now())

	fmt.Println(fault.UserMessage(fmt.Errorf("answering the user: %w", failed)))
	fmt.Println(fault.UserMessage(limited))
	fmt.Printf("%q\n", fault.UserMessage(refused))
	// Output:
	// Our AI service is temporarily unavailable. We're working on it.
	// Our AI service is experiencing high demand. Please try again in a few moments.
	// ""
}

func ExampleError_Is() {
	var err error = fault.Classify(503, nil, []byte(`{"error":{"code":"server_is_overloaded"}}`), time.Now())
	fmt.Println(errors.Is(err, fault.ErrOverload), errors.Is(err, fault.ErrService), errors.Is(err, fault.ErrQuota))
	// Output: true true false
}
