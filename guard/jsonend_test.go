package guard

import (
	"encoding/json"
	"testing"
)

// A JSON object or list is cut at every place but its end.
func TestJSONEnd(t *testing.T) {
	for _, text := range []string{
		`{"a":"}\"]\\","b":[1,{"c":"{["}],"d":{}}`, ` [ "x" , [ ] ] `, `{}`, `{"a":"\\\\\""}`,
	} {
		for i := range len(text) + 1 {
			whole := json.Valid([]byte(text[:i]))
			for size := 1; size <= 3; size++ {
				var j jsonEnd
				for rest := text[:i]; rest != ""; {
					n := min(size, len(rest))
					j.feed([]byte(rest[:n]))
					rest = rest[n:]
				}
				if j.began && j.cut() == whole {
					t.Errorf("%q: cut is %v", text[:i], j.cut())
				}
			}
		}
	}
	for _, text := range []string{``, ` `, `null`, `"abc`, `<html>{`, `1234`} {
		var j jsonEnd
		if j.feed([]byte(text)); j.cut() {
			t.Errorf("%q is judged", text)
		}
	}
}
