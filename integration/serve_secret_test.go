package integration

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// Nothing secret is in the log, whatever happens to calls, at its most talkative
// and in both formats. startServe searches every line, here and in all tests;
// this one sees that there is something to search.
func TestServeKeepsSecrets(t *testing.T) {
	const path = "/v1/chat/completions?api-key=" + secretQuery
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			api := openaitest.Start(t, openaitest.Config{})
			serve := startServeIn(t, []string{"RECLOSER_ADMIN_TOKEN=" + secretToken},
				"--upstream", api.BaseURL, "--log-format", format, "--log-level", "debug",
				"--failure-threshold", "2", "--retry-base-delay", "10ms", "--headers-timeout", "100ms", "--max-body", "1MiB")
			calls := 0
			post := func(fault openaitest.Fault, stream bool) {
				api.Set(fault)
				said := serve.do(t, http.MethodPost, path, "application/json", chatBody(fmt.Sprint("m", calls), stream))
				calls++
				if said.Header.Get("Recloser-Kind") == "" {
					t.Errorf("%+v", said)
				}
			}
			for _, fault := range []openaitest.Fault{
				openaitest.Healthy{}, openaitest.Down{}, openaitest.HTML{Status: 502}, openaitest.Reset{}, openaitest.Garbage{},
				openaitest.Hang{}, openaitest.APIError{Status: 401, Message: "Incorrect API key provided: " + secretKey},
				openaitest.Cut{After: 2}, openaitest.Truncated{}, openaitest.ErrorEvent{After: 1},
			} {
				post(fault, false)
				post(fault, true)
			}
			checkErrorObject(t, serve.do(t, http.MethodPost, path, "application/json", chatBody(secretPrompt+`\u0000`, false)), 400, "invalid_model")
			large := bytes.Repeat([]byte(secretPrompt), 1<<16)
			checkErrorObject(t, serve.do(t, http.MethodPost, path, "application/json", bytes.NewReader(large)), 413, "request_too_large")
			badHeader(t, serve)
			serve.stop()
			if n := strings.Count(serve.output(), "request_id"); n < calls {
				t.Errorf("%d lines about more than %d calls", n, calls)
			}
		})
	}
}

// badHeader sends what is no HTTP, which net/http complains about.
func badHeader(t *testing.T, serve *server) {
	t.Helper()
	conn, err := net.Dial("tcp", serve.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: %s\x00\r\n\r\n", secretKey)
	_, _ = conn.Read(make([]byte, 1024))
}

// The password for the proxy on the way out is not in the log either.
func TestServeKeepsProxyPassword(t *testing.T) {
	dead := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
	serve := startServeIn(t, []string{"HTTPS_PROXY=http://somebody:" + secretProxy + "@" + dead, "NO_PROXY=", "no_proxy="},
		"--upstream", "https://example.com/v1", "--log-level", "debug", "--retries", "0")
	said := serve.chat(t, "m")
	if said.Status != http.StatusBadGateway || leaked(said.Body) != "" {
		t.Errorf("%+v", said)
	}
}
