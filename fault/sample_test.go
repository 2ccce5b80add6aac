package fault_test

import (
	"net/http"
	"strings"
	"time"

	"github.com/recloser/recloser/fault"
)

// sample makes an answer that the row is meant for: the arguments of Classify.
func sample(r fault.Row) (status int, h http.Header, b []byte, now time.Time) {
	status = max(r.Min, 400)
	switch {
	case r.Min == 0 && strings.Contains(r.Name, "429"):
		status = 429
	case r.Name == "other 4xx":
		status = 418
	case r.Name == "other 5xx":
		status = 507
	}
	if r.HTML {
		return status, nil, []byte(page), noon
	}
	code, _, _ := strings.Cut(r.Codes, " ")
	typ, _, _ := strings.Cut(r.Types, " ")
	text, _, _ := strings.Cut(r.Text, "|")
	text = strings.ReplaceAll(text, "*", " so to speak ")
	if word, _, _ := strings.Cut(r.Words, " "); word != "" {
		code = "brand_new." + word
	}
	if code != "" {
		typ = ""
	}
	return status, nil, []byte(body(code, typ, text)), noon
}
