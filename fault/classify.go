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
// error that is not empty, tells of a failure in a way without that key, or has
// choices without any. The body of a stream is not looked at; see [FromEvent]. Nor
// is an object that has an error of its own, such as a failed batch which was
// fetched without trouble.
func Classify(status int, h http.Header, body []byte, now time.Time) *Error {
	if status < 400 {
		return inSuccess(status, h, body, now)
	}
	s := read(body)
	s.html = s.html || mediaType(h) == "text/html" && !s.found && s.code == ""
	return s.fault(status, h, now)
}

// inSuccess looks for an error in the body of a 2xx.
func inSuccess(status int, h http.Header, body []byte, now time.Time) *Error {
	if status < 200 || status > 299 || mediaType(h) == "text/event-stream" {
		return nil
	}
	body = trim(body)
	switch {
	case len(body) == 0:
		return nil
	case string(body) == "null":
		return misplaced(status, CodeEmpty)
	case body[0] == '"':
		return sentence(status, h, body, now)
	case !isJSON(body):
		if mediaType(h) == "application/json" && isHTML(body) {
			return misplaced(status, CodeHTML)
		}
		return nil
	case !MayReport(body), !hasError(body) && answered(body):
		return nil
	}
	body = body[:min(len(body), maxBody)]
	var s said
	s.readJSON(body)
	switch {
	case stored(s.beside.object):
		return nil
	case s.reports(body):
		return s.fault(status, h, now)
	case s.beside.answer:
		return nil
	case s.beside.choices && json.Valid(body):
		return misplaced(status, CodeEmpty)
	}
	return s.telling(status, h, now)
}

// misplaced is a 2xx with what is no answer.
func misplaced(status int, code string) *Error {
	e := Named(code, nil)
	e.Status = status
	return e
}

// sentence judges a 2xx with a mere text where an answer should be.
func sentence(status int, h http.Header, body []byte, now time.Time) *Error {
	var s said
	s.readText(unquote(body[:min(len(body), maxBody)]))
	return s.telling(status, h, now)
}

// telling is the failure of a 2xx that does not say that it is one: it counts if
// its text is known to tell of a limit or of load.
func (s *said) telling(status int, h http.Header, now time.Time) *Error {
	if s.text == "" {
		return nil
	}
	e := s.fault(status, h, now)
	if e == nil || e.Kind == Service || e.Kind == Caller {
		return nil
	}
	return e
}

// MayReport tells quickly whether the JSON body of a 2xx, or its beginning, is
// worth a look by [Classify]: it may hold an error, or lacks what answers have.
func MayReport(body []byte) bool { return namesError(body) || !answered(body) }

// namesError reports whether a JSON text may have the key of an error. Within a
// text a quotation mark is escaped, so that texts about errors do not get far.
func namesError(body []byte) bool {
	if bytes.Contains(body, []byte(`"error`)) {
		for _, key := range [...]string{`"error"`, `"errors"`, `"error_code"`, `"error_msg"`} {
			if bytes.Contains(body, []byte(key)) {
				return true
			}
		}
	}
	return bytes.Contains(body, []byte(`"Error"`)) || bytes.Contains(body, []byte(FinishStarved))
}

// answered reports whether a JSON text has, at first sight, what was asked for.
func answered(body []byte) bool {
	return filled(body, `"choices"`) || filled(body, `"data"`) || filled(body, `"output"`)
}

// filled reports whether the first list of that name in a JSON text has elements.
func filled(body []byte, name string) bool {
	_, rest, found := bytes.Cut(body, []byte(name))
	if !found {
		return false
	}
	rest = bytes.TrimLeft(rest, " \t\r\n:")
	if len(rest) == 0 || rest[0] != '[' {
		return false
	}
	rest = bytes.TrimLeft(rest[1:], " \t\r\n")
	return len(rest) > 0 && rest[0] != ']'
}

// reports tells whether the body of a 2xx reports a failure.
func (s *said) reports(body []byte) bool {
	switch {
	case hasError(body), s.beside.failed, s.beside.object == "error", s.beside.typ == "error":
		return true
	case s.beside.answer, s.text == "":
		return false
	}
	return failing(s.beside.code) || failing(s.beside.status)
}

// failing reports whether a code at the top of a 2xx is one of a failure. Many
// servers put one there with every answer; a name must be one that rows know.
func failing(code string) bool {
	if _, numeric := number(code); numeric || harmless(code) || known(code) {
		return !harmless(code)
	}
	name := lettersOf(code)
	for i := range answers {
		if contains(answers[i].Words, name) {
			return true
		}
	}
	return false
}

// harmless reports whether a code says that all is well, or nothing.
func harmless(code string) bool {
	if n, numeric := number(code); numeric {
		return n == 0 || n == 1 || n/100 == 2 || n == 20000 || n == 10000
	}
	return code == "" || strings.EqualFold(code, "success") || strings.EqualFold(code, "ok")
}

// hasError reports whether an object, or the first of a list, has an error that is
// not empty; some servers send the key with every answer. It stops at the first
// that it sees, as answers can be long.
func hasError(body []byte) bool {
	if !namesError(body) {
		return false
	}
	found := false
	inside := ""
	walk(body, func(path string, v json.Token) bool {
		path = strings.TrimPrefix(strings.TrimPrefix(path, "0."), "response.")
		inner := strings.TrimPrefix(path, "choices.0.")
		switch {
		case inside != "" && strings.HasPrefix(inner, inside): // a member: it is not empty
			found = inner != inside+"code" || !harmless(scalar(v))
			return !found
		case inner == "error", inner == "errors":
			if opening, ok := v.(json.Delim); ok && (opening == '{' || inner == "errors") {
				inside = inner + "."
				return true
			}
			found = present("error", v)
			return !found && inner != path
		case inner == "finish_reason" && (v == "error" || v == FinishStarved):
			found = true
			return false
		}
		return true
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
	s.outer, s.status = status, s.effective(status)
	first(&s.code, awsType(h))
	if s.text == "" && s.rest != "" && status >= 400 {
		s.addText(s.rest)
		s.lookInside()
	}
	if s.edge {
		s.text = ""
	}
	s.spell()
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
		Row:       row.Name,
		Why:       row.Why,
	}
	if s.html {
		first(&e.Code, CodeHTML)
	}
	e.RetryAfter = s.delay(h, row.Kind, now)
	return e
}

// effective is the status that counts: one that the answer quotes, where its own
// is a success or one that relays use for everything.
func (s *said) effective(status int) int {
	switch status {
	case http.StatusBadRequest, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable:
		n, _ := number(s.param)
		if s.code == "bad_response_status_code" && 400 <= n && n <= 599 && s.quotedStatus == 0 {
			s.quotedStatus = n
		}
		if s.quotedStatus != 0 {
			s.quoted = true
			return s.quotedStatus
		}
		return status
	}
	if status >= 400 {
		return status
	}
	for _, code := range [...]string{s.code, s.beside.status} {
		if n, ok := number(code); ok && 400 <= n && n <= 599 {
			return n
		}
	}
	return status
}

// delay is what the headers say, or what the message says where a delay makes
// sense and they say nothing.
func (s *said) delay(h http.Header, k Kind, now time.Time) time.Duration {
	d, ok := RetryAfter(h, now)
	if !ok && (k == RateLimit || k == Overload) {
		d = delayInText(s.text)
	}
	if d == 0 && !ok && (k == RateLimit || k == Overload) {
		d, _ = delayOf(s.pause, time.Second)
	}
	return d
}
