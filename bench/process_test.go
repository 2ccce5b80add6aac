package bench

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// process is a server that runs beside a test and ends with it.
type process struct {
	addr string
	pid  int
}

// startSelf runs this program as one of its roles.
func startSelf(tb testing.TB, role string, env ...string) *process {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), roleVariable+"="+role), env...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	addr, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		tb.Fatalf("%s did not say where it listens: %v", role, err)
	}
	return &process{addr: string(bytes.TrimSpace(addr)), pid: cmd.Process.Pid}
}

// buildRecloser returns the path of the program, which the cache of Go makes a
// matter of a second.
func buildRecloser(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "recloser")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Dir = filepath.Join("..", "cmd", "recloser")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("go build ./cmd/recloser: %v\n%s", err, out)
	}
	return path
}

// startRecloser runs "recloser serve" as it comes, but for the access log,
// which the plain proxy does not write either. Its variables in the environment
// have their effect: RECLOSER_LOG_LEVEL=info, with standard error sent
// elsewhere, measures the access log too. So have those in env.
func startRecloser(tb testing.TB, binary, upstream string, env []string, args ...string) *process {
	tb.Helper()
	addr := freeAddress(tb)
	cmd := exec.Command(binary, append([]string{"serve", "--listen", addr, "--upstream", upstream}, args...)...)
	// A history, as by default, of its own. Of each variable the last one counts.
	cmd.Env = append([]string{"RECLOSER_LOG_LEVEL=warn", "XDG_STATE_HOME=" + tb.TempDir()}, os.Environ()...)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	awaitListener(tb, addr)
	return &process{addr: addr, pid: cmd.Process.Pid}
}

// freeAddress returns one that nobody listens on, a moment ago. Recloser tells
// the address that it chose itself only in a log that costs time.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func awaitListener(tb testing.TB, addr string) {
	tb.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("nobody listens: %v", err)
		}
	}
}

func dial(tb testing.TB, addr string) net.Conn {
	tb.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// get asks a proxy once, in an ordinary way.
func get(tb testing.TB, p *process) *http.Response {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	tb.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/v1/models", http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}
