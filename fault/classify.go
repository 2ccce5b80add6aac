package fault

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Classify names what a complete response means; nil is a success. body is the
// decompressed body or its beginning, or nil; of an error's body the first 64 KiB
// are read. now resolves a Retry-After that is a date.
//
// A status below 400 is a success, unless it is a 2xx whose JSON body has an
// error that is not empty. The body of a stream is not looked at; see [FromEvent].
// Nor is an object that has an error of its own, such as a failed batch which was
// fetched without trouble.
func Classify(status int, h http.Header, body []byte, now time.Time) *Error {
	if status < 400 {
		return inSuccess(status, h, body, now)
	}
	s := read(body)
	s.status = status
	s.html = s.html || mediaType(h) == "text/html" && !s.found && s.code == ""
	return s.fault(status, h, now)
}

// inSuccess looks for an error in the body of a 2xx.
func inSuccess(status int, h http.Header, body []byte, now time.Time) *Error {
	if status < 200 || status > 299 || mediaType(h) == "text/event-stream" {
		return nil
	}
	body = trim(body)
	if !isJSON(body) || body[0] != '{' || !hasError(body) {
		return nil
	}
	var s said
	s.readJSON(body)
	if stored(s.beside.object) {
		return nil
	}
	return s.fault(status, h, now)
}

// hasError reports whether an object has an error that is not empty; some servers
// send the key with every answer. It stops at the first that it sees, as answers
// can be long.
func hasError(body []byte) bool {
	if !bytes.Contains(body, []byte(`"error"`)) {
		return false
	}
	found, inside := false, false
	walk(body, func(path string, v json.Token) bool {
		switch {
		case inside: // what follows the opening is a member, or the object was empty
			found = strings.HasPrefix(path, "error.")
		case path != "error":
			return true
		case v == json.Delim('{'):
			inside = true
			return true
		default:
			found = present("error", v)
		}
		return false
	})
	return found
}

// stored reports whether an object is a thing that the service keeps, whose
// error is a part of it, and not the answer to a call.
func stored(object string) bool {
	switch object {
	case "", "error", "response", "list":
		return false
	}
	return !strings.HasPrefix(object, "chat.completion") && !strings.HasPrefix(object, "text_completion")
}

// fault makes the error of what was said, with status as the answer had it.
func (s *said) fault(status int, h http.Header, now time.Time) *Error {
	if n, ok := number(s.code); ok && s.status < 400 && 400 <= n && n <= 599 {
		s.status = n
	}
	row := find(s)
	if row.Kind == Success {
		return nil
	}
	e := &Error{
		Kind:      row.Kind,
		Status:    status,
		Code:      cleanCode(s.code),
		Type:      cleanCode(s.typ),
		RequestID: requestID(h),
		Advice:    adviceOf(h),
		NotDone:   row.notDone(s) && status >= 400, // a 200 was begun at least
		Edge:      fromEdge(h),
		Why:       row.Why,
	}
	if s.html {
		first(&e.Code, CodeHTML)
	}
	e.RetryAfter = s.delay(h, row.Kind, now)
	return e
}

// delay is what the headers say, or what the message says where a delay makes
// sense and they say nothing.
func (s *said) delay(h http.Header, k Kind, now time.Time) time.Duration {
	d, ok := RetryAfter(h, now)
	if !ok && (k == RateLimit || k == Overload) {
		d = delayInText(s.text)
	}
	return d
}
