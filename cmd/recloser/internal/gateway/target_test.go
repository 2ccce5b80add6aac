package gateway_test

import (
	"net/http"
	"testing"

	"github.com/recloser/recloser/cmd/recloser/internal/gateway"
	"github.com/recloser/recloser/guard"
)

func TestPathsAndQueries(t *testing.T) {
	rows := []struct{ base, request, want string }{
		{"/v1", "/v1/models", "/v1/models"},
		{"/v1", "/models", "/v1/models"},
		{"/v1", "/v1", "/v1"},
		{"/v1", "/v1/", "/v1/"},
		{"/v1", "/", "/v1/"},
		{"/v1", "/v1beta/models", "/v1/v1beta/models"},
		{"/v1", "/v1/v1/models", "/v1/v1/models"},
		{"/v1", "/V1/models", "/v1/V1/models"},
		{"/v1", "//v1/models", "/v1//v1/models"},
		{"/v1/", "/v1/models", "/v1/models"},
		{"", "/v1/models", "/models"},
		{"", "/v1", "/"},
		{"", "/models", "/models"},
		{"/", "/v1/models/", "/models/"},
		{"/openai/v1", "/v1/chat/completions", "/openai/v1/chat/completions"},
		{"/api/openai", "/chat/completions", "/api/openai/chat/completions"},
		{"/v1", "/v1/models/ft%3Agpt%2F4", "/v1/models/ft%3Agpt%2F4"},
		{"/v1", "/v1%2Fmodels", "/v1/v1%2Fmodels"},
		{"/v1", "/%76%31/models", "/v1/%76%31/models"},
		{"/a%2Fb", "/v1/models", "/a%2Fb/models"},
		{"/a%2Fb", "/v1/models/c%2Fd", "/a%2Fb/models/c%2Fd"},
		{"/v1", "/v1/files?limit=2&after=a%20b+c", "/v1/files?limit=2&after=a%20b+c"},
		{"/v1", "/v1/files?a=%zz;b&&=&c", "/v1/files?a=%zz;b&&=&c"},
		{"/v1", "/v1/files?", "/v1/files?"},
		{"/v1", "http://elsewhere.example/v1/models?x=1", "/v1/models?x=1"},
		{"/v1", "http://user:secret@elsewhere.example/models", "/v1/models"},
		{"/v1", "http:elsewhere.example", "/v1"},
	}
	for _, row := range rows {
		rec := newRecorder()
		r := newRig(t, rec.ServeHTTP, func(s *settings) {
			s.proxy.Upstream = parse(t, "http://"+s.proxy.Upstream.Host+row.base)
		})
		_, in := r.raw("GET " + row.request + " HTTP/1.1\r\nHost: proxy.example\r\n\r\n")
		if resp := r.receive(in); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %v", row.request, resp)
			continue
		}
		got := <-rec.requests
		if got.RequestURI != row.want {
			t.Errorf("%s on %s went to %s, want %s", row.request, row.base, got.RequestURI, row.want)
		}
		if host := r.upstream.Listener.Addr().String(); got.Host != host {
			t.Errorf("%s: Host %q, want %q", row.request, got.Host, host)
		}
		if got.Header.Get("Authorization") != "" {
			t.Errorf("%s: got an Authorization", row.request)
		}
	}
}

func TestConnectIsRefused(t *testing.T) {
	r := newRig(t, func(http.ResponseWriter, *http.Request) { t.Error("went through") })
	_, in := r.raw("CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n")
	if resp := r.receive(in); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("%v", resp)
	}
	equal(t, "status", r.line()["status"], 405)
}

func TestBadConfigurationIsTold(t *testing.T) {
	g, err := guard.New(nil, guard.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gateway.New(gateway.Config{Guard: g, Upstream: parse(t, "https://api.openai.com/v1")}); err != nil {
		t.Errorf("a good one: %v", err)
	}
	for _, bad := range []string{"", "api.openai.com/v1", "ftp://a/v1", "http:///v1", "https://:443/", "https://u:p@a/v1", "https://a/v1?x=1", "https://a/v1?", "https://a/#x"} {
		_, err := gateway.New(gateway.Config{Guard: g, Upstream: parse(t, bad)})
		if err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	for name, cfg := range map[string]gateway.Config{
		"no upstream": {Guard: g},
		"no guard":    {Upstream: parse(t, "https://a/v1")},
		"MaxBody":     {Upstream: parse(t, "https://a/v1"), Guard: g, MaxBody: -1},
	} {
		if _, err := gateway.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
