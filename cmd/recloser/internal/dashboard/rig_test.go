package dashboard

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/guard"
)

// rig is a dashboard over a guard whose service answers as the test says.
type rig struct {
	*testing.T
	*Dashboard
	live  *Live
	guard *guard.Guard
	mu    sync.Mutex
	reply func(*http.Request) (int, http.Header) // status and headers of the service's answer
	noted []report.Event
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func newRig(t *testing.T, change ...func(*Config, *guard.Config)) *rig {
	t.Helper()
	r := &rig{T: t, live: NewLive(nil), reply: func(*http.Request) (int, http.Header) { return 200, nil }}
	c := Config{Live: r.live, Version: "v1", Record: func(e report.Event) { r.noted = append(r.noted, e) }}
	g := guard.Config{Breaker: breaker.Config{FailureThreshold: 2, BaseTimeout: time.Hour, ResetTimeout: time.Hour}}
	g.Retry.MaxRetries = -1
	for _, f := range change {
		f(&c, &g)
	}
	g.Observe, g.Breaker.OnTransition, g.Gate.OnTransition = r.live.Observe, r.live.Transition, r.live.GateTransition
	var err error
	r.guard, err = guard.New(transport(r.answer), g)
	if err != nil {
		t.Fatal(err)
	}
	c.Guard = r.guard
	r.Dashboard = New(c)
	return r
}

// answer is what the service does.
func (r *rig) answer(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	reply := r.reply
	r.mu.Unlock()
	status, h := reply(req)
	if h == nil {
		h = http.Header{}
	}
	h.Set("Content-Type", "application/json")
	const body = `{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]}`
	return &http.Response{
		StatusCode: status, Header: h, Request: req, ContentLength: int64(len(body)), ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// now sets what the service answers from now on.
func (r *rig) now(status int, header ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reply = func(*http.Request) (int, http.Header) {
		h := http.Header{}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return status, h
	}
}

// call makes a call of a model.
func (r *rig) call(model string) int {
	r.Helper()
	body, _ := json.Marshal(map[string]string{"model": model})
	req := httptest.NewRequest(http.MethodPost, "http://host/v1/chat/completions", strings.NewReader(string(body)))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer sk-secret")
	req.RequestURI = ""
	resp, err := r.guard.RoundTrip(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// do makes a request and returns the answer's status and body.
func (r *rig) do(method, target, body string, header ...string) (int, string, http.Header) {
	r.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w.Code, w.Body.String(), w.Header()
}

// get reads JSON.
func get[T any](r *rig, target string) (v T) {
	r.Helper()
	status, body, _ := r.do("GET", target, "")
	if status != http.StatusOK {
		r.Fatalf("%s: %d %s", target, status, body)
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		r.Fatalf("%s: %v: %s", target, err, body)
	}
	return v
}

// jsonRow is a row as the page reads it.
type jsonRow struct {
	Name, Parent, State, Mode, Why, Cause, Users string
	Since, Until                                 *time.Time
	TotalCalls                                   int64    `json:"total_calls"`
	RefusedCalls                                 int64    `json:"refused_calls"`
	Rate, P50                                    *float64 `json:",omitempty"`
	FailureRate                                  *float64 `json:"failure_rate"`
	InFlight                                     *int     `json:"in_flight"`
	RetriesLeft                                  *float64 `json:"retries_left"`
	Ribbon                                       []string
}

type jsonOverview struct {
	Now      time.Time
	Version  string
	Seq      uint64
	Bypass   bool
	History  struct{ State, Reason string }
	Circuits []jsonRow
	Gates    []map[string]any
}

func (o *jsonOverview) row(name string) *jsonRow {
	for i := range o.Circuits {
		if o.Circuits[i].Name == name {
			return &o.Circuits[i]
		}
	}
	return &jsonRow{}
}

// at is the address of something about a circuit.
func at(name, what string) string { return "/api/circuits/" + url.PathEscape(name) + "/" + what }

// opened is that the circuit host/m has opened.
func opened(at time.Time) breaker.Transition {
	return breaker.Transition{Name: "host/m", Parent: "host", At: at, From: breaker.Closed, To: breaker.Open}
}
