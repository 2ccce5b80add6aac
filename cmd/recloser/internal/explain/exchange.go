package explain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// exchange is one recorded call: what was asked, and what came back.
type exchange struct {
	method    string
	path      string
	status    int
	header    http.Header
	body      []byte
	transport string // the error in place of an answer, or after its body
}

// line is an exchange as it is written. Each field takes what people and programs
// are likely to write.
type line struct {
	Endpoint  string          `json:"endpoint"`
	Method    string          `json:"method"`
	Status    json.RawMessage `json:"status"`
	Headers   json.RawMessage `json:"headers"`
	Body      json.RawMessage `json:"body"`
	Events    json.RawMessage `json:"events"`
	Transport json.RawMessage `json:"transport"`
}

// parse reads one line.
func parse(text []byte) (exchange, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return exchange{}, syntax(err)
	}
	status, err := statusOf(l.Status)
	if err != nil {
		return exchange{}, err
	}
	header, err := headerOf(l.Headers)
	if err != nil {
		return exchange{}, err
	}
	x := exchange{status: status, header: header, transport: strings.TrimSpace(string(textOf(l.Transport)))}
	x.method, x.path = endpoint(l.Endpoint, l.Method)
	switch {
	case status == 0 && x.transport != "":
		return x, nil
	case status == 0:
		return exchange{}, errors.New(`"status" is missing: use an HTTP status, or name the error in "transport"`)
	case given(l.Events):
		x.body, err = stream(l.Events)
		if !strings.HasPrefix(mediaType(x.header), "text/event-stream") {
			x.header.Set("Content-Type", "text/event-stream") // somebody took it apart as one
		}
	default:
		x.body = textOf(l.Body)
		x.missing(sniff(x.body))
	}
	x.unpack()
	return x, err
}

// unpack forgets how the body was packed on its way: it was recorded as it was
// read. Nor is its announced length worth much, if the text came to its end.
func (x *exchange) unpack() {
	packed := x.header.Get("Content-Encoding") != ""
	x.header.Del("Content-Encoding")
	x.header.Del("Transfer-Encoding")
	if packed || json.Valid(x.body) || mediaType(x.header) == "text/event-stream" {
		x.header.Del("Content-Length")
	}
}

func mediaType(h http.Header) string {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// syntax says what is wrong with a line, without repeating it.
func syntax(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) && kind.Field != "" {
		return fmt.Errorf("%q is of the kind %s: see recloser explain --help", kind.Field, kind.Value)
	}
	return errors.New("this is no JSON object")
}

// statusOf reads a status, a number or a number in a text; 0: none.
func statusOf(raw json.RawMessage) (int, error) {
	text := strings.Trim(string(raw), `"`)
	if text == "" || text == "null" || text == "0" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 || n > 999 {
		return 0, errors.New(`"status" is no HTTP status: use a number such as 429`)
	}
	return n, nil
}

// given reports whether a field is there.
func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// headerOf reads headers: an object, or a list of pairs. Each value is a text, a
// number or a list of those.
func headerOf(raw json.RawMessage) (http.Header, error) {
	h := http.Header{}
	fields := make(map[string]json.RawMessage)
	var pairs [][2]json.RawMessage
	switch {
	case !given(raw), json.Unmarshal(raw, &fields) == nil:
	case json.Unmarshal(raw, &pairs) == nil:
		for _, pair := range pairs {
			fields[string(textOf(pair[0]))] = pair[1]
		}
	default:
		return nil, errors.New(`"headers" is no object`)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		var many []json.RawMessage
		if json.Unmarshal(fields[name], &many) != nil {
			many = []json.RawMessage{fields[name]}
		}
		for _, one := range many {
			value := string(textOf(one))
			if strings.HasPrefix(value, "{") || strings.ContainsAny(value, "\r\n") {
				return nil, errors.New(`a value in "headers" is neither a text nor a number`)
			}
			h.Add(strings.TrimSpace(name), value)
		}
	}
	return h, nil
}

// textOf is what a JSON text says, or any other value as it is written.
func textOf(raw json.RawMessage) []byte {
	var s string
	switch {
	case string(raw) == "null":
		return nil
	case json.Unmarshal(raw, &s) == nil:
		return []byte(s)
	}
	return raw
}

