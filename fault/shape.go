package fault

import (
	"bytes"
	"encoding/json"
	"strings"
)

// place is where in an answer something stands, as far as errors go.
type place int

const (
	outside   place = iota // nothing to do with an error
	beside                 // at the top, where servers without an error key put it
	inError                // below an error key
	inHeaders              // below error.headers
)

// where sorts a path of keys. The shapes that are known:
//
//	{"error":{…}} {"error":"…"}            OpenAI and most others
//	[{"error":{…}}]                        Gemini
//	{"errors":[…]} {"errors":[{…}]}        edges and some gateways
//	{"code":…,"message":…} {"detail":…}    no error key: vLLM, FastAPI, Mistral
//	{"response":{"error":{…}}}             response.failed
//	{"last_error":{…}}                     thread.run.failed
//	{"error":{"error":{…}}} {"error":{"metadata":{"raw":"…"}}}
func where(path string) (place, string) {
	path = strings.TrimPrefix(path, "0.")
	path = strings.TrimPrefix(path, "response.")
	head, rest, deeper := strings.Cut(path, ".")
	switch head {
	case "error", "last_error":
		if !deeper {
			return inError, "error"
		}
		return below(rest)
	case "errors":
		return inError, member(rest, head)
	case "detail":
		return beside, member(rest, head)
	}
	if deeper {
		return outside, ""
	}
	return beside, head
}

// member is the key that the first element of a list, or a single object, has;
// for a scalar the list's own name.
func member(rest, name string) string {
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "0."), "error.")
	if rest == "" || rest == "0" {
		return name
	}
	return rest
}

func below(rest string) (place, string) {
	for _, again := range [...]string{"error.", "metadata."} {
		rest = strings.TrimPrefix(rest, again)
	}
	if key, ok := strings.CutPrefix(rest, "headers."); ok {
		return inHeaders, key
	}
	if strings.HasSuffix(rest, ".retrydelay") {
		return inError, "retrydelay"
	}
	return inError, rest
}

// lookInside looks for an error that a relay put into the message as a text,
// JSON or Python's way of writing it, where the code says nothing and the type
// does not blame the request: the text is then the caller's own.
func (s *said) lookInside() {
	i := strings.IndexByte(s.text, '{')
	if i < 0 || !s.vague() || listed(callerTypes, s.typ) {
		return
	}
	var inner said
	inner.readJSON([]byte(s.text[i:]))
	first(&inner.code, between(s.text[i:], "'code': '", "'"))
	first(&inner.typ, between(s.text[i:], "'type': '", "'"))
	if inner.code != "" && plain(inner.code) {
		s.code, s.quoted = inner.code, true
	}
	if inner.typ != "" && plain(inner.typ) {
		s.typ, s.quoted = inner.typ, true
	}
	s.addText(inner.text)
}

// between returns what stands between two marks, or "".
func between(s, from, to string) string {
	_, s, ok := strings.Cut(s, from)
	if !ok {
		return ""
	}
	s, _, ok = strings.Cut(s, to)
	if !ok {
		return ""
	}
	return s
}

func trim(body []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
}

func isJSON(body []byte) bool {
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}

func isHTML(body []byte) bool {
	start := strings.ToLower(string(body[:min(len(body), 64)]))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}

// unquote takes a text out of its JSON string, if it is in one.
func unquote(body []byte) string {
	var text string
	if body[0] == '"' && json.Unmarshal(body, &text) == nil {
		return text
	}
	return string(body)
}
