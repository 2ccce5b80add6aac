package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/recloser/recloser/cmd/recloser/internal/gateway"
)

func TestLoopbackHost(t *testing.T) {
	srv := httptest.NewServer(gateway.LoopbackHost(http.HandlerFunc(ok)))
	defer srv.Close()
	r := &rig{T: t, proxy: srv, client: srv.Client()}
	for host, want := range map[string]int{
		"localhost":           200,
		"localhost:8484":      200,
		"LocalHost.:8484":     200,
		"127.0.0.1":           200,
		"127.0.0.1:8484":      200,
		"127.8.9.10:1":        200,
		"[::1]":               200,
		"[::1]:8484":          200,
		"[::ffff:127.0.0.1]":  200,
		"evil.example":        403,
		"evil.example:8484":   403,
		"localhost.evil.com":  403,
		"127.0.0.1.nip.io":    403,
		"192.168.0.1:8484":    403,
		"0.0.0.0:8484":        403,
		"10.0.0.1":            403,
		"[::2]:8484":          403,
		"localhost:8484:8484": 403,
		"2130706433":          403,
	} {
		req := r.request(http.MethodGet, "/", nil)
		req.Host = host
		got := r.send(req)
		if got.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, got.StatusCode, want)
		}
		if want == 403 {
			if _, _, code := r.apiError(got); code != "host_not_allowed" {
				t.Errorf("%s: %s", host, got.body)
			}
		}
	}
	_, in := r.raw("GET / HTTP/1.0\r\n\r\n") // without any Host
	if resp := r.receive(in); resp.StatusCode != http.StatusForbidden {
		t.Errorf("%v", resp)
	}
}
