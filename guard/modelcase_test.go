package guard_test

import (
	"strings"
	"testing"
)

// Services whose JSON reader takes names in any case (Go's does) see both.
func TestModelInAnotherCaseIsTheTargetsToo(t *testing.T) {
	for _, body := range []string{`{"Model":"dear"}`, `{"model":"x","MODEL":"dear"}`} {
		if out, circuit := sent(t, cheap(), body, "application/json"); strings.Contains(out, "dear") || circuit != "api/cheap" {
			t.Errorf("%s: went out as %s on %s", body, out, circuit)
		}
	}
}
