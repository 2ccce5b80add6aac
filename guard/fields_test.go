package guard

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestReadFields(t *testing.T) {
	for text, want := range map[string]fields{
		`{"model":"a","stream":true}`:                     {model: "a", stream: true},
		` { "stream" : false , "model" : "b" } `:          {model: "b", stream: false},
		`{"x":{"model":"no","stream":true},"model":"c"}`:  {model: "c", stream: false},
		`{"x":"\"model\":\"no\"","model":"d\u0041\n"}`:    {model: "dA\n", stream: false},
		`{"x":["]",{"}":"{"}],"stream":true,"model":"e"}`: {model: "e", stream: true},
		`{"x":"\\","model":"f"}`:                          {model: "f", stream: false},
		`{"model":null,"stream":"true"}`:                  {},
		`{"model":1.5e3,"stream":1}`:                      {},
		`{}`:                                              {},
		``:                                                {},
		`null`:                                            {},
		`{"model":"g"`:                                    {model: "g", stream: false},
		`{"model":"g`:                                     {},
		`{"model"`:                                        {},
		`{"model":`:                                       {},
		`{"a":[[[[`:                                       {},
		`"model"`:                                         {},
		"\xef\xbb\xbf{\"model\":\"a\"}":                   {},
		`{"stream":true,"stream":true,"model":"a","model":"b"}`: {model: "b", stream: true},
		`{"model":"a","mod\u0065l":"b"}`:                        {model: "b"},
		`{"n":-1,"t":true,"f":false,"z":null,"model":"h"}`:      {model: "h", stream: false},
	} {
		got := readFields([]byte(text))
		if got.modelled = false; got != want {
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
		for key := range members { // keys with escapes, or in another case, are found too
			folded := strings.EqualFold(key, "model") && key != "model" || strings.EqualFold(key, "stream") && key != "stream"
			if folded || !strings.Contains(text, `"`+key+`"`) {
				return
			}
		}
		var want fields
		_ = json.Unmarshal(members["model"], &want.model)
		want.stream = string(members["stream"]) == "true"
		_, want.modelled = members["model"]
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
