package integration

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// clientSuite is the official Go client's source, its own tests included,
// unpacked to a folder of its own.
type clientSuite struct {
	folder string
}

// The version whose tests fit shared/openapi/openai.openapi.yml; a newer one
// tests endpoints that the file lacks.
const clientSuiteModule = "github.com/openai/openai-go/v3@v3.52.0"

// unpackClientSuite copies the suite from the module cache, where nothing may
// be written.
func unpackClientSuite(t *testing.T) clientSuite {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", clientSuiteModule)
	cmd.Dir = t.TempDir()
	cmd.Env = environment(nil, "GOWORK=off", "GOFLAGS=")
	out, err := cmd.Output()
	var module struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &module); err != nil || jsonErr != nil || module.Dir == "" {
		missing(t, clientSuiteModule, fmt.Sprintf("go mod download: %v %s", err, module.Error))
	}
	folder := filepath.Join(t.TempDir(), "suite")
	if err := os.CopyFS(folder, os.DirFS(module.Dir)); err != nil {
		t.Fatal(err)
	}
	// go build writes to go.mod and go.sum, which the cache holds read-only.
	for _, name := range []string{"go.mod", "go.sum"} {
		if err := os.Chmod(filepath.Join(folder, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return clientSuite{folder}
}

// suiteResult maps each test, as package and name, to "pass", "skip" or "fail".
type suiteResult map[string]string

// run lets the suite call the API at url.
func (s clientSuite) run(t *testing.T, url string) suiteResult {
	t.Helper()
	// -trimpath, or the build cache would hold each scratch folder's packages
	// to be new ones, and the suite take a minute more.
	cmd := exec.Command("go", "test", "-json", "-count=1", "-vet=off", "-trimpath", "./...")
	cmd.Dir = s.folder
	cmd.Env = environment([]string{"OPENAI_"}, "GOWORK=off", "GOFLAGS=-mod=mod", "TEST_API_BASE_URL="+url)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	result, output := readSuite(stdout.Bytes())
	if err != nil {
		t.Errorf("the client's suite at %s: %v\n%s%s", url, err, output, stderr.String())
	}
	t.Logf("the client's suite at %s: %d passed, %d skipped, %d failed, in %.1f s",
		url, result.count("pass"), result.count("skip"), result.count("fail"), time.Since(began).Seconds())
	return result
}

// readSuite reads the -json lines of go test. The output is of what failed.
func readSuite(lines []byte) (suiteResult, string) {
	result := suiteResult{}
	printed := map[string]string{}
	var failed strings.Builder
	scanner := bufio.NewScanner(bytes.NewReader(lines))
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var e struct{ Action, Package, Test, ImportPath, Output string }
		if json.Unmarshal(scanner.Bytes(), &e) != nil {
			continue
		}
		name := e.Package + e.ImportPath + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			printed[name] += e.Output
		case "pass", "skip", "fail":
			if e.Test != "" {
				result[name] = e.Action
			}
		}
		if e.Action == "fail" || e.Action == "build-fail" {
			failed.WriteString(printed[name])
		}
	}
	return result, failed.String()
}

func (r suiteResult) count(action string) int {
	n := 0
	for _, a := range r {
		if a == action {
			n++
		}
	}
	return n
}

// differences names the tests that did not end in both as in each other.
func (r suiteResult) differences(other suiteResult) []string {
	var found []string
	for name, action := range r {
		if other[name] != action {
			found = append(found, fmt.Sprintf("%s: %q, then %q", name, action, other[name]))
		}
	}
	for name, action := range other {
		if _, ok := r[name]; !ok {
			found = append(found, fmt.Sprintf("%s: not run, then %q", name, action))
		}
	}
	slices.Sort(found)
	return found
}
