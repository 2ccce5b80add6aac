package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
)

// patience bounds what must happen soon.
const patience = 20 * time.Second

// rig is an app on real sockets, in front of a service of the test's.
type rig struct {
	*App

	stop  context.CancelFunc // as a signal does
	ended chan error         // what Run returned
}

func newRig(t *testing.T, service http.Handler, flags map[string]string) *rig {
	t.Helper()
	upstream := httptest.NewServer(service)
	t.Cleanup(upstream.Close)
	given := map[string]string{"listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "upstream": upstream.URL, "drain-delay": "0", "history": "off"}
	maps.Copy(given, flags)
	cfg, err := config.Load(config.Flags(given))
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), cfg, Options{Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r := &rig{a, stop, make(chan error, 1)}
	go func() { r.ended <- a.Run(ctx) }()
	t.Cleanup(func() { _ = a.Close() })
	return r
}

func (r *rig) proxyURL() string { return "http://" + r.ProxyAddr().String() }

// wait returns what Run returned.
func (r *rig) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(patience):
		t.Fatal("it does not end")
		return nil
	}
}

// status returns the status of GET url, or 0 if there was none.
func status(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// eventually polls until ok, for as long as patience lasts.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within %v: %s", patience, what)
}

// streaming is a service whose answers have an event for each word sent on next,
// and end when it is closed.
func streaming(next <-chan string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		for {
			select {
			case word, ok := <-next:
				if !ok {
					return
				}
				fmt.Fprintf(w, "data: %s\n\n", word)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
}

// stream begins a streamed call and returns its answer.
func (r *rig) stream(t *testing.T) *bufio.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.proxyURL()+"/v1/chat/completions", strings.NewReader(`{"model":"m","stream":true}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return bufio.NewReader(resp.Body)
}

// echo is a service that takes connections over and sends back what it gets.
func echo() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_ = rw.Flush()
		_, _ = io.Copy(conn, rw)
	})
}

// dialEcho makes an upgraded connection through the proxy.
func (r *rig) dialEcho(t *testing.T) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", r.ProxyAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp, err)
	}
	return conn, in
}

// beginStream begins a stream whose first event is on its way.
func beginStream(t *testing.T, r *rig, next chan<- string) *bufio.Reader {
	t.Helper()
	go func() { next <- "one" }()
	return r.stream(t)
}
