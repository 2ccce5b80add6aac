package integration

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// server is a "recloser serve" that runs beside a test.
type server struct {
	*process

	Proxy string // its listeners, as host:port
	Admin string
}

// listening finds the addresses in the line, text or JSON, by which the
// program says that it is ready.
var listening = regexp.MustCompile(`\blistening\b.*\bproxy"?[=:]"?([^"\s]+)"?.*\badmin"?[=:]"?([^"\s]+)`)

// startServe runs "recloser serve" with the arguments, on free ports, until
// the test ends. It fails the test if the log says a secret, or
// that something went wrong in the program itself.
func startServe(t *testing.T, args ...string) *server {
	t.Helper()
	return startServeIn(t, nil, args...)
}

// startServeIn is startServe with more variables in its environment.
func startServeIn(t *testing.T, env []string, args ...string) *server {
	t.Helper()
	args = append([]string{
		"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
		"--drain-delay", "0s", "--shutdown-grace", "1s", // which is long enough for the end of a test
	}, args...)
	cmd := exec.Command(binary(t), args...)
	cmd.Env = environment([]string{"RECLOSER_", "OPENAI_", "OTEL_", "GORACE", "XDG_STATE_HOME"}, env...)
	cmd.Env = append(cmd.Env, "XDG_STATE_HOME="+t.TempDir()) // its history is its own
	cmd.Env = append(cmd.Env, "GORACE=atexit_sleep_ms=0")    // the race detector's way out takes a second
	ready := make(chan []string, 1)
	p := start(t, cmd, func(line string) {
		if secret := leaked(line); secret != "" {
			t.Errorf("the log has the secret %q: %s", secret, line)
		}
		if strings.Contains(line, "DATA RACE") || strings.Contains(line, "panic") {
			t.Errorf("recloser serve says: %s", line)
		}
		if found := listening.FindStringSubmatch(line); found != nil {
			select {
			case ready <- found:
			default:
			}
		}
	})
	select {
	case found := <-ready:
		return &server{process: p, Proxy: found[1], Admin: found[2]}
	case <-p.ended:
		t.Fatalf("recloser %v ended before it listened: %v", args, p.cmd.ProcessState)
	case <-time.After(30 * time.Second):
		t.Fatalf("recloser %v does not say on what it listens", args)
	}
	return nil
}

// circuit is what the tests read of an entry of /api/circuits.
type circuit struct {
	Name         string `json:"name"`
	State        string `json:"state"`
	TotalCalls   int64  `json:"total_calls"`
	FailedCalls  int64  `json:"failed_calls"`
	RefusedCalls int64  `json:"refused_calls"`
	WouldRefuse  int64  `json:"would_refuse"`
}

// URL is the base URL that clients are given.
func (s *server) URL() string { return "http://" + s.Proxy + "/v1" }

// circuits asks the admin listener for all circuits.
func (s *server) circuits(t *testing.T) []circuit {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Admin+"/api/circuits", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET /api/circuits: %s", resp.Status)
	}
	var body struct {
		Circuits []circuit `json:"circuits"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return body.Circuits
}

// circuit returns the circuit of that name; the zero circuit if there is none.
func (s *server) circuit(t *testing.T, name string) circuit {
	t.Helper()
	for _, c := range s.circuits(t) {
		if c.Name == name {
			return c
		}
	}
	return circuit{}
}

func TestListeningLine(t *testing.T) {
	for _, line := range []string{
		`time=2026-11-24T19:00:00.000Z level=INFO msg=listening proxy=127.0.0.1:41234 admin=[::1]:41235`,
		`{"time":"2026-11-24T19:00:00Z","level":"INFO","msg":"listening","proxy":"127.0.0.1:41234","admin":"[::1]:41235","upstream":"x"}`,
	} {
		found := listening.FindStringSubmatch(line)
		if found == nil || found[1] != "127.0.0.1:41234" || found[2] != "[::1]:41235" {
			t.Errorf("%s: %q", line, found)
		}
	}
}
