package guard

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/recloser/recloser/fault"
)

// restate makes of an answer that says in a 200 that the call has failed, before
// anything of it was handed over, an error response that says the same: clients
// take a 200 for a success, and error objects in it for answers of nothing. said
// is the error object, or the event, that came; its words stay the service's.
func (a *attempt) restate(said []byte) {
	f, r := a.fault, a.resp
	status := statusOf(f)
	body, err := json.Marshal(map[string]apiError{"error": errorIn(said, f, &status)})
	if err != nil {
		body = []byte(`{}`)
	}
	h := r.Header.Clone()
	for _, name := range [...]string{"Transfer-Encoding", "Content-Encoding", "Trailer", "Cache-Control"} {
		h.Del(name)
	}
	h.Set("Content-Type", typeJSON)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if f.RetryAfter > 0 && h.Get("Retry-After") == "" {
		h.Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds()+0.999)))
	}
	r.Header, r.Trailer, r.TransferEncoding = h, nil, nil
	r.StatusCode, r.Status = status, fmt.Sprintf("%d %s", status, http.StatusText(status))
	r.ContentLength = int64(len(body))
	r.Body = &restOfBody{a: a, held: body, body: http.NoBody}
}

// statusOf is the status that says what f means.
func statusOf(f *fault.Error) int {
	switch f.Kind {
	case fault.RateLimit, fault.Quota:
		return http.StatusTooManyRequests
	case fault.Caller:
		return http.StatusBadRequest
	case fault.Overload:
		return http.StatusServiceUnavailable
	case fault.Timeout:
		return http.StatusGatewayTimeout
	default:
		return http.StatusBadGateway
	}
}

// errorIn finds the error object in what a service said, in the forms that are
// known, and fills in what is missing. A code that is the status of an error is
// the status.
func errorIn(said []byte, f *fault.Error, status *int) apiError {
	e := errorOf(f)
	if block, _ := parse(said, nil); block.has {
		said = block.data
	}
	var top map[string]any
	dec := json.NewDecoder(bytes.NewReader(said))
	dec.UseNumber()
	if dec.Decode(&top) != nil {
		return e
	}
	found := top // flat
	for _, object := range [...]any{top["error"], member(top["response"], "error")} {
		switch v := object.(type) {
		case map[string]any:
			found = v
		case string:
			found = map[string]any{"message": v}
		}
	}
	e.Message = cmp.Or(textOf(found["message"]), e.Message)
	if kind := textOf(found["type"]); kind != "error" { // which is the event's
		e.Type = cmp.Or(kind, e.Type)
	}
	if param := textOf(found["param"]); param != "" {
		e.Param = &param
	}
	e.Code = cmp.Or(textOf(found["code"]), e.Code)
	if n, err := strconv.Atoi(e.Code); err == nil && n >= 400 && n <= 599 {
		*status = n
	}
	return e
}

func member(of any, name string) any {
	object, _ := of.(map[string]any)
	return object[name]
}

// textOf is a string or number as text, else "".
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return strings.ToValidUTF8(v, "\ufffd")
	case json.Number:
		return v.String()
	}
	return ""
}
