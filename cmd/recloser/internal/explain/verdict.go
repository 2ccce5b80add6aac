package explain

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

// verdict is what is said about an exchange.
type verdict struct {
	Kind        string   `json:"kind"`         // of fault
	Counts      bool     `json:"counts"`       // as a failure, for a circuit
	Retry       bool     `json:"retry"`        // it may be sent again
	WaitSeconds *float64 `json:"wait_seconds"` // that the service asks for
	UserMessage *string  `json:"user_message"` // words for an end user
	Why         string   `json:"why"`
}

// judge plays an exchange to a guard of its own, and tells what became of it.
func judge(ctx context.Context, x exchange) (verdict, error) {
	var ended guard.Event
	g, err := guard.New(replayed{x}, guard.Config{
		Retry:   retry.Config{MaxRetries: -1},
		Breaker: breaker.Config{Mode: breaker.Observe},
		Observe: func(_ context.Context, e guard.Event) {
			if e.Type == guard.CallEnded {
				ended = e
			}
		},
	})
	if err != nil {
		return verdict{}, err
	}
	req, err := http.NewRequestWithContext(ctx, x.method, "http://upstream"+x.path, http.NoBody)
	if err != nil {
		return verdict{}, err
	}
	resp, err := g.RoundTrip(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body) // its error is in the event
		_ = resp.Body.Close()
	}
	v := verdict{Kind: ended.Kind.String(), Counts: counted(g), Why: "The service answered as asked."}
	if f := ended.Fault; f != nil {
		begun := ended.Content > 0 && mediaType(x.header) == "text/event-stream"
		v.Retry = f.Retryable() && (f.NotDone || guard.SafeToRepeat(req)) && !begun
		v.Why = reason(f)
		if words := fault.UserMessage(f); words != "" {
			v.UserMessage = &words
		}
		if f.RetryAfter > 0 {
			seconds := f.RetryAfter.Round(time.Millisecond).Seconds()
			v.WaitSeconds = &seconds
		}
	}
	return v, nil
}

// counted tells whether a circuit recorded a failure.
func counted(g *guard.Guard) bool {
	for _, b := range g.Circuits().All() {
		if b.Metrics().FailedCalls > 0 {
			return true
		}
	}
	return false
}

// reason is one sentence: what it means, and by which row and signals.
func reason(f *fault.Error) string {
	signals := make([]string, 0, 4)
	if f.Row != "" {
		signals = append(signals, "row "+strconv.Quote(f.Row))
	}
	if f.Status != 0 {
		signals = append(signals, "status "+strconv.Itoa(f.Status))
	}
	if f.Code != "" {
		signals = append(signals, "code "+f.Code)
	}
	if f.Type != "" {
		signals = append(signals, "type "+f.Type)
	}
	return strings.TrimSuffix(f.Why, ".") + " (" + strings.Join(signals, ", ") + ")."
}

// replayed is a transport that answers with a recorded exchange.
type replayed struct{ x exchange }

func (r replayed) RoundTrip(req *http.Request) (*http.Response, error) {
	if r.x.status == 0 {
		return nil, transportFault(r.x.transport)
	}
	resp := &http.Response{
		StatusCode: r.x.status, Status: strconv.Itoa(r.x.status) + " " + http.StatusText(r.x.status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: r.x.header, Body: http.NoBody, ContentLength: -1, Request: req,
	}
	if n, err := strconv.ParseInt(r.x.header.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		resp.ContentLength = n
	}
	switch {
	case r.x.transport != "":
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(r.x.body), broken{transportFault(r.x.transport)}))
	case len(r.x.body) > 0:
		resp.Body = io.NopCloser(bytes.NewReader(r.x.body))
	}
	return resp, nil
}

// broken is a connection that is broken off.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
