package guard

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// fields are the members of a request's JSON object that matter here.
type fields struct {
	model  string
	stream bool
}

// readFields finds the top-level members model and stream of a JSON object
// without decoding the rest, which may be megabytes of images. Text that is no
// JSON object, or a member of another type, has none.
func readFields(text []byte) (f fields) {
	found := 0
	s := scanner{rest: text}
	s.object(func(key []byte) bool {
		value, ok := s.value()
		switch string(key) {
		case "model":
			f.model = unquoted(value)
			found++
		case "stream":
			f.stream = string(value) == "true"
			found++
		}
		return ok && found < 2
	})
	return f
}

// unquoted returns the string that the JSON text value is, or "".
func unquoted(value []byte) (s string) {
	if len(value) > 1 && value[0] == '"' && bytes.IndexByte(value, '\\') < 0 && utf8.Valid(value) {
		return string(value[1 : len(value)-1])
	}
	_ = json.Unmarshal(value, &s)
	return s
}
