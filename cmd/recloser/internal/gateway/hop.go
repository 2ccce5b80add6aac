package gateway

import (
	"crypto/rand"
	"net/http"
	"slices"

	"github.com/recloser/recloser/fault"
)

// HeaderHop is on every request that goes out, with one value for each Recloser
// that it has passed. Via would say the same, but makes servers such as nginx
// send their answers uncompressed.
const HeaderHop = "Recloser-Hop"

// hop is the value of one proxy, which no other one has. It says nothing of the
// machine or its clients.
type hop []string

func newHop() hop { return hop{rand.Text()} }

// passed tells whether a request has been here before.
func (p hop) passed(h http.Header) bool { return slices.Contains(h[HeaderHop], p[0]) }

// mark adds the value. Requests that have no other share it: nobody changes the
// values of a request on its way out, and there is no room to append to it.
func (p hop) mark(h http.Header) {
	if before := h[HeaderHop]; len(before) > 0 {
		h[HeaderHop] = append(slices.Clip(before), p[0])
		return
	}
	h[HeaderHop] = p
}

// loop is for a call that has come back.
func loop() reply {
	return reply{
		status: http.StatusLoopDetected, kind: fault.Caller.String(),
		header: http.Header{headerShouldRetry: {"false"}},
		body: apiError{Type: typeServer, Code: codeLoop, Message: "Recloser has called itself: its --upstream " +
			"(RECLOSER_UPSTREAM) leads back to it. Set it to the URL of the API, such as https://api.openai.com/v1."},
	}
}
