package guard_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/recloser/recloser/guard"
)

// An observer adds a header to an attempt; it is in no other, and not in what the
// caller gave. In an event without a request it does nothing.
func TestHeaderOfAnAttempt(t *testing.T) {
	var sent []http.Header
	base := answer(func(r *http.Request) (*http.Response, error) {
		sent = append(sent, r.Header)
		if len(sent) == 1 {
			return respond(r, 503, text("")), nil
		}
		return respond(r, 200, text(`{}`), "Content-Type", "application/json"), nil
	})
	cfg := quick
	cfg.Observe = func(_ context.Context, e guard.Event) {
		e.SetHeader("traceparent", fmt.Sprint("attempt ", e.Attempt))
		if e.Attempt == 2 {
			e.SetHeader("tracestate", "")
			e.SetHeader("Added", "1")
		}
		if e.Type == guard.AttemptBegun && (e.Request.URL.Path != "/v1/chat/completions" || e.Model != "gpt-5" || e.Stream || e.Probe) {
			t.Errorf("%+v", e)
		}
	}
	g, err := guard.New(base, cfg)
	if err != nil {
		t.Fatal(err)
	}
	req := newPost(t, "http://api", chat)
	given := http.Header{"traceparent": {"caller's"}, "Tracestate": {"caller's"}, "Authorization": {"Bearer x"}}
	req.Header = given.Clone()
	resp, err := g.RoundTrip(req)
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if !reflect.DeepEqual(req.Header, given) {
		t.Errorf("the caller's headers are now %v", req.Header)
	}
	for i, h := range sent {
		var got string
		for name, values := range h { // in any spelling
			if strings.EqualFold(name, "traceparent") {
				got += strings.Join(values, ",")
			}
		}
		if got != fmt.Sprint("attempt ", i+1) || h.Get("Authorization") != "Bearer x" {
			t.Errorf("attempt %d had %v", i+1, h)
		}
		if second := i == 1; second != (h.Get("Added") == "1") || second != (h.Get("Tracestate") == "") {
			t.Errorf("attempt %d had %v", i+1, h)
		}
	}
	if len(sent) != 2 {
		t.Errorf("%d attempts", len(sent))
	}
}

// Events tell what a call was about, also that of its end, and the service's id.
func TestWhatEventsAreAbout(t *testing.T) {
	r := newRig(t, answer(func(in *http.Request) (*http.Response, error) {
		return respond(in, 200, text(`{}`), "Content-Type", "application/json", "X-Request-Id", "req_1"), nil
	}), once)
	resp, err := r.RoundTrip(newPost(t, "http://api", `{"model":"m","stream":true}`))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	for _, e := range r.events {
		if e.Model != "m" || !e.Stream || (e.Request != nil) != (e.Type == guard.AttemptEnded) || (e.RequestID == "req_1") != (e.Type == guard.AttemptEnded) {
			t.Errorf("%+v", e)
		}
	}
	if len(r.events) != 2 {
		t.Errorf("%d events", len(r.events))
	}
}
