// Package examples has programs that show how to use Recloser. Each runs on its
// own, with no key and no network: go run ./examples/library.
package examples

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// Each example runs to its end and prints these lines, which are expressions.
func TestExamples(t *testing.T) {
	const seconds = `[12] seconds?`
	for name, want := range map[string][]string{
		"library": {
			`tell the user: Our AI service is temporarily unavailable\. We're working on it\.`,
			`tell the user: AI service is temporarily unavailable\. Please try again in ` + seconds + `\.`,
			`answered: \w.*`,
		},
		"anyhttp": {
			`200 OK after 3 attempts: success`,
			`503 Service Unavailable after 3 attempts: service`,
			`no answer after 0 attempts\. Tell the user: AI service is temporarily unavailable\. Please try again in [123] seconds?\.`,
		},
		"fallback": {
			`200 OK from the backup after 2 attempts`,
			`200 OK from the primary after 1 attempts`,
		},
		"breaker": {
			`called:  database: connection lost`,
			`  circuit database: open, was closed: consecutive failures`,
			`called:  database: connection lost`,
			`refused, without a call`,
			`  circuit database: half-open, was open: open period over`,
			`  circuit database: closed, was half-open: probe succeeded`,
			`called: 42 rows <nil>`,
			`3 calls, 2 failed, 1 refused`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), "go", "run", "./"+name).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			expected := regexp.MustCompile("^" + strings.Join(want, "\n") + "\n$")
			if !expected.Match(out) {
				t.Errorf("printed:\n%s", out)
			}
		})
	}
}