// stream writes events as they go over the wire: texts are the data of an event,
// or lines of the stream as they are; objects may name the event. The stream may
// also be one text.
func stream(raw json.RawMessage) ([]byte, error) {
	var b bytes.Buffer
	var events []json.RawMessage
	if raw[0] == '"' {
		return textOf(raw), nil
	}
	if json.Unmarshal(raw, &events) != nil {
		return nil, errors.New(`"events" is no list`)
	}
	for i, raw := range events {
		name, data, ok := event(raw)
		if !ok {
			return nil, fmt.Errorf(`number %d of "events" is neither a text nor an object`, i+1)
		}
		if name == "" && verbatim(data) {
			b.WriteString(strings.TrimRight(data, "\r\n") + "\n\n")
			continue
		}
		if name != "" {
			fmt.Fprintf(&b, "event: %s\n", name)
		}
		for part := range strings.SplitSeq(data, "\n") {
			fmt.Fprintf(&b, "data: %s\n", strings.TrimRight(part, "\r"))
		}
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// verbatim reports whether a text is a part of a stream, and not data.
func verbatim(text string) bool {
	for _, field := range [...]string{"data:", "event:", "id:", "retry:", ":"} {
		if strings.HasPrefix(text, field) {
			return true
		}
	}
	return false
}

// event reads an event: its data, or an object {"event":…,"data":…}. Any other
// object is data.
func event(raw json.RawMessage) (name, data string, ok bool) {
	if len(raw) == 0 || raw[0] != '{' {
		return "", string(textOf(raw)), len(raw) > 0 && raw[0] == '"'
	}
	var e struct {
		Event *string         `json:"event"`
		Data  json.RawMessage `json:"data"`
	}
	if json.Unmarshal(raw, &e) != nil || e.Data == nil {
		return "", compact(raw), true
	}
	if e.Event != nil {
		name = *e.Event
	}
	return strings.NewReplacer("\r", "", "\n", "").Replace(name), compact(textOf(e.Data)), true
}

// compact writes JSON on one line.
func compact(raw []byte) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// missing fills in a content type that was not recorded.
func (x *exchange) missing(kind string) {
	if kind != "" && x.header.Get("Content-Type") == "" {
		x.header.Set("Content-Type", kind)
	}
}

// sniff guesses the content type of a body.
func sniff(body []byte) string {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return "application/json"
	case bytes.HasPrefix(body, []byte("data:")), bytes.HasPrefix(body, []byte("event:")):
		return "text/event-stream"
	case json.Valid(body), body[0] == '{', body[0] == '[':
		return "application/json"
	}
	kind := http.DetectContentType(body)
	return kind
}

// shortName is the path of an endpoint that is called as in the official clients.
func shortName(name string) string {
	switch name {
	case "chat", "chat.completions", "chat_completions":
		return "chat/completions"
	case "images":
		return "images/generations"
	case "audio":
		return "audio/transcriptions"
	}
	return strings.ReplaceAll(name, ".", "/")
}

// endpoint reads "POST /v1/chat/completions", a path, a URL or the name of an
// endpoint. What is posted and what fetched is guessed where it is not said.
func endpoint(text, method string) (string, string) {
	if first, rest, ok := strings.Cut(strings.TrimSpace(text), " "); ok {
		text = strings.TrimSpace(rest)
		if method == "" {
			method = first
		}
	}
	path := strings.TrimSpace(text)
	if u, err := url.Parse(path); err == nil && (u.Host != "" || strings.HasPrefix(path, "/")) {
		path = u.Path
	} else {
		path, _, _ = strings.Cut(path, "?")
		if !strings.Contains(path, "/") {
			path = shortName(path)
		}
	}
	path = "/" + strings.Trim(path, "/")
	if path == "/" {
		path = "/v1/chat/completions"
	}
	if method == "" {
		method = http.MethodPost
		if strings.HasSuffix(path, "/models") {
			method = http.MethodGet
		}
	}
	return strings.ToUpper(method), path
}
