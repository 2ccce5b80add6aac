package integration

import (
	"net/http"
	"strings"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// In mode observe nothing is refused, and what would have been is counted.
func TestServeObserves(t *testing.T) {
	api := openaitest.Start(t, openaitest.Config{Fault: openaitest.Down{}})
	serve := startServe(t, "--upstream", api.BaseURL, "--mode", "observe", "--failure-threshold", "2",
		"--retries", "0", "--base-timeout", "30s")
	for range 5 {
		said := serve.chat(t, "m")
		if said.Status != http.StatusServiceUnavailable || said.Header.Get("Recloser-Kind") != "service" ||
			said.Header.Get("X-Should-Retry") != "" {
			t.Errorf("%+v", said)
		}
	}
	want := circuit{
		Name: strings.TrimPrefix(api.URL, "http://") + "/m", State: "open",
		TotalCalls: 5, FailedCalls: 5, WouldRefuse: 3,
	}
	if c := serve.circuit(t, want.Name); c != want {
		t.Errorf("%+v", c)
	}
	if n := api.Counts().Attempts; n != 5 {
		t.Errorf("%d attempts", n)
	}
}

// What a circuit counts: by default attempts, and retries end the moment it
// opens; else calls, with all their retries.
func TestServeCounts(t *testing.T) {
	tests := map[string]struct {
		attempts []int64 // at the service after each call
		want     circuit // afterwards
	}{
		"attempt": {[]int64{2, 3, 3}, circuit{State: "open", TotalCalls: 3, FailedCalls: 3}},
		"call":    {[]int64{2, 4, 6}, circuit{State: "open", TotalCalls: 3, FailedCalls: 3}},
	}
	for count, tt := range tests {
		t.Run(count, func(t *testing.T) {
			api := openaitest.Start(t, openaitest.Config{Fault: openaitest.Down{}})
			serve := startServe(t, "--upstream", api.BaseURL, "--count", count, "--failure-threshold", "3",
				"--retries", "1", "--retry-base-delay", "10ms", "--base-timeout", "30s")
			for i, attempts := range tt.attempts {
				said := serve.chat(t, "m")
				if said.Status != http.StatusServiceUnavailable {
					t.Errorf("call %d: %+v", i+1, said)
				}
				if n := api.Counts().Attempts; n != attempts {
					t.Errorf("%d attempts after call %d, not %d", n, i+1, attempts)
				}
			}
			checkErrorObject(t, serve.chat(t, "m"), http.StatusServiceUnavailable, "circuit_open")
			got := serve.circuit(t, strings.TrimPrefix(api.URL, "http://")+"/m")
			if got.State != tt.want.State || got.TotalCalls != tt.want.TotalCalls || got.FailedCalls != tt.want.FailedCalls {
				t.Errorf("%+v, not %+v", got, tt.want)
			}
		})
	}
}
