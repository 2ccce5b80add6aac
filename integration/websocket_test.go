package integration

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/recloser/recloser/openaitest"
)

// dialRealtime opens a WebSocket through the proxy, as a Realtime client does.
func dialRealtime(t *testing.T, serve *server) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, "ws://"+serve.Proxy+"/v1/realtime?model=m&key="+secretQuery, &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + secretKey}},
	})
	if err == nil {
		conn.SetReadLimit(1 << 20)
		t.Cleanup(func() { _ = conn.CloseNow() })
	}
	return conn, resp, err
}

// withPatience returns a context for one step of a conversation.
func withPatience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// Frames of every kind and size come back as they went, and the whole
// conversation is one call, counted at its handshake.
func TestWebSocketEcho(t *testing.T) {
	api := openaitest.Start(t, openaitest.Config{})
	serve := startServe(t, "--upstream", api.BaseURL)
	conn, resp, err := dialRealtime(t, serve)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("Recloser-Kind") != "success" || resp.Header.Get("Recloser-Attempts") != "1" {
		t.Errorf("header %v", resp.Header)
	}
	ctx := withPatience(t)
	for _, frame := range []struct {
		kind    websocket.MessageType
		payload []byte
	}{
		{websocket.MessageText, []byte(secretPrompt)},
		{websocket.MessageText, nil},
		{websocket.MessageBinary, bytes.Repeat([]byte{0, 0xff}, 63)},
		{websocket.MessageBinary, bytes.Repeat([]byte("audio"), 100_000)},
		{websocket.MessageText, []byte("the last")},
	} {
		if err := conn.Write(ctx, frame.kind, frame.payload); err != nil {
			t.Fatal(err)
		}
		kind, payload, err := conn.Read(ctx)
		if err != nil || kind != frame.kind || !bytes.Equal(payload, frame.payload) {
			t.Fatalf("%v of %d bytes came back as %v of %d: %v", frame.kind, len(frame.payload), kind, len(payload), err)
		}
	}
	host := circuit{Name: strings.TrimPrefix(api.URL, "http://"), State: "closed", TotalCalls: 1}
	eventually(t, "one call while the conversation goes on", func() bool { return serve.circuit(t, host.Name) == host })

	if err := conn.Close(websocket.StatusNormalClosure, "done"); err != nil {
		t.Errorf("closing: %v", err)
	}
	idle(t, api) // the service has seen it
	if got := serve.circuit(t, host.Name); got != host {
		t.Errorf("after the conversation: %+v", got)
	}
	if got := api.Counts().ByStatus["1xx"]; got != 1 {
		t.Errorf("%d handshakes at the service", got)
	}
}

// The service ends the conversation: in order, with its reason, or by breaking
// the connection, which must not look as if it were in order. Neither opens a
// circuit.
func TestWebSocketClosedByService(t *testing.T) {
	tests := map[string]struct {
		end    func(t *testing.T, conn *websocket.Conn)
		status websocket.StatusCode // -1: no close frame
	}{
		"in order": {func(t *testing.T, conn *websocket.Conn) {
			t.Helper()
			if err := conn.Close(websocket.StatusGoingAway, "60 minutes are over"); err != nil {
				t.Errorf("the client's part of the close: %v", err)
			}
		}, websocket.StatusGoingAway},
		"broken": {func(t *testing.T, conn *websocket.Conn) {
			t.Helper()
			_ = conn.CloseNow()
		}, -1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			served := make(chan struct{})
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(served)
				conn, err := websocket.Accept(w, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if err := conn.Write(r.Context(), websocket.MessageText, []byte("hello")); err != nil {
					t.Error(err)
				}
				tt.end(t, conn)
			}))
			t.Cleanup(api.Close)
			serve := startServe(t, "--upstream", api.URL+"/v1")
			conn, _, err := dialRealtime(t, serve)
			if err != nil {
				t.Fatal(err)
			}
			ctx := withPatience(t)
			if _, payload, err := conn.Read(ctx); err != nil || string(payload) != "hello" {
				t.Fatalf("%q, %v", payload, err)
			}
			_, _, err = conn.Read(ctx)
			if got := websocket.CloseStatus(err); got != tt.status || ctx.Err() != nil {
				t.Errorf("the conversation ended with %v (%v), not %v", got, err, tt.status)
			}
			receive(t, "the service's handler ends", served)
			host := circuit{Name: strings.TrimPrefix(api.URL, "http://"), State: "closed", TotalCalls: 1}
			eventually(t, "one call, not failed", func() bool { return serve.circuit(t, host.Name) == host })
		})
	}
}

// A handshake that the service turns down is its answer, and is not repeated.
// One that it does not answer at all is a failure of the upstream.
func TestWebSocketHandshakeFails(t *testing.T) {
	api := openaitest.Start(t, openaitest.Config{Fault: openaitest.Down{}})
	serve := startServe(t, "--upstream", api.BaseURL)
	_, resp, err := dialRealtime(t, serve)
	if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("%v, %v", resp, err)
	}
	idle(t, api)
	if n := api.Counts().Attempts; n != 1 {
		t.Errorf("%d handshakes at the service", n)
	}

	dead := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
	serve = startServe(t, "--upstream", "http://"+dead, "--failure-threshold", "1")
	for _, status := range []int{http.StatusBadGateway, http.StatusServiceUnavailable} { // the second is refused
		if _, resp, err := dialRealtime(t, serve); err == nil || resp == nil || resp.StatusCode != status {
			t.Errorf("%v, %v: not %d", resp, err, status)
		}
	}
	if c := serve.circuit(t, dead); c.TotalCalls != 1 || c.FailedCalls != 1 || c.RefusedCalls != 1 || c.State != "open" {
		t.Errorf("%+v", c)
	}
}
