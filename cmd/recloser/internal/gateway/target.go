package gateway

import (
	"errors"
	"net/http/httputil"
	"net/url"
	"strings"
)

// checkUpstream tells what is wrong with the base of the API.
func checkUpstream(u *url.URL) error {
	const example = "use a URL such as https://api.openai.com/v1"
	switch {
	case u == nil:
		return errors.New("gateway: Upstream is missing: " + example)
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("gateway: Upstream does not begin with http:// or https://: " + example)
	case u.Hostname() == "":
		return errors.New("gateway: Upstream has no host: " + example)
	case u.User != nil:
		return errors.New("gateway: Upstream has a user or password: clients bring their own Authorization; " + example)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("gateway: Upstream has a query or fragment: clients bring their own query; " + example)
	}
	return nil
}

// target is where requests go. Its paths do not end in a slash.
type target struct {
	scheme, host  string
	path, escaped string
}

func newTarget(u *url.URL) *target {
	return &target{
		scheme: u.Scheme, host: u.Host,
		path: strings.TrimRight(u.Path, "/"), escaped: strings.TrimRight(u.EscapedPath(), "/"),
	}
}

// rewrite makes of a request the one that goes out. It leaves alone what it
// does not know, X-Forwarded headers aside, of which ReverseProxy has removed
// the client's and nobody adds ours.
func (t *target) rewrite(r *httputil.ProxyRequest) {
	out := r.Out
	out.Host = t.host
	u := out.URL
	u.Scheme, u.Host, u.User, u.Opaque = t.scheme, t.host, nil, ""
	u.Path, u.RawPath = t.join(r.In.URL)
	u.RawQuery = r.In.URL.RawQuery // also where it cannot be parsed
	out.Header.Del("Cookie")
	// Our server has answered it by the time the body goes out; upstream's own
	// answer would only cost time.
	out.Header.Del("Expect")
}

// join puts the upstream's path in place of one leading /v1, or in front of the
// path. What was escaped stays so: /v1%2Fmodels is one segment. The raw path is
// empty where it needs no telling, as in url.URL.
func (t *target) join(u *url.URL) (path, raw string) {
	path, raw = u.Path, u.EscapedPath()
	if raw == "/v1" || strings.HasPrefix(raw, "/v1/") {
		path, raw = path[len("/v1"):], raw[len("/v1"):] // path begins as raw does
	}
	path, raw = t.path+slashed(path), t.escaped+slashed(raw)
	if u.RawPath == "" && t.escaped == t.path {
		raw = ""
	}
	return path, raw
}

// slashed returns a path that can be put behind another.
func slashed(path string) string {
	if path == "" || path[0] == '/' {
		return path
	}
	return "/" + path
}
