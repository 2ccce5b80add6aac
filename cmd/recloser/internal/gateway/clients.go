package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/recloser/recloser/fault"
)

// clients are those who may call, by digests of their tokens. None: everybody.
type clients [][sha256.Size]byte

func newClients(tokens []string) (c clients) {
	for _, t := range tokens {
		c = append(c, sha256.Sum256([]byte(t)))
	}
	return c
}

// tokenHeaders are where the clients of the API put their key.
var tokenHeaders = [...]string{"Authorization", "Api-Key"}

// know reports whether a request has the token of a client. All digests are
// compared, so that the time it takes tells nothing.
func (c clients) know(h http.Header) bool {
	if len(c) == 0 {
		return true
	}
	known := 0
	for _, name := range tokenHeaders {
		token := h.Get(name)
		if scheme, rest, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "Bearer") {
			token = strings.TrimSpace(rest)
		}
		if token == "" {
			continue
		}
		given := sha256.Sum256([]byte(token))
		for i := range c {
			known |= subtle.ConstantTimeCompare(given[:], c[i][:])
		}
	}
	return known == 1
}

// hide keeps tokens from the service, which has no use for them.
func (c clients) hide(h http.Header) {
	if len(c) > 0 {
		for _, name := range tokenHeaders {
			h.Del(name)
		}
	}
}

// unknownClient is for who has no token, or a wrong one.
func unknownClient() reply {
	return reply{
		status: http.StatusUnauthorized, kind: fault.Caller.String(),
		header: http.Header{"Www-Authenticate": {`Bearer realm="recloser"`}, headerShouldRetry: {"false"}},
		body: apiError{Type: typeInvalid, Code: codeClient, Message: "This proxy wants a Recloser client token in place of an API key. " +
			"Ask whoever runs it for one, and use it as the API key of your client."},
	}
}
