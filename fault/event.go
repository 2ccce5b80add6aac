package fault

import (
	"bytes"
	"net/http"
	"strings"
	"time"
)

// FromEvent names the failure that one server-sent event of a started stream
// reports, and is nil if it reports none. name is the event's name and may be
// empty, data its data. It knows the chunks of chat completions
// ({"error":{…}}, where null is none), the event "error" in its flat and its
// nested form, response.failed and thread.run.failed. Regular ends such as
// response.incomplete are no failure. Rate-limit headers inside the error are
// read like those of a response.
//
// It is cheap for events that report nothing. One failing call can report its
// failure in two events, "error" and "response.failed": count it once.
func FromEvent(name string, data []byte, now time.Time) *Error {
	failed := failedEvent(name)
	if quietEvent(name) || !failed && !mentionsError(data) && !mentionsCode(data) {
		return nil
	}
	s, ok := readEvent(data)
	tells := ok && (s.failed() || mentionsCode(data) && s.reports(data))
	if !failed && !tells {
		return nil
	}
	return s.fault(http.StatusOK, s.header, now)
}

// FinishStarved is the finish reason with which DeepSeek breaks an answer off for
// want of capacity.
const FinishStarved = "insufficient_system_resource"

// EventHeader returns the headers that an error event carries in its error
// (x-ratelimit-…, retry-after and the like), or nil. A rate gate can read them as
// it reads a response's.
func EventHeader(data []byte) http.Header {
	if !bytes.Contains(data, []byte(`"headers"`)) {
		return nil
	}
	s, _ := readEvent(data)
	return s.header
}

// readEvent reads an event's data; not ok: it is no JSON.
func readEvent(data []byte) (s said, ok bool) {
	data = trim(data)
	if isJSON(data) {
		s.readJSON(data)
		return s, true
	}
	if len(data) > 0 {
		s.readText(unquote(data[:min(len(data), maxBody)]))
	}
	return s, false
}

// failed reports whether an event without a telling name is a failure.
func (s *said) failed() bool {
	if failedEvent(s.beside.typ) || s.beside.object == "error" {
		return true
	}
	return s.found && !quietEvent(s.beside.typ)
}

// quietEvent reports whether an event of that name reports no failure, whatever
// it holds.
func quietEvent(name string) bool { return eventType(name) && !failedEvent(name) }

func failedEvent(name string) bool {
	switch name {
	case "error", "response.failed", "thread.run.failed":
		return true
	}
	return false
}

// eventType reports whether s is the name of an event of the Responses or the
// Assistants API, or of any API's error event.
func eventType(s string) bool {
	return s == "error" || strings.HasPrefix(s, "response.") || strings.HasPrefix(s, "thread.")
}

// mentionsError is a quick look for a key that a failure must have. A quotation
// mark inside a text is escaped, so that texts about errors do not get far.
func mentionsError(data []byte) bool {
	return bytes.Contains(data, []byte(`"error"`)) || bytes.Contains(data, []byte(`.failed"`)) ||
		bytes.Contains(data, []byte(`"errors"`)) || bytes.Contains(data, []byte(FinishStarved))
}

// mentionsCode is a quick look for what servers put at the top that have no error
// key.
func mentionsCode(data []byte) bool {
	return bytes.Contains(data, []byte(`"base_resp"`)) ||
		bytes.Contains(data, []byte(`code"`)) && (bytes.Contains(data, []byte(`"message"`)) || bytes.Contains(data, []byte(`msg"`)))
}
