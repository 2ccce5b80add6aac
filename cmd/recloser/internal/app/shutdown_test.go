package app

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestReadinessFailsFirstThenStreamsEnd(t *testing.T) {
	next := make(chan string)
	r := newRig(t, streaming(next), map[string]string{"drain-delay": "24h"})
	admin := "http://" + r.AdminAddr().String()
	if got := status(t, admin+"/readyz"); got != http.StatusOK {
		t.Fatalf("/readyz: %d", got)
	}
	r.stop()
	eventually(t, "/readyz is 503", func() bool { return status(t, admin+"/readyz") == http.StatusServiceUnavailable })
	if got := status(t, admin+"/healthz"); got != http.StatusOK {
		t.Errorf("/healthz: %d", got)
	}
	body := beginStream(t, r, next) // still taken, all the delay long
	if line, err := body.ReadString('\n'); line != "data: one\n" {
		t.Errorf("%q, %v", line, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.wait(t); !errors.Is(err, ErrBrokenOff) {
		t.Errorf("Run: %v", err)
	}
	if rest, err := io.ReadAll(body); err == nil {
		t.Errorf("a stream that was broken off ends cleanly: %q", rest)
	}
}

func TestStreamsEndWithinTheGrace(t *testing.T) {
	next := make(chan string)
	r := newRig(t, streaming(next), nil)
	body := beginStream(t, r, next)
	r.stop()
	eventually(t, "the listener is closed", func() bool { return status(t, r.proxyURL()+"/v1/models") == 0 })
	if got := status(t, "http://"+r.AdminAddr().String()+"/healthz"); got != http.StatusOK {
		t.Errorf("the admin listener does not stay to the end: %d", got)
	}
	next <- "two"
	close(next)
	if rest, err := io.ReadAll(body); string(rest) != "data: one\n\ndata: two\n\n" || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
	if err := r.wait(t); err != nil {
		t.Errorf("Run: %v", err)
	}
}

// Streams are told why they end, and then broken off.
func TestStreamsAreBrokenOffAfterTheGrace(t *testing.T) {
	next := make(chan string)
	r := newRig(t, streaming(next), map[string]string{"shutdown-grace": "10ms"})
	go func() { next <- `{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"one"}}]}` }()
	body := r.stream(t)
	r.stop()
	rest, err := io.ReadAll(body)
	const last = `data: {"error":{"message":"The proxy between you and the AI service is shutting down. Please try again.",` +
		`"type":"server_error","param":null,"code":"shutting_down"}}` + "\n\n"
	if events := strings.SplitAfter(string(rest), "\n\n"); err == nil || len(events) != 3 || events[1] != last {
		t.Errorf("%q, %v", rest, err)
	}
	if err := r.wait(t); err != nil {
		t.Errorf("Run: %v", err)
	}
	for _, c := range r.guard.Circuits().All() {
		if m := c.Metrics(); m.FailedCalls != 0 {
			t.Errorf("circuit %s: %+v", c.Name(), m)
		}
	}
}

// A client that does not read holds nothing up.
func TestAnswersThatNobodyReadsAreBrokenOffAfterTheGrace(t *testing.T) {
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}), map[string]string{"shutdown-grace": "10ms"})
	conn, err := net.Dial("tcp", r.ProxyAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /v1/files/f/content HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if _, err := io.ReadFull(conn, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	r.stop()
	if err := r.wait(t); err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestUpgradedConnectionsEndWithinTheGrace(t *testing.T) {
	r := newRig(t, echo(), nil)
	conn, in := r.dialEcho(t)
	r.stop()
	eventually(t, "the listener is closed", func() bool { return status(t, r.proxyURL()) == 0 })
	fmt.Fprintln(conn, "still here?")
	if line, err := in.ReadString('\n'); line != "still here?\n" {
		t.Errorf("%q, %v", line, err)
	}
	_ = conn.Close()
	if err := r.wait(t); err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestUpgradedConnectionsAreBrokenOffAfterTheGrace(t *testing.T) {
	r := newRig(t, echo(), map[string]string{"shutdown-grace": "10ms"})
	_, in := r.dialEcho(t)
	r.stop()
	if err := r.wait(t); err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := in.ReadByte(); err == nil {
		t.Error("it is still open")
	}
}

func TestAnswersAskToCloseWhileDraining(t *testing.T) {
	r := newRig(t, http.NotFoundHandler(), map[string]string{"drain-delay": "24h"})
	closes := func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.proxyURL()+"/v1/models", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.Close
	}
	if closes() {
		t.Error("too early")
	}
	r.stop()
	eventually(t, "answers close their connection", closes)
}

func TestPortInUse(t *testing.T) {
	r := newRig(t, http.NotFoundHandler(), nil)
	cfg := *r.cfg.Load()
	cfg.Listen = r.ProxyAddr().String()
	_, err := New(t.Context(), &cfg, Options{})
	want := "--listen " + cfg.Listen + ": the port is in use: stop the program that listens there, or choose another port"
	if err == nil || err.Error() != want {
		t.Errorf("have %v\nwant %s", err, want)
	}
	cfg.Listen, cfg.Admin = "127.0.0.1:0", r.ProxyAddr().String()
	if _, err = New(t.Context(), &cfg, Options{}); err == nil || !strings.HasPrefix(err.Error(), "--admin ") {
		t.Error(err)
	}
}

func TestForeignHostIsTurnedAwayOnLoopback(t *testing.T) {
	r := newRig(t, http.NotFoundHandler(), nil)
	for _, addr := range []string{r.ProxyAddr().String(), r.AdminAddr().String()} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "evil.example"
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", addr, resp.StatusCode)
		}
	}
}
