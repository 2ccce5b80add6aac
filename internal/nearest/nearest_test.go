package nearest_test

import (
	"strings"
	"testing"

	"github.com/recloser/recloser/internal/nearest"
)

func TestNearest(t *testing.T) {
	names := []string{"retries", "retry-strategy", "mode", "listen", "count"}
	for name, want := range map[string]string{
		"retrys": "retries", "retry": "", "lsiten": "listen", "mod": "mode", "modes": "mode", "cuont": "count",
		"": "", "zzz": "", "xretriesx": "retries", strings.Repeat("retries", 1000): "",
	} {
		if got := nearest.Of(name, names); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
