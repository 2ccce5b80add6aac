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
// the proxy as they do without it: also if the service fails before it answers,
// as often as the proxy tries again.
func TestConformanceClientSuite(t *testing.T) {
	mock := startSteady(t)
	suite := buildClientSuite(t)
	direct := suite.pass(t, mock)
	if passed := direct.count("pass"); passed < suitePasses || t.Failed() {
		t.Fatalf("direct: %d tests passed, not at least %d", passed, suitePasses)
	}

	t.Run("proxied", func(t *testing.T) {
		t.Parallel()
		serve := startServe(t, "--upstream", mock)
		direct.same(t, suite.pass(t, "http://"+serve.Proxy))
		checkCircuits(t, serve.circuits(t))
	})
	t.Run("faults, all repeated", func(t *testing.T) {
		t.Parallel()
		rig := startFaultRig(t, mock, "--safe-to-repeat", "all")
		direct.same(t, suite.pass(t, rig.URL))
		rig.check(t, func(*suiteCall) bool { return true })
	})
	t.Run("faults, by default", func(t *testing.T) {
		t.Parallel()
		rig := startFaultRig(t, mock)
		result, _ := suite.run(t, rig.URL)
		rig.check(t, (*suiteCall).mayRepeat)
		rig.checkSeen(t)
		rig.checkResult(t, direct, result)
	})
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
