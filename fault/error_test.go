package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
)

var sentinels = map[string]error{
	"service": fault.ErrService, "overload": fault.ErrOverload, "timeout": fault.ErrTimeout, "rate_limit": fault.ErrRateLimit,
	"quota": fault.ErrQuota, "caller": fault.ErrCaller, "cancelled": fault.ErrCancelled,
}

func TestSentinels(t *testing.T) {
	for _, row := range []struct {
		name string
		err  fault.Error
		is   []string
	}{
		{"service", fault.Error{Kind: fault.Service, Status: 500}, []string{"service"}},
		{"overload 503", fault.Error{Kind: fault.Overload, Status: 503}, []string{"overload", "service"}},
		{"overload 500", fault.Error{Kind: fault.Overload, Status: 500}, []string{"overload", "service"}},
		{"timeout 499", fault.Error{Kind: fault.Timeout, Status: 499}, []string{"timeout"}},
		{"overload 429", fault.Error{Kind: fault.Overload, Status: 429}, []string{"overload", "rate_limit"}},
		{"overload in a stream", fault.Error{Kind: fault.Overload, Status: 200}, []string{"overload"}},
		{"timeout 504", fault.Error{Kind: fault.Timeout, Status: 504}, []string{"timeout", "service"}},
		{"timeout without an answer", fault.Error{Kind: fault.Timeout}, []string{"timeout"}},
		{"rate limit", fault.Error{Kind: fault.RateLimit, Status: 429}, []string{"rate_limit"}},
		{"quota 429", fault.Error{Kind: fault.Quota, Status: 429}, []string{"quota"}},
		{"quota 503", fault.Error{Kind: fault.Quota, Status: 503}, []string{"quota"}},
		{"caller", fault.Error{Kind: fault.Caller, Status: 500}, []string{"caller"}},
		{"cancelled", fault.Error{Kind: fault.Cancelled}, []string{"cancelled"}},
	} {
		want := map[string]bool{}
		for _, name := range row.is {
			want[name] = true
		}
		for name, sentinel := range sentinels {
			if got := errors.Is(fmt.Errorf("call: %w", &row.err), sentinel); got != want[name] {
				t.Errorf("%s is %s: %v", row.name, name, got)
			}
		}
		if row.err.Is(nil) || row.err.Is(io.EOF) {
			t.Errorf("%s is anything", row.name)
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]*fault.Error{
		"fault: rate limit (429 rate_limit_exceeded, request req_123, retry after 2s)": {
			Kind: fault.RateLimit, Status: 429, Code: "rate_limit_exceeded", RequestID: "req_123", RetryAfter: 2 * time.Second},
		"fault: service failure (500)":        {Kind: fault.Service, Status: 500},
		"fault: quota exhausted":              {Kind: fault.Quota},
		"fault: timeout (deadline)":           {Kind: fault.Timeout, Code: "deadline", Err: context.DeadlineExceeded},
		"fault: caller's mistake (400)":       {Kind: fault.Caller, Status: 400, Code: "not a code"},
		"fault: cancelled (cancelled)":        {Kind: fault.Cancelled, Code: "cancelled"},
		"fault: success":                      {},
		"fault: service failure (truncated)":  {Kind: fault.Service, Code: "truncated", Err: io.ErrUnexpectedEOF},
		"fault: service overloaded (503 x-1)": {Kind: fault.Overload, Status: 503, Code: "x-1"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if got := fmt.Sprintf("%+v", *e); got != want {
			t.Errorf("%%+v of a copy: %s", got)
		}
		if got := fmt.Sprintf("%q", e); got != fmt.Sprintf("%q", want) {
			t.Errorf("%%q: %s", got)
		}
	}
}

func TestRetryableByKind(t *testing.T) {
	for kind, want := range map[fault.Kind]bool{
		fault.Success: false, fault.Service: true, fault.Overload: true, fault.Timeout: true, fault.RateLimit: true,
		fault.Quota: false, fault.Caller: false, fault.Cancelled: false,
	} {
		for advice, want := range map[fault.Advice]bool{
			fault.Unsaid: want,
			fault.Stop:   false,
			fault.Retry:  want || kind == fault.Caller,
		} {
			e := &fault.Error{Kind: kind, Advice: advice}
			if e.Retryable() != want {
				t.Errorf("%v, %v: %v", kind, advice, e.Retryable())
			}
		}
	}
	if e := (&fault.Error{Kind: fault.Caller, Status: 200, Code: "conversation_locked"}); !e.Retryable() {
		t.Error("conversation_locked in a stream does not pass")
	}
}

func TestKindAsText(t *testing.T) {
	names := []string{"success", "service", "overload", "timeout", "rate_limit", "quota", "caller", "cancelled"}
	for i, name := range names {
		k := fault.Kind(i)
		if k.String() != name {
			t.Errorf("kind %d: %s", i, k)
		}
		text, err := json.Marshal(k)
		var back fault.Kind
		if err != nil || json.Unmarshal(text, &back) != nil || back != k {
			t.Errorf("%s: %s, back %v, %v", name, text, back, err)
		}
	}
	beyond := fault.Kind(len(names))
	if _, err := beyond.MarshalText(); err == nil || beyond.String() != "kind(8)" {
		t.Errorf("beyond the last: %v, %v", beyond, err)
	}
	k := fault.Quota
	if k.UnmarshalText([]byte("QUOTA")) == nil || k != fault.Quota {
		t.Error("an unknown name is read")
	}
}

func TestAdviceAsText(t *testing.T) {
	for a, want := range map[fault.Advice]string{fault.Unsaid: "unsaid", fault.Retry: "retry", fault.Stop: "stop"} {
		if a.String() != want {
			t.Errorf("got %s, want %s", a, want)
		}
	}
}
