package integration

import (
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// Behind a company's proxy and its certificate authority, the service is
// reached through HTTPS_PROXY and believed by SSL_CERT_FILE.
func TestServeHonoursProxyAndCertificates(t *testing.T) {
	stand, err := openaitest.New(openaitest.Config{APIKey: secretKey})
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewUnstartedServer(stand)
	api.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients who do not know its authority
	api.StartTLS()                                   // its certificate is for example.com
	t.Cleanup(api.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw}
	if err := os.WriteFile(ca, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	tunnels := make(chan string, 16)
	proxy := httptest.NewServer(tunnel(api.Listener.Addr().String(), tunnels))
	t.Cleanup(proxy.Close)

	serve := startServeIn(t, []string{"HTTPS_PROXY=" + proxy.URL, "NO_PROXY=", "no_proxy=", "SSL_CERT_FILE=" + ca},
		"--upstream", "https://example.com/v1")
	if said := serve.chat(t, "m"); said.Status != http.StatusOK || said.Header.Get("Recloser-Kind") != "success" {
		t.Errorf("%+v", said)
	}
	if host := receive(t, "a tunnel", tunnels); host != "example.com:443" {
		t.Errorf("a tunnel to %s", host)
	}
	if c := serve.circuit(t, "example.com/m"); c.TotalCalls != 1 || c.FailedCalls != 0 {
		t.Errorf("%+v of %+v", c, serve.circuits(t))
	}

	// An authority that is not known is a failure without an answer.
	serve = startServeIn(t, []string{"HTTPS_PROXY=" + proxy.URL, "NO_PROXY=", "no_proxy=", "SSL_CERT_FILE=/dev/null", "SSL_CERT_DIR=" + t.TempDir()},
		"--upstream", "https://example.com/v1")
	checkErrorObject(t, serve.chat(t, "m"), http.StatusBadGateway, "tls")
	if n := stand.Counts().Attempts; n != 1 {
		t.Errorf("%d attempts at the service", n)
	}
}

// tunnel is an HTTP proxy that knows CONNECT alone, and leads everybody to addr.
func tunnel(addr string, asked chan<- string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		asked <- r.Host
		there, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", addr)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		_, _ = io.WriteString(here, "HTTP/1.1 200 Connected\r\n\r\n") // the client is silent until then
		go func() {
			_, _ = io.Copy(there, here)
			_ = there.Close()
		}()
		_, _ = io.Copy(here, there)
	})
}
