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
	e := errorOf(f)
	if s.dialect == chatStream {
		return eventOf("data: ", map[string]apiError{"error": e})
	}
	return eventOf("event: error\ndata: ", flatError{"error", e.Code, e.Message, nil, s.events, e})
}

// eventOf writes an event whose data is v behind its head.
func eventOf(head string, v any) []byte {
	text := bytes.NewBufferString(head)
	out := json.NewEncoder(text) // puts a line's end behind what it writes
	out.SetEscapeHTML(false)     // an apostrophe may stay one
	if err := out.Encode(v); err != nil {
		return nil // then the broken connection has to tell
	}
	text.WriteByte('\n')
	return text.Bytes()
}
