package guard

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestReadFields(t *testing.T) {
	for text, want := range map[string]fields{
		`{"model":"a","stream":true}`:                     {"a", true},
		` { "stream" : false , "model" : "b" } `:          {"b", false},
		`{"x":{"model":"no","stream":true},"model":"c"}`:  {"c", false},
		`{"x":"\"model\":\"no\"","model":"d\u0041\n"}`:    {"dA\n", false},
		`{"x":["]",{"}":"{"}],"stream":true,"model":"e"}`: {"e", true},
		`{"x":"\\","model":"f"}`:                          {"f", false},
		`{"model":null,"stream":"true"}`:                  {},
		`{"model":1.5e3,"stream":1}`:                      {},
		`{}`:                                              {},
		``:                                                {},
		`null`:                                            {},
		`{"model":"g"`:                                    {"g", false},
		`{"model":"g`:                                     {},
		`{"model"`:                                        {},
		`{"model":`:                                       {},
		`{"a":[[[[`:                                       {},
		`"model"`:                                         {},
		"\xef\xbb\xbf{\"model\":\"a\"}":                   {},
		`{"n":-1,"t":true,"f":false,"z":null,"model":"h"}`: {"h", false},
	} {
		if got := readFields([]byte(text)); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

// Whatever is valid JSON without doubled keys reads as encoding/json reads it.
func FuzzReadFields(f *testing.F) {
	f.Add(`{"model":"a","stream":true,"messages":[{"content":"\"}{\\"}]}`)
	f.Add(`{"a":{"model":"b"},"model":"c\u00e9","stream":false}`)
	f.Fuzz(func(t *testing.T, text string) {
		got := readFields([]byte(text))
		var members map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &members) != nil || strings.Count(text, `"model"`) > 1 || strings.Count(text, `"stream"`) > 1 {
			return
		}
		for key := range members { // a key with escapes is not looked for
			if !strings.Contains(text, `"`+key+`"`) {
				return
			}
		}
		var want fields
		_ = json.Unmarshal(members["model"], &want.model)
		want.stream = string(members["stream"]) == "true"
		if got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	})
}

func BenchmarkReadFields(b *testing.B) {
	image := []byte(`{"messages":[{"content":"` + strings.Repeat("iVBORw0KGgo", 100_000) + `"}],"model":"gpt-5"}`)
	b.SetBytes(int64(len(image)))
	b.ReportAllocs()
	for b.Loop() {
		if readFields(image).model == "" {
			b.Fatal("not found")
		}
	}
}
