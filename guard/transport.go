package guard

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/recloser/recloser/fault"
)

// pingAfter is the silence on an HTTP/2 connection after which it is pinged, and
// the time it then has to answer before it counts as dead.
const pingAfter = 15 * time.Second

// newTransport returns http.DefaultTransport's settings with our deadlines, and
// with room for many calls to one host. HTTPS_PROXY and SSL_CERT_FILE are
// honoured. A call's own connect timeout is found in its context; TLS, of which a
// transport has but one, is given the longest.
func newTransport(connect, longest, ping time.Duration) *http.Transport {
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		dialer := net.Dialer{Timeout: connect, KeepAlive: 30 * time.Second}
		if d, ok := ctx.Value(connectKey).(time.Duration); ok {
			dialer.Timeout = d
		}
		return dialer.DialContext(ctx, network, addr)
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial,
		OnProxyConnectResponse: proxyAnswered,
		TLSHandshakeTimeout:    longest,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    256,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: ping, PingTimeout: ping},
	}
}

// proxyAnswered names the refusal of a forward proxy: the host was not reached.
func proxyAnswered(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return fault.Named(fault.CodeUnreachable, fmt.Errorf("the forward proxy answered %d", resp.StatusCode))
}
