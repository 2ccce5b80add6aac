package integration

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// clientSuite is the official Go client's own tests, compiled.
type clientSuite struct {
	packages []suitePackage
}

// suitePackage is a package of it that has tests.
type suitePackage struct {
	name, folder, program string
}

// The version whose tests fit shared/openapi/openai.openapi.yml; a newer one
// tests endpoints that the file lacks.
const clientSuiteModule = "github.com/openai/openai-go/v3@v3.52.0"

// buildClientSuite copies the client from the module cache, where nothing may be
// written, and compiles its tests.
func buildClientSuite(t *testing.T) clientSuite {
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
	programs := t.TempDir()
	// -trimpath, or the build cache would hold each scratch folder's packages
	// to be new ones, and the suite take a minute more.
	suiteGo(t, folder, "test", "-c", "-trimpath", "-vet=off", "-o", programs+string(filepath.Separator), "./...")
	var suite clientSuite
	list := suiteGo(t, folder, "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.Dir}}{{end}}", "./...")
	for line := range strings.Lines(list) {
		name, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		program := filepath.Join(programs, path.Base(strings.TrimSuffix(name, "/v3"))+".test")
		suite.packages = append(suite.packages, suitePackage{name, dir, program})
	}
	return suite
}

// suiteGo runs the go command on the client's module.
func suiteGo(t *testing.T, folder string, args ...string) (output string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = folder
	cmd.Env = environment(nil, "GOWORK=off", "GOFLAGS=-mod=mod")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, stderr.String())
	}
	return stdout.String()
}

// suiteResult maps each test, as package and name, to "pass", "skip" or "fail".
type suiteResult map[string]string

// pass lets the suite call the API at url, where all of it must pass.
func (s clientSuite) pass(t *testing.T, url string) suiteResult {
	t.Helper()
	result, failed := s.run(t, url)
	if failed != nil {
		t.Errorf("the client's suite at %s: %v", url, failed)
	}
	return result
}

// run lets the suite call the API at url. The error has the output of what
// failed.
func (s clientSuite) run(t *testing.T, url string) (suiteResult, error) {
	t.Helper()
	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		result = suiteResult{}
		failed error
	)
	began := time.Now()
	for _, p := range s.packages {
		all.Go(func() {
			cmd := exec.Command("go", "tool", "test2json", "-p", p.name, p.program, "-test.v=test2json", "-test.timeout=5m")
			cmd.Dir = p.folder
			cmd.Env = environment([]string{"OPENAI_"}, "GOWORK=off", "GOFLAGS=", "TEST_API_BASE_URL="+url)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			mu.Lock()
			defer mu.Unlock()
			output := result.read(stdout.Bytes())
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s: %w\n%s%s", p.name, err, output, stderr.String()))
			}
		})
	}
	all.Wait()
	t.Logf("the client's suite at %s: %d passed, %d skipped, %d failed, in %.1f s",
		url, result.count("pass"), result.count("skip"), result.count("fail"), time.Since(began).Seconds())
	return result, failed
}

// read takes in the lines of test2json. The output is of what failed.
func (r suiteResult) read(lines []byte) (output string) {
	printed := map[string]string{}
	var failed strings.Builder
	scanner := bufio.NewScanner(bytes.NewReader(lines))
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var e struct{ Action, Package, Test, Output string }
		if json.Unmarshal(scanner.Bytes(), &e) != nil {
			continue
		}
		name := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			printed[name] += e.Output
		case "pass", "skip", "fail":
			if e.Test != "" {
				r[name] = e.Action
			}
		}
		if e.Action == "fail" {
			failed.WriteString(printed[name])
		}
	}
	return failed.String()
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

// same demands that the other result is the same.
func (r suiteResult) same(t *testing.T, other suiteResult) {
	t.Helper()
	for _, d := range r.differences(other) {
		t.Errorf("direct, then proxied: %s", d)
	}
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
