package integration

import (
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// On SIGTERM /readyz fails first, while calls are still taken; then none are;
// the stream that was on its way ends as if nothing had happened; the exit code
// is 0.
func TestServeShutsDownInOrder(t *testing.T) {
	api := &steps{next: make(chan string)}
	url, _ := startUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/chat/completions" {
			api.ServeHTTP(w, r)
		}
	})
	serve := startServe(t, "--upstream", url, "--commit", "headers", "--drain-delay", "2s", "--shutdown-grace", "20s")
	lines := startStream(t, serve)
	api.next <- chunk("one", "null")
	receive(t, "the first event", lines)

	if err := serve.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "/readyz fails", func() bool { return serve.readyz(t) == http.StatusServiceUnavailable })
	if said := serve.do(t, http.MethodGet, "/v1/models", "", nil); said.Status != http.StatusOK {
		t.Errorf("a call just after: %+v", said)
	}
	eventually(t, "no more calls are taken", func() bool {
		conn, err := net.DialTimeout("tcp", serve.Proxy, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	if got := serve.readyz(t); got != http.StatusServiceUnavailable {
		t.Errorf("/readyz during the grace: %d", got)
	}

	for _, event := range []string{chunk("two", "null"), chunk("", `"stop"`), "[DONE]"} {
		api.next <- event
		if got := receive(t, event, lines); got != "data: "+event {
			t.Errorf("%q, not %q", got, event)
		}
	}
	close(api.next)
	if got, more := <-lines; more {
		t.Errorf("after the end: %q", got)
	}
	receive(t, "the process ends", serve.ended)
	if code := serve.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A stream that outlives the grace is told so and broken off, and does not look
// complete.
func TestServeBreaksOffAfterGrace(t *testing.T) {
	api := &steps{next: make(chan string)}
	url, _ := startUpstream(t, api.ServeHTTP)
	serve := startServe(t, "--upstream", url, "--commit", "headers", "--shutdown-grace", "100ms")
	lines := startStream(t, serve)
	api.next <- chunk("one", "null")
	receive(t, "the first event", lines)
	if err := serve.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, "an error event", lines); !strings.HasPrefix(got, `data: {"error":`) || !strings.Contains(got, `"code":"shutting_down"`) {
		t.Errorf("the stream says %q", got)
	}
	if got := receive(t, "the stream breaks", lines); got != "unexpected EOF" {
		t.Errorf("the stream ends with %q", got)
	}
	receive(t, "the process ends", serve.ended)
	if code := serve.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// readyz returns the status of /readyz.
func (s *server) readyz(t *testing.T) int {
	t.Helper()
	req, err := http.NewRequestWithContext(withPatience(t), http.MethodGet, "http://"+s.Admin+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
