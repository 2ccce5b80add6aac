package integration

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

// The official Node client too gets the backup's answer whenever there is one to
// be had, and is told when there is none. docs/fallback.md has all of the faults,
// met by the Go client.
func TestFallbackNode(t *testing.T) {
	node := startNodeSDK(t)
	for _, f := range []struct {
		name, op string
		fault    openaitest.Fault
		broken   bool
	}{
		{name: "503", op: opChat, fault: openaitest.Down{}},
		{name: "429", op: opChat, fault: openaitest.RateLimited{RetryAfter: time.Minute}},
		{name: "401", op: opChat, fault: openaitest.APIError{Status: 401}},
		{name: "HTML", op: opChat, fault: openaitest.HTML{}},
		{name: "503, streamed", op: opChatStream, fault: openaitest.Down{}},
		{name: "first event an error", op: opChatStream, fault: openaitest.ErrorEvent{}},
		{name: "a broken event", op: opChatStream, fault: openaitest.BrokenEvent{After: 1}},
		{name: "cut after 20", op: opChatStream, fault: openaitest.Cut{After: 20}, broken: true},
	} {
		t.Run(f.name, func(t *testing.T) {
			c := startChain(t, slowly(f.fault), chainLines...)
			saw := node.call(t, c.chat(f.op))
			switch {
			case saw.Requests != 1:
				t.Errorf("the client made %d requests", saw.Requests)
			case f.broken:
				if saw.Error == nil || saw.Pieces == 0 || saw.Target != "primary" || saw.Attempts != "1" {
					t.Errorf("want text and then an error: %+v", saw)
				}
			case !saw.whole(f.op == opChatStream) || saw.Target != "backup" || saw.Attempts != "2":
				t.Errorf("want the backup's answer at the second attempt: %+v", saw)
			}
		})
	}
}

// stopwatch measures from the end of the primary's handler to the beginning of
// the backup's.
type stopwatch struct {
	mu     sync.Mutex
	failed time.Time
	took   []time.Duration
}

func (s *stopwatch) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = time.Now()
}

func (s *stopwatch) stop() {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, now.Sub(s.failed))
}

// A backup that is ready is called within 5 ms of the primary's failure: there is
// no pause for backing off.
func TestFallbackIsImmediate(t *testing.T) {
	const rounds = 300
	for name, fail := range map[string]http.HandlerFunc{
		"503": func(w http.ResponseWriter, _ *http.Request) {
			failWith(w, http.StatusServiceUnavailable, "application/json", `{"error":{"message":"down"}}`)
		},
		"HTML":  func(w http.ResponseWriter, _ *http.Request) { failWith(w, http.StatusOK, "text/html", "<html></html>") },
		"reset": func(w http.ResponseWriter, _ *http.Request) { reset(w) },
	} {
		t.Run(name, func(t *testing.T) {
			var watch stopwatch
			primary := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer watch.start()
				fail(w, r)
			}))
			defer primary.Close()
			api, err := openaitest.New(openaitest.Config{})
			if err != nil {
				t.Fatal(err)
			}
			backup := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				watch.stop()
				api.ServeHTTP(w, r)
			}))
			defer backup.Close()
			serve := startServeFile(t, nil, []string{
				"upstream: " + primary.URL + "/v1",
				"targets: [{name: primary}, {name: backup, url: " + backup.URL + "/v1}]",
				"breaker: {failure_threshold: 1000000}",
			})
			for range rounds {
				if said := serve.chat(t, "m"); said.Status != http.StatusOK || said.Header.Get("Recloser-Target") != "backup" {
					t.Fatalf("%+v", said)
				}
			}
			slices.Sort(watch.took)
			if len(watch.took) != rounds {
				t.Fatalf("%d rounds, not %d", len(watch.took), rounds)
			}
			median, late := watch.took[rounds/2], watch.took[rounds*99/100]
			t.Logf("fallback after %s: median %v, p99 %v, longest %v", name, median, late, watch.took[rounds-1])
			if median >= 5*time.Millisecond { // of the p99 a busy machine has its part
				t.Errorf("half of the calls were with the backup only %v after the primary had failed, or later", median)
			}
		})
	}
}
