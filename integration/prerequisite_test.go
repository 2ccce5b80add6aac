package integration

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"
)

// missing ends a test that lacks something that is not Go's: it is skipped on
// a contributor's machine, where "make test" says so once more at its end, and
// fails in CI, where all must run.
func missing(t *testing.T, what, how string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("MISSING in CI: %s: %s", what, how)
	}
	t.Skipf("NOT RUN for want of %s: %s", what, how)
}

// needFile returns the absolute path of a file that the test cannot do without.
func needFile(t *testing.T, path, how string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		missing(t, path, how)
	}
	return path
}

// sharedFile returns a file of the folder that lies beside the repository, or
// where RECLOSER_SHARED says.
func sharedFile(t *testing.T, name string) string {
	t.Helper()
	folder := cmp.Or(os.Getenv("RECLOSER_SHARED"), filepath.Join("..", "..", "shared"))
	return needFile(t, filepath.Join(folder, name), "put it there, or set RECLOSER_SHARED to the folder that has it")
}
