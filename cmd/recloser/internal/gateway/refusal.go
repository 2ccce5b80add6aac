package gateway

import (
	"net/http"
	"strconv"
	"time"

	"github.com/recloser/recloser/fault"
)

// Clients are not told to wait for longer than maxTold: some of them then do
// not wait at all. Who would be told more is told between spreadFrom and
// maxTold, so that not all come back in the same moment.
const (
	maxTold    = time.Minute
	spreadFrom = 50 * time.Second
)

// refused is for a call that found its circuit open, with in to go until the
// next one may succeed.
func refused(err error, in time.Duration, random func() float64) reply {
	message := fault.UserMessage(timed{err, in})
	return reply{
		status: http.StatusServiceUnavailable, kind: kindRefused, message: message, header: comeBack(in, random),
		body: apiError{Message: message, Type: typeUnavailable, Code: codeCircuitOpen},
	}
}

// limited is for a call that was not sent because of a limit: of the service's, of
// its key's money, or of how many may be under way.
func limited(f *fault.Error, random func() float64) reply {
	r := reply{
		status: http.StatusTooManyRequests, kind: kindRefused, message: fault.UserMessage(f), header: comeBack(f.RetryAfter, random),
		body: apiError{Type: typeLimit, Code: f.Code},
	}
	switch {
	case f.Code == fault.CodeKeyRefused: // no limit, and nothing that the client could do
		r.status, r.message, r.body.Type = http.StatusServiceUnavailable, fault.MessageUnavailable, typeUnavailable
	case f.Kind == fault.Quota:
		r.body.Type = typeQuota
	}
	r.body.Message = r.message
	return r
}

// comeBack are the headers that tell a client when, and not to try before. It does
// so itself then, with others that were told otherwise.
func comeBack(in time.Duration, random func() float64) http.Header {
	told := in
	if told > maxTold {
		told = spreadFrom + time.Duration(random()*float64(maxTold-spreadFrom))
	}
	return http.Header{
		"Retry-After":     {strconv.FormatInt(ceil(told, time.Second), 10)},
		"Retry-After-Ms":  {strconv.FormatInt(ceil(told, time.Millisecond), 10)},
		headerShouldRetry: {"false"},
	}
}

// ceil is how many units d lasts, rounded up, at least one: clients take no
// time to wait for no advice.
func ceil(d, unit time.Duration) int64 {
	return max(int64((d+unit-1)/unit), 1)
}

// timed is a refusal whose remaining time was read once, so that what is told
// in words and in headers is the same.
type timed struct {
	error
	in time.Duration
}

// RetryIn is what fault.UserMessage asks for.
func (t timed) RetryIn() time.Duration { return t.in }

func (t timed) Unwrap() error { return t.error }
