package history

import (
	"fmt"
	"slices"
	"testing"
)

// atLeast compares versions of SQLite.
func atLeast(version string, want ...int) bool {
	got := make([]int, 3)
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &got[0], &got[1], &got[2]); err != nil {
		return false
	}
	return slices.Compare(got, want) >= 0
}

func TestAtLeast(t *testing.T) {
	for version, want := range map[string]bool{"3.51.3": true, "3.54.1": true, "3.51.2": false, "3.9.9": false, "4.0.0": true, "": false} {
		if atLeast(version, 3, 51, 3) != want {
			t.Error(version)
		}
	}
}
