package integration

import (
	"strings"
	"testing"
)

// What the client's suite did at the mock when this was written: with less of
// it, the test would prove less than it says.
const (
	suitePasses   = 854 // tests and subtests, in 18 packages; one more is skipped
	suiteRequests = 535
)

// The official Go client's own tests, which nobody here wrote, must end through
// the proxy as they do without it.
func TestConformanceClientSuite(t *testing.T) {
	mock := startSteady(t)
	suite := unpackClientSuite(t)
	serve := startServe(t, "--upstream", mock)

	direct := suite.run(t, mock)
	if passed := direct.count("pass"); passed < suitePasses || t.Failed() {
		t.Fatalf("direct: %d tests passed, not at least %d", passed, suitePasses)
	}
	proxied := suite.run(t, "http://"+serve.Proxy)
	for _, d := range direct.differences(proxied) {
		t.Errorf("direct, then proxied: %s", d)
	}
	checkCircuits(t, serve.circuits(t))
}

// checkCircuits demands that every call went through the upstream's circuit,
// and that the mistakes of callers, of which the suite makes some, opened none.
func checkCircuits(t *testing.T, circuits []circuit) {
	t.Helper()
	upstreams := 0
	for _, c := range circuits {
		if c.State != "closed" {
			t.Errorf("circuit %q is %s after %d failed calls of %d", c.Name, c.State, c.FailedCalls, c.TotalCalls)
		}
		if strings.Contains(c.Name, "/") {
			continue
		}
		upstreams++
		t.Logf("circuit %q: %d calls", c.Name, c.TotalCalls)
		if c.TotalCalls < suiteRequests {
			t.Errorf("circuit %q saw %d calls, not at least %d", c.Name, c.TotalCalls, suiteRequests)
		}
	}
	if upstreams != 1 {
		t.Errorf("%d circuits without a model, not 1: %+v", upstreams, circuits)
	}
}
