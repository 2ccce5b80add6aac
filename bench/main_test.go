package bench

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// roleVariable tells this program, run by itself, to be a server.
const roleVariable = "RECLOSER_BENCH_ROLE"

// TestMain runs the tests, or one of the servers that they start.
func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		os.Exit(m.Run())
	case "upstream":
		serve(newUpstream())
	case "plain":
		serve(newPlainProxy(os.Getenv(upstreamVariable)))
	case "collector":
		serve(newCollector())
	default:
		fatal(fmt.Errorf("%s=%s: no such role", roleVariable, role))
	}
}

// serve prints its address and serves until standard input ends, which it does
// with the process that started this one, however that ends.
func serve(handler http.Handler) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fatal(err)
	}
	fmt.Println(listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		fatal(err)
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}
