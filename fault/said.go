package fault

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxText  = 4 << 10  // bytes of a message that are looked at
	maxBody  = 64 << 10 // bytes of an error body that are looked at
	maxLimit = 32       // headers taken from an error event
)

// said is what a service said about a failure, as it came: code, type and text
// are for matching only and must not leave the package as they are.
type said struct {
	status int    // the HTTP status, or a code that is one
	code   string // as sent
	typ    string // as sent
	text   string // the message, lower case, cut to maxText
	html   bool
	plain  bool // there is a text, but no JSON
	quoted bool // code or type come from within the message
	found  bool // something stands under an error key

	beside struct{ code, typ, object string } // what stands beside such a key, or where there is none
	header http.Header                        // what an error event carries in the way of headers
}

// vague reports whether the code says no more than that there was an error.
func (s *said) vague() bool {
	_, numeric := number(s.code)
	return s.code == "" || numeric || !plain(s.code) || listed(vagueCodes, s.code)
}

// read makes sense of an error body: JSON in the shapes that servers are known
// to send, a page, or plain text.
func read(body []byte) said {
	body = trim(body[:min(len(body), maxBody)])
	var s said
	switch {
	case len(body) == 0:
	case isJSON(body):
		s.readJSON(body)
	case isHTML(body):
		s.html = true
	default:
		s.readText(unquote(body))
	}
	return s
}

// readJSON takes code, type and message from wherever the shape has them.
func (s *said) readJSON(body []byte) {
	walk(body, func(path string, v json.Token) bool {
		s.take(path, v)
		return true
	})
	first(&s.code, s.beside.code)
	if !eventType(s.beside.typ) {
		first(&s.typ, s.beside.typ)
	}
	s.lookInside()
}

// readText takes a message that stands alone.
func (s *said) readText(text string) {
	s.plain = true
	s.addText(text)
	s.lookInside()
}

func (s *said) take(path string, v json.Token) {
	in, key := where(path)
	switch in {
	case outside:
	case beside:
		s.takeBeside(key, scalar(v))
	case inHeaders:
		s.takeHeader(key, scalar(v))
	case inError:
		s.found = s.found || present(key, v)
		s.takeError(key, scalar(v))
	}
}

// present reports whether v under an error key says that there is an error;
// null, false, 0, "" and an empty list do not.
func present(key string, v json.Token) bool {
	switch v := v.(type) {
	case json.Delim:
		return v == '{' && key == "error"
	case string:
		return v != ""
	case bool:
		return v
	case json.Number:
		n, err := v.Float64()
		return n != 0 || err != nil
	}
	return v != nil
}

func (s *said) takeBeside(key, v string) {
	switch key {
	case "code", "error_code", "__type":
		first(&s.beside.code, v)
	case "type", "error_type":
		first(&s.beside.typ, v)
	case "object":
		first(&s.beside.object, v)
	case "message", "msg", "detail", "error_message", "error_msg":
		s.addText(v)
	}
}

func (s *said) takeError(key, v string) {
	switch key {
	case "code":
		first(&s.code, v)
	case "type", "status":
		if _, numeric := number(v); !numeric && v != "error" {
			first(&s.typ, v)
		}
	case "error", "errors", "message", "msg", "detail", "raw":
		s.addText(v)
	case "retrydelay":
		s.addText("retry in " + v)
	}
}

// first sets a field that is still empty.
func first(field *string, v string) {
	if *field == "" {
		*field = v
	}
}

func (s *said) addText(v string) {
	if room := maxText - len(s.text); room > 0 && v != "" {
		s.text += strings.ToLower(strings.ToValidUTF8(cut(v, room), "")) + "\n"
	}
}

// takeHeader keeps what an error event says in the way of response headers.
func (s *said) takeHeader(key, v string) {
	if !limitHeader(key) || v == "" || len(v) > maxID || keyLike(v) || len(s.header) >= maxLimit {
		return
	}
	if s.header == nil {
		s.header = http.Header{}
	}
	s.header.Set(key, v)
}

func scalar(v json.Token) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// number reads s as a whole number of at most nine digits.
func number(s string) (int, bool) {
	if s == "" || len(s) > 9 {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return int(n), err == nil
}

// cut shortens s to at most n bytes without splitting a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
