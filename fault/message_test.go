package fault_test

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
)

type refusalError struct{ in time.Duration }

func (refusalError) Error() string            { return "open" }
func (r refusalError) RetryIn() time.Duration { return r.in }

type gatedError struct {
	refusalError
	limited bool
}

func (g gatedError) RateLimited() bool { return g.limited }

// translatedError turns into an *Error by its As method only.
type translatedError struct{ to *fault.Error }

func (translatedError) Error() string { return "translated" }
func (t translatedError) As(target any) bool {
	p, ok := target.(**fault.Error)
	if ok {
		*p = t.to
	}
	return ok
}

func TestUserMessage(t *testing.T) {
	const (
		demand = "Our AI service is experiencing high demand. Please try again in a few moments."
		down   = "Our AI service is temporarily unavailable. We're working on it."
		seven  = "AI service is temporarily unavailable. Please try again in 7 seconds."
		one    = "AI service is temporarily unavailable. Please try again in 1 second."
	)
	of := func(k fault.Kind, status int) error { return &fault.Error{Kind: k, Status: status} }
	open := func(d time.Duration) error { return refusalError{d} }
	in := func(err error) error { return &url.Error{Op: "Post", URL: "https://x", Err: err} }
	for _, row := range []struct {
		name string
		err  error
		want string
	}{
		{"nil", nil, ""},
		{"unknown", errors.New("x"), ""},
		{"nil of our type", (*fault.Error)(nil), ""},
		{"success", of(fault.Success, 200), ""},
		{"caller", of(fault.Caller, 400), ""},
		{"caller with 429", of(fault.Caller, 429), ""},
		{"cancelled", of(fault.Cancelled, 0), ""},
		{"rate limit", of(fault.RateLimit, 429), demand},
		{"rate limit in a stream", of(fault.RateLimit, 200), demand},
		{"overload 429", of(fault.Overload, 429), demand},
		{"overload 503", of(fault.Overload, 503), down},
		{"overload in a stream", of(fault.Overload, 200), down},
		{"service", of(fault.Service, 500), down},
		{"no answer", of(fault.Service, 0), down},
		{"timeout", of(fault.Timeout, 0), down},
		{"quota", of(fault.Quota, 429), down},
		{"gate", gatedError{refusalError{7 * time.Second}, true}, demand},
		{"a parked key", gatedError{refusalError{7 * time.Second}, false}, down},
		{"open", open(7 * time.Second), seven},
		{"open, a little over six", open(6*time.Second + 1), seven},
		{"open, a second", open(time.Second), one},
		{"open, a moment", open(time.Millisecond), one},
		{"open, over", open(0), one},
		{"open, long over", open(-time.Hour), one},
		{"open, just over one", open(time.Second + 1), "AI service is temporarily unavailable. Please try again in 2 seconds."},
		{"open for ever", open(1<<63 - 1), "AI service is temporarily unavailable. Please try again in 9223372037 seconds."},
		{"wrapped", fmt.Errorf("a: %w", fmt.Errorf("b: %w", of(fault.RateLimit, 429))), demand},
		{"in a url.Error", in(of(fault.Service, 500)), down},
		{"open in a url.Error", in(fmt.Errorf("x: %w", open(7*time.Second))), seven},
		{"joined", errors.Join(errors.New("x"), of(fault.Quota, 429)), down},
		{"the limit goes before the circuit", errors.Join(open(7*time.Second), of(fault.RateLimit, 429)), demand},
		{"the circuit goes before the failure", errors.Join(of(fault.Service, 500), open(7*time.Second)), seven},
		{"a failure behind a mistake", errors.Join(of(fault.Caller, 400), of(fault.Service, 500)), down},
		{"a limit behind a failure, deep", in(fmt.Errorf("%w and %w", of(fault.Service, 500), in(of(fault.RateLimit, 429)))), demand},
		{"the first circuit counts", errors.Join(open(7*time.Second), open(time.Hour)), seven},
		{"a cause below ours", &fault.Error{Kind: fault.Caller, Err: open(7 * time.Second)}, seven},
		{"by As", translatedError{&fault.Error{Kind: fault.Service}}, down},
		{"by As, nil", translatedError{}, ""},
		{"a bare sentinel", fmt.Errorf("x: %w", fault.ErrRateLimit), demand},
		{"another", fmt.Errorf("x: %w", fault.ErrQuota), down},
		{"a mistake's sentinel", fault.ErrCaller, ""},
	} {
		if got := fault.UserMessage(row.err); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	if fault.MessageHighDemand != demand || fault.MessageUnavailable != down || fault.MessageRetryIn(7*time.Second) != seven {
		t.Error("the exported words differ")
	}
}
