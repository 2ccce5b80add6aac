package fault

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// place is where in an answer something stands, as far as errors go.
type place int

const (
	outside   place = iota // nothing to do with an error
	atTop                  // where servers without an error key put it
	inError                // below an error key
	inHeaders              // below error.headers
)

// where sorts a path of keys. The shapes that are known:
//
//	{"error":{…}} {"error":"…"}            OpenAI and most others
//	[{"error":{…}}]                        Gemini
//	{"errors":[…]} {"errors":[{…}]}        edges and some gateways
//	{"code":…,"message":…} {"detail":…}    no error key: vLLM, FastAPI, Mistral
//	{"response":{"error":{…}}}             response.failed, Tencent
//	{"last_error":{…}}                     thread.run.failed
//	{"base_resp":{"status_code":…}}        MiniMax
//	{"header":{"code":…}}                  iFlytek
//	{"fault":{"faultstring":…}}            Apigee
//	{"choices":[{"error":{…}}]}            OpenRouter
//	{"error":{"error":{…}}} {"error":{"metadata":{"raw":"…"}}}
func where(path string) (place, string) {
	for _, around := range [...]string{"0.", "response.", "choices.0."} {
		rest := strings.TrimPrefix(path, around)
		if around == "choices.0." && !strings.HasPrefix(rest, "error") {
			continue
		}
		path = rest
	}
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
		return atTop, member(rest, head)
	case "base_resp", "header", "fault":
		if deeper {
			return atTop, strings.TrimPrefix(rest, "detail.")
		}
	}
	if deeper {
		return outside, ""
	}
	return atTop, head
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
	for _, again := range [...]string{"error.", "metadata.", "message."} {
		rest = strings.TrimPrefix(rest, again)
	}
	if key, ok := strings.CutPrefix(rest, "headers."); ok {
		return inHeaders, key
	}
	for _, deep := range [...]string{"retrydelay", "quotaid", "reason"} {
		if strings.HasSuffix(rest, "."+deep) {
			return inError, deep
		}
	}
	return inError, rest
}

// lookInside looks for an error that a relay put into the message as a text,
// JSON or Python's way of writing it, where the code says nothing and the type
// does not blame the request: the text is then the caller's own.
func (s *said) lookInside() {
	if !s.vague() || listed(callerTypes, s.typ) {
		return
	}
	if n := quotedStatus(s.text); n != 0 {
		first(&s.beside.status, strconv.Itoa(n))
		s.quotedStatus = n
	}
	i := strings.IndexByte(s.text, '{')
	if i < 0 {
		return
	}
	var inner said
	inner.readJSON([]byte(s.text[i:]))
	first(&inner.code, between(s.text[i:], "'code': '", "'"))
	first(&inner.typ, between(s.text[i:], "'type': '", "'"))
	_, numeric := number(inner.code)
	if status := numeric && len(inner.code) < 4; inner.code != "" && plain(inner.code) && !status {
		s.code, s.quoted = inner.code, true
	}
	if inner.typ != "" && plain(inner.typ) {
		s.typ, s.quoted = inner.typ, true
	}
	s.addText(inner.text)
}

// quotedStatus finds the HTTP status that a relay got, in words such as "Error
// code: 429 - {…}"; 0: none.
func quotedStatus(text string) int {
	for _, mark := range [...]string{
		"error code: ", "status code: ", "status code ", "status_code=", "status_code: ", "status: ", "http status ", "http error ", "http ",
		"error: ", "returned error ", "状态码: ", "状态码：",
	} {
		_, rest, ok := strings.Cut(text, mark)
		if !ok || len(rest) < 3 || len(rest) > 3 && '0' <= rest[3] && rest[3] <= '9' {
			continue
		}
		if n, ok := number(rest[:3]); ok && 400 <= n && n <= 599 {
			return n
		}
	}
	return 0
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
	start := strings.ToLower(string(body[:min(len(body), 1024)]))
	if !strings.HasPrefix(start, "<") {
		return false
	}
	for _, tag := range [...]string{"<!doctype html", "<html", "<head", "<body", "<title"} {
		if strings.Contains(start, tag) {
			return true
		}
	}
	return false
}

// unquote takes a text out of its JSON string, if it is in one.
func unquote(body []byte) string {
	var text string
	if body[0] == '"' && json.Unmarshal(body, &text) == nil {
		return text
	}
	return string(body)
}
