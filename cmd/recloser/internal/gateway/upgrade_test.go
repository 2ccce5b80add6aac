package gateway_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const handshake = "GET /v1/realtime?model=gpt-4o HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// echo takes over the connection, greets, and sends back what it gets.
func echo(greeting string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Upgrade") != "websocket" || req.Header.Get("Sec-Websocket-Version") != "13" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Accept: x\r\nSet-Cookie: a=b\r\nX-Request-Id: req_ws\r\n\r\n"+greeting)
		io.Copy(conn, buffered)
	}
}

func TestWebSocketBothWays(t *testing.T) {
	r := newRig(t, echo("hello "))
	conn, in := r.raw(handshake)
	resp := r.receive(in)
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v", resp)
	}
	h := resp.Header
	if h.Get("Upgrade") != "websocket" || h.Get("Sec-Websocket-Accept") != "x" || h.Get("Set-Cookie") != "" || h.Get("Recloser-Kind") != "success" {
		t.Errorf("%v", h)
	}
	if got, err := in.ReadString(' '); got != "hello " {
		t.Fatalf("%q %v", got, err)
	}
	for _, frame := range []string{"\x81\x05first ", strings.Repeat("x", 100_000) + " ", "last "} {
		go io.WriteString(conn, frame)
		if got, err := in.ReadString(' '); got != frame {
			t.Fatalf("%d bytes, want %d: %v", len(got), len(frame), err)
		}
	}
	conn.CloseWrite()
	if rest, err := io.ReadAll(in); err != nil || len(rest) != 0 {
		t.Errorf("%q %v", rest, err)
	}
	line := r.line()
	equal(t, "kind", line["kind"], "success")
	equal(t, "status", line["status"], 101)
	equal(t, "upstream_request_id", line["upstream_request_id"], "req_ws")
	if strings.Contains(line["path"].(string), "model") {
		t.Errorf("path %v", line["path"])
	}
	if m := r.metrics(""); m.TotalCalls != 1 || m.FailedCalls != 0 {
		t.Errorf("%+v", m)
	}
}

func TestWebSocketThatTheServiceEnds(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := http.NewResponseController(w).Hijack()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nbye")
		conn.Close()
	})
	conn, in := r.raw(handshake)
	r.receive(in)
	if rest, err := io.ReadAll(in); string(rest) != "bye" {
		t.Errorf("%q %v", rest, err)
	}
	conn.Close()
	equal(t, "status", r.line()["status"], 101)
}

func TestWebSocketHandshakeThatFails(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	_, in := r.raw(handshake)
	if resp := r.receive(in); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Recloser-Kind") != "service" {
		t.Errorf("%v", resp)
	}
}

// TestUpgradeToAnotherProtocol has a service that switches to what nobody asked
// for. Its connection must not stay behind.
func TestUpgradeToAnotherProtocol(t *testing.T) {
	ended := make(chan error, 1)
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := http.NewResponseController(w).Hijack()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: gopher\r\n\r\n")
		_, err := bufio.NewReader(conn).ReadByte()
		ended <- err
	})
	_, in := r.raw(handshake)
	if resp := r.receive(in); resp.StatusCode != http.StatusBadGateway {
		t.Fatalf("%v", resp)
	}
	if err := <-ended; err == nil {
		t.Error("the service was sent something")
	}
	equal(t, "kind", r.line()["kind"], "service")
}

// lostClient is a ResponseWriter whose connection is broken when it is taken over.
type lostClient struct {
	http.ResponseWriter
	t *testing.T
}

func (w lostClient) WriteHeader(status int) {
	w.t.Errorf("%d was written to a hijacked connection", status)
}

func (lostClient) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, other := net.Pipe()
	other.Close()
	return conn, bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn)), nil
}

func TestClientThatIsLostInTheUpgrade(t *testing.T) {
	r := newRig(t, echo(""))
	req := r.request(http.MethodGet, "/v1/realtime", nil, "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13")
	r.proxy.Config.Handler.ServeHTTP(lostClient{httptest.NewRecorder(), t}, req)
	equal(t, "status", r.line()["status"], 101)
}
