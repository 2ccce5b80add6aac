package guard

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// fields are the members of a request's JSON object that matter here.
type fields struct {
	model    string
	modelled bool // there is such a member, whatever it is
	stream   bool
}

// readFields finds the top-level members model and stream of a JSON object
// without decoding the rest, which may be megabytes of images. Text that is no JSON
// object, or a member of another type, has none. Of two members of one name the
// last counts, as most readers have it.
func readFields(text []byte) (f fields) {
	s := scanner{rest: text}
	s.object(func(key []byte) bool {
		value, ok := s.value()
		switch {
		case named(key, "model"):
			f.model, f.modelled = unquoted(value), true
		case named(key, "stream"):
			f.stream = string(value) == "true"
		}
		return ok
	})
	return f
}

// named reports whether a key, which may be written with escapes, is that name, in
// whatever case: services in Go make no difference there.
func named(key []byte, name string) bool {
	if len(key) == len(name) {
		return strings.EqualFold(string(key), name)
	}
	return bytes.IndexByte(key, '\\') >= 0 && strings.EqualFold(unquoted(slices.Concat([]byte{'"'}, key, []byte{'"'})), name)
}

// unquoted returns the string that the JSON text value is, or "".
func unquoted(value []byte) (s string) {
	if len(value) > 1 && value[0] == '"' && bytes.IndexByte(value, '\\') < 0 && utf8.Valid(value) {
		return string(value[1 : len(value)-1])
	}
	_ = json.Unmarshal(value, &s)
	return s
}
