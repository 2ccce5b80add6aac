package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// LoopbackHost turns away requests whose Host is not this machine's loopback
// interface, for a listener that is on it: a page from elsewhere can make a
// browser call it under a name of the page's own (DNS rebinding).
func LoopbackHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			writeError(w, http.StatusForbidden, apiError{
				Type: typeInvalid, Code: codeHost,
				Message: "Recloser listens for this machine only. Call it as localhost or 127.0.0.1, or have it listen on another address.",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// loopback reports whether a Host header, with or without a port, means the
// loopback interface, without asking DNS.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if bare, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(bare, "]")
	}
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
