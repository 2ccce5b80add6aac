package openaitest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// TestFaultsServeWithoutAServer puts faults in front of another handler.
func TestFaultsServeWithoutAServer(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	tests := []struct {
		fault  openaitest.Fault
		status int
	}{
		{openaitest.All{}, 204},
		{openaitest.All{nil, openaitest.Flaky{P: 1}}, 503},
		{openaitest.Flaky{P: 1, Fault: openaitest.Quota{}}, 429},
		{openaitest.First{N: 1}, 503},
		{openaitest.First{}, 204},
		{openaitest.Only{Model: "m"}, 204},
		{openaitest.Timeline{Phases: []openaitest.Phase{{Fault: openaitest.HTML{Status: 502}}}}, 502},
		{openaitest.Slow{Headers: 1}, 204},
		{openaitest.Cut{}, 204},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		tt.fault.Serve(w, httptest.NewRequest(http.MethodPost, "/", http.NoBody), next)
		if w.Code != tt.status {
			t.Errorf("%s: %d, want %d", tt.fault.Name(), w.Code, tt.status)
		}
	}
}

func TestNames(t *testing.T) {
	tests := map[string]openaitest.Fault{
		"healthy":   openaitest.All{nil, openaitest.Healthy{}},
		"slow+down": openaitest.All{openaitest.Slow{}, openaitest.Healthy{}, openaitest.Down{}},
		"error-500": openaitest.APIError{},
		"timeline":  openaitest.Timeline{},
	}
	for want, fault := range tests {
		if have := fault.Name(); have != want {
			t.Errorf("%+v is %q, want %q", fault, have, want)
		}
	}
}

func TestATimelineWithFaultsOfOnesOwnNamesThem(t *testing.T) {
	line := openaitest.Timeline{Phases: []openaitest.Phase{
		{Fault: nil, For: 1e9},
		{Fault: openaitest.Flaky{P: 0.5, Fault: teapot{}}},
	}}
	if have, want := line.String(), "healthy 1s, flaky 0.5 (teapot)"; have != want {
		t.Errorf("%q, want %q", have, want)
	}
}
