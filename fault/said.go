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
	status int    // the HTTP status, or one that the answer quotes
	outer  int    // the HTTP status
	code   string // as sent
	typ    string // as sent
	text   string // the message, lower case, cut to maxText
	html   bool
	quoted bool   // code, type or status come from within the message
	found  bool   // something stands under an error key
	rest   string // what stands under keys that are not known

	quotedStatus int    // that a relay's message tells of; 0: none
	param        string // where new-api puts the status that it got
	pause        string // a number of seconds to wait
	edge         bool   // JSON of the edge, whose text is about anything

	codeWords, typeWords string // their letters, where no row lists them
	silent               bool   // the code is vague

	beside beside      // what stands beside such a key, or where there is none
	header http.Header // what an error event carries in the way of headers
}

// beside is what servers put at the top of an answer.
type beside struct {
	code, typ, object string
	status            string // a number that is none of the HTTP answer
	failed            bool   // it says so
	answer            bool   // there is what was asked for
	choices           bool   // there is a place for it
}

// vague reports whether the code says no more than that there was an error.
func (s *said) vague() bool {
	_, numeric := number(s.code)
	return s.code == "" || numeric || !plain(s.code) || listed(vagueCodes, s.code) || !known(s.code)
}

// known reports whether a row lists name as a code or a type.
func known(name string) bool {
	for i := range answers {
		if listed(answers[i].Codes, name) || listed(answers[i].Types, name) {
			return true
		}
	}
	return false
}

// spell prepares code and type for rows that look for words in them.
func (s *said) spell() {
	s.codeWords, s.typeWords, s.silent = lettersOf(s.code), lettersOf(s.typ), s.vague()
}

// lettersOf returns name's letters in lower case, or "" if it says too little or
// is known.
func lettersOf(name string) string {
	if name == "" || len(name) > maxCode || !plain(name) || listed(vagueCodes, name) || listed(vagueTypes, name) || listed(callerTypes, name) || known(name) {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(name))
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
	if s.text == "" && !json.Valid(body) { // cut, or no JSON after all
		s.takeRest(string(body[:min(len(body), maxText)]))
	}
	first(&s.code, s.beside.code)
	if _, numeric := number(s.code); s.code == "" || numeric && len(s.code) < 3 {
		s.code = pick(s.beside.status, s.code)
	}
	if !plain(s.code) {
		s.addText(s.code) // a sentence where a code should be
	}
	if !eventType(s.beside.typ) {
		first(&s.typ, s.beside.typ)
	}
	s.lookInside()
}

// readText takes a message that stands alone.
func (s *said) readText(text string) {
	s.addText(text)
	s.lookInside()
}

func (s *said) take(path string, v json.Token) {
	in, key := where(path)
	switch in {
	case outside:
		s.beside.answer = s.beside.answer || ofAnswer(path)
		s.takeFinish(path, v)
		if last := path[strings.LastIndexByte(path, '.')+1:]; last == "message" || last == "msg" || last == "error" {
			s.takeRest(scalar(v))
		}
	case atTop:
		s.beside.note(key, v)
		s.takeExtra(key, v)
		s.takeBeside(key, scalar(v))
	case inHeaders:
		s.takeHeader(key, scalar(v))
	case inError:
		s.found = s.found || present(key, v)
		s.takeExtra(key, v)
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

// takeFinish takes a finish reason that is none.
func (s *said) takeFinish(path string, v json.Token) {
	if path != "choices.0.finish_reason" {
		return
	}
	switch v {
	case "error":
		s.found = true
	case FinishStarved:
		s.found = true
		first(&s.code, FinishStarved)
	}
}

// takeExtra takes what some servers say in addition, at the top or beside a code.
func (s *said) takeExtra(key string, v json.Token) {
	switch key {
	case "cloudflare_error":
		s.edge = v == true
	case "retry_after", "retry_after_seconds", "resets_in_seconds", "reset_seconds":
		first(&s.pause, scalar(v))
	}
}

// note takes what the top of an answer says by its mere presence.
func (b *beside) note(key string, v json.Token) {
	text, _ := v.(string)
	switch key {
	case "success", "ok":
		b.failed = b.failed || v == false
	case "status":
		b.failed = b.failed || strings.EqualFold(text, "error")
	case "choices":
		b.choices = true
	case "output", "data", "result", "content", "text":
		b.answer = b.answer || text != ""
	}
}

// ofAnswer reports whether a path leads into what an answer consists of.
func ofAnswer(path string) bool {
	head, _, _ := strings.Cut(path, ".")
	switch head {
	case "choices", "data", "output", "result", "results", "content", "candidates", "embeddings", "images", "segments":
		return true
	}
	return false
}

// takeRest keeps a sentence under a key that is not known, in case that nothing
// else says anything.
func (s *said) takeRest(v string) {
	if strings.ContainsAny(v, " \u3002") || len(v) > 8 && !plain(v) {
		s.rest += cut(v, max(maxText-len(s.rest), 0)) + "\n"
	}
}

func (s *said) takeBeside(key, v string) {
	switch key {
	case "code", "error_code", "errorcode", "errcode", "err_code", "__type":
		first(&s.beside.code, afterHash(v))
	case "status_code", "statuscode", "http_code", "http_status", "status":
		if _, numeric := number(v); numeric {
			first(&s.beside.status, v)
		}
	case "type", "error_type":
		first(&s.beside.typ, v)
	case "object":
		first(&s.beside.object, v)
	case "message", "msg", "detail", "error", "error_message", "error_msg", "errmsg", "err_msg", "errormessage",
		"status_msg", "status_message", "description", "error_description", "title", "reason", "faultstring":
		s.addText(v)
	default:
		s.takeRest(v)
	}
}

func (s *said) takeError(key, v string) {
	switch key {
	case "code", "errorcode":
		first(&s.code, afterHash(v))
	case "type", "status", "error_type":
		if _, numeric := number(v); !numeric && v != "error" {
			first(&s.typ, v)
		}
	case "error", "errors", "message", "msg", "detail", "details", "raw", "reason", "description", "quotaid":
		s.addText(v)
	case "retrydelay":
		s.addText("retry in " + v)
	case "param":
		first(&s.param, v)
	default:
		s.takeRest(v)
	}
}

// afterHash is a name without the name space that AWS puts before it.
func afterHash(name string) string { return name[strings.LastIndexByte(name, '#')+1:] }

// pick is a, or b if a is empty.
func pick(a, b string) string {
	if a != "" {
		return a
	}
	return b
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
