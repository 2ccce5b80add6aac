package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/openaitest"
	"github.com/recloser/recloser/retry"
)

// hurried is a run of two seconds, with a proxy in step with it.
func hurried() Options {
	return Options{
		StartProxy: smallProxy, Seed: 7, policy: hasty(),
		script: script{
			phases: []phase{
				{nil, 300 * time.Millisecond, "healthy"},
				{openaitest.Down{}, 700 * time.Millisecond, "down"},
				{openaitest.Reset{}, 300 * time.Millisecond, "unreachable"},
				{nil, 700 * time.Millisecond, "healthy again"},
			},
			calls: 25, grace: 2 * time.Second, answer: 5 * time.Millisecond,
		},
	}
}

// smallProxy is as much of the real one, which this package must not know, as
// the demo looks at.
func smallProxy(_ context.Context, upstream string, onTransition func(breaker.Transition)) (string, string, func(), error) {
	target, err := url.Parse(upstream)
	if err != nil {
		return "", "", nil, err
	}
	g, err := guard.New(nil, guard.Config{
		Breaker: breaker.Config{BaseTimeout: 50 * time.Millisecond, OnTransition: onTransition},
		Retry:   retry.Config{BaseDelay: 5 * time.Millisecond},
	})
	if err != nil {
		return "", "", nil, err
	}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Transport: g,
		Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host },
		ModifyResponse: func(r *http.Response) error {
			r.Header.Set("X-Should-Retry", "false")
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.Header().Set("X-Should-Retry", "false")
			code := "no_answer"
			if errors.Is(err, breaker.ErrOpen) {
				code = codeCircuitOpen
			}
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, `{"error":{"message":"Please try again in 1 second.","code":%q}}`, code)
		},
	})
	return server.URL, "http://admin.example", func() { server.Close(); g.CloseIdleConnections() }, nil
}

// begun is a show in step, stopped and closed with the test.
func begun(t *testing.T, opts Options) *show {
	t.Helper()
	s, err := newShow(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}
