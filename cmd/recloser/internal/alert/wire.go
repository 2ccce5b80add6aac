package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// service sends pages to one target. It is used by one goroutine at a time.
type service interface {
	// send tells of a page, in a single attempt that ends with the context.
	send(ctx context.Context, p Page) error
}

// wire is what a service needs to send.
type wire struct {
	transport http.RoundTripper
	instance  string // which process of ours it is
}

// client follows no redirect: a page and its secrets go where they were meant to, and
// a POST that became a GET would seem to have arrived.
func (w wire) client() *http.Client {
	return &http.Client{
		Transport:     w.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// sendError is why a page was not delivered.
type sendError struct {
	text    string
	refused bool          // it will hardly be taken later either
	after   time.Duration // the service wants to be left alone for so long
}

// Error says why.
func (e *sendError) Error() string { return e.text }

// The most of an answer that is read, and that is shown, in bytes.
const (
	answerLimit  = 64 << 10
	excerptLimit = 200
)

// post sends a body as JSON and returns the answer to it, if that is a good one.
func (w wire) post(ctx context.Context, address string, header http.Header, body any) ([]byte, error) {
	return w.request(ctx, http.MethodPost, address, header, body)
}

func (w wire) request(ctx context.Context, method, address string, header http.Header, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "recloser")
	for name, values := range header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	res, err := w.client().Do(req)
	if err != nil {
		return nil, cause(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, answerLimit))
	if problem := judge(res, answer); problem != nil {
		return nil, problem
	}
	return answer, err
}

// cause is an error of the HTTP client without the URL that it quotes.
func cause(err error) error {
	if at, ok := errors.AsType[*url.Error](err); ok {
		return at.Err
	}
	return err
}

// judge says what is wrong with an answer, or nil.
func judge(res *http.Response, answer []byte) error {
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return nil
	}
	e := &sendError{text: fmt.Sprintf("answered %d %s", res.StatusCode, http.StatusText(res.StatusCode))}
	switch code := res.StatusCode; {
	case code == http.StatusTooManyRequests || code >= 500:
		e.after = retryAfter(res.Header.Get("Retry-After"))
	case code == http.StatusRequestTimeout || code == http.StatusTooEarly:
	case code < 400:
		e.text += ": write the address that it leads to"
		e.refused = true
	default:
		e.refused = true
	}
	if len(answer) > 0 {
		e.text += ": " + oneLine(string(answer[:min(len(answer), excerptLimit)]))
	}
	return e
}

// maxRetryAfter is the longest that a service can make us wait.
const maxRetryAfter = 10 * time.Minute

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(text string) time.Duration {
	d := time.Duration(0)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		d = time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	} else if date, err := http.ParseTime(text); err == nil {
		d = time.Until(date)
	}
	return max(0, min(d, maxRetryAfter))
}

// try makes one attempt. What goes wrong is a *sendError without secrets.
func (t *Target) try(ctx context.Context, limit time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := call(ctx)
	if err == nil {
		return nil
	}
	e := &sendError{text: err.Error()}
	if known, ok := errors.AsType[*sendError](err); ok {
		e.text, e.refused, e.after = known.text, known.refused, known.after
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		e = &sendError{text: fmt.Sprintf("no answer within %v", limit)}
	case ctx.Err() != nil:
		e = &sendError{text: "broken off"}
	}
	e.text = t.secrets.clean(e.text)
	return e
}
