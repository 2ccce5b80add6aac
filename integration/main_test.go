// Package integration drives the whole binary from outside, as its users do:
// with the official clients, over real sockets, against upstreams that it did
// not write. Its tests need more than Go; "make setup" installs that, and
// prerequisite_test.go says what happens without it.
package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// program is the recloser binary, built once for all tests when the first one
// asks for it.
type program struct {
	folder string
	once   sync.Once
	path   string
	err    error
}

var recloser program

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	folder, err := os.MkdirTemp("", "recloser-integration-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	recloser.folder = folder
	return m.Run()
}

// binary returns the path of the program, built under the race detector if the
// tests are.
func binary(t *testing.T) string {
	t.Helper()
	recloser.once.Do(func() {
		recloser.path = filepath.Join(recloser.folder, "recloser")
		args := []string{"build", "-o", recloser.path}
		if raceEnabled {
			args = append(args, "-race")
		}
		cmd := exec.Command("go", append(args, "./cmd/recloser")...)
		cmd.Dir = ".."
		if out, err := cmd.CombinedOutput(); err != nil {
			recloser.err = fmt.Errorf("go build ./cmd/recloser: %w\n%s", err, out)
		}
	})
	if recloser.err != nil {
		t.Fatal(recloser.err)
	}
	return recloser.path
}
