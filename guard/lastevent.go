package guard

import (
	"bytes"
	"cmp"
	"encoding/json"

	"github.com/recloser/recloser/fault"
)

// apiError is an error object as the API writes it: clients need all four
// fields, and a code that is a string.
type apiError struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    string  `json:"code"`
}

func errorOf(f *fault.Error) apiError {
	return apiError{Message: cmp.Or(fault.UserMessage(f), f.Why, fault.MessageUnavailable), Type: "server_error", Code: f.Code}
}

// flatError is an error event as the API documents it and as it sends it: some
// clients know only the one form, some only the other.
type flatError struct {
	Type     string   `json:"type"`
	Code     string   `json:"code"`
	Message  string   `json:"message"`
	Param    *string  `json:"param"`
	Sequence int      `json:"sequence_number"`
	Error    apiError `json:"error"`
}

// lastEvent is the event by which a stream tells that it has failed. [DONE] does
// not follow it.
func (s *stream) lastEvent(f *fault.Error) []byte {
	var text bytes.Buffer
	e := errorOf(f)
	text.WriteString("data: ")
	out := json.NewEncoder(&text) // puts a line's end behind what it writes
	out.SetEscapeHTML(false)      // an apostrophe may stay one
	if s.dialect == chatStream {
		_ = out.Encode(map[string]apiError{"error": e})
	} else {
		text.Reset()
		text.WriteString("event: error\ndata: ")
		_ = out.Encode(flatError{"error", e.Code, e.Message, nil, s.events, e})
	}
	text.WriteByte('\n')
	return text.Bytes()
}
