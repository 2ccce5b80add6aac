package gateway

import (
	"net/http"
	"net/textproto"
	"strings"
)

// ownPrefix begins the names of all headers of our own.
const ownPrefix = "Recloser-"

// hopByHop are headers of one connection, besides those that Connection names.
var hopByHop = []string{
	"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// delCookies removes what sets cookies.
func delCookies(h http.Header) {
	h.Del("Set-Cookie")
	h.Del("Set-Cookie2")
}

// private tells whether a header's canonical name is one that the service may
// not send to the client, wherever in the answer it is.
func private(name string) bool {
	return name == "Set-Cookie" || name == "Set-Cookie2" || strings.HasPrefix(name, ownPrefix)
}

// delPrivate removes from an interim answer what ReverseProxy and annotate
// remove from a final one.
func delPrivate(h http.Header) {
	for _, list := range h["Connection"] {
		for name := range strings.SplitSeq(list, ",") {
			h.Del(textproto.TrimString(name))
		}
	}
	for _, name := range hopByHop {
		h.Del(name)
	}
	for name := range h {
		if private(name) {
			delete(h, name)
		}
	}
}

// dropTrailers removes private ones from those that the server is about to send.
// The headers have been sent, so it is only trailers that it changes.
func (c *call) dropTrailers() {
	if c.trailer == nil || !c.complete { // what is broken off has none
		return
	}
	for name := range *c.trailer {
		if private(name) {
			c.Header().Del(http.TrailerPrefix + name)
		}
	}
}
