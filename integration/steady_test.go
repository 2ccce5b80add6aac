package integration

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// startSteady runs the API mock that answers by OpenAI's own API description,
// and refuses what does not fit it. It returns the mock's URL.
func startSteady(t *testing.T) string {
	t.Helper()
	description := sharedFile(t, "openapi/openai.openapi.yml")
	port := freePort(t)
	p := start(t, exec.Command(steady(t),
		"--host", "127.0.0.1", "--port", strconv.Itoa(port), "--quiet",
		"--validator-query-array-format=brackets", "--validator-form-array-format=brackets",
		"--validator-query-object-format=brackets", "--validator-form-object-format=brackets",
		description), nil)
	url := "http://127.0.0.1:" + strconv.Itoa(port)
	for deadline := time.Now().Add(time.Minute); !answers(t.Context(), url+"/_x-steady/health"); {
		select {
		case <-p.ended:
			t.Fatalf("steady ended before it answered: %v", p.cmd.ProcessState)
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("steady did not answer within a minute")
		}
	}
	return url
}

// steady returns the mock's native program: the one that npm puts into .bin is
// a script around it, which would not end together with it.
func steady(t *testing.T) string {
	t.Helper()
	system, processor := runtime.GOOS, runtime.GOARCH
	if system == "windows" {
		system = "win32"
	}
	if processor == "amd64" {
		processor = "x64"
	}
	return needFile(t, "node/node_modules/@stdy/cli-"+system+"-"+processor+"/bin/steady", "run make setup")
}

func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// freePort returns a port that was free a moment ago, for programs that cannot
// be told to choose one and say which.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
