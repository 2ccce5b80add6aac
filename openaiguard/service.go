package openaiguard

import (
	"context"
	"errors"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// Service makes chat completions through a guarded client. It is safe for
// concurrent use.
//
// Its errors are of two kinds. While a circuit is open they hold a
// *breaker.OpenError, matched by breaker.ErrOpen, whose RetryIn is the remaining
// time. Otherwise they hold a *fault.Error, matched by fault.ErrRateLimit,
// fault.ErrService, fault.ErrQuota and the others, and, where the service
// answered, the *openai.Error as well. fault.UserMessage has the words for an
// end user.
type Service struct{ client openai.Client }

// NewService returns a service over client, which should have been made with
// Options.
func NewService(client openai.Client) *Service { return &Service{client} }

// CreateChatCompletion makes one chat completion.
func (s *Service) CreateChatCompletion(ctx context.Context, params openai.ChatCompletionNewParams, opts ...option.RequestOption) (*openai.ChatCompletion, error) {
	var report guard.Report
	out, err := s.client.Chat.Completions.New(guard.WithReport(ctx, &report), params, opts...)
	if err = typed(err, &report); err != nil {
		return nil, err
	}
	return out, nil
}

// CreateChatCompletionStream makes one chat completion that comes in pieces.
// What went wrong, at once or later, is in the stream's Err.
func (s *Service) CreateChatCompletionStream(ctx context.Context, params openai.ChatCompletionNewParams, opts ...option.RequestOption) *Stream {
	stream := &Stream{}
	stream.inner = s.client.Chat.Completions.NewStreaming(guard.WithReport(ctx, &stream.report), params, opts...)
	return stream
}

// Stream is a chat completion in pieces: for Next, use Current; then look at
// Err. It belongs to one goroutine and must be closed.
type Stream struct {
	inner  *ssestream.Stream[openai.ChatCompletionChunk]
	report guard.Report
}

// Next waits for the next piece and reports whether there is one.
func (s *Stream) Next() bool { return s.inner.Next() }

// Current returns the piece that Next found.
func (s *Stream) Current() openai.ChatCompletionChunk { return s.inner.Current() }

// Err returns what ended the stream, nil for its proper end. A stream that was
// cut is an error here, also where it was cut between two pieces.
func (s *Stream) Err() error { return typed(s.inner.Err(), &s.report) }

// Close lets go of the connection.
func (s *Stream) Close() error { return s.inner.Close() }

// Typed returns an error of the client's own methods, such as those for
// responses and embeddings, as one that holds a *fault.Error besides, as the
// service's do. What is none of the API's comes back as it is.
func Typed(err error) error { return typed(err, &guard.Report{}) }

// typed returns err as one that holds what the guard made of it.
// The client takes some failures for answers without content: the guard does not.
func typed(err error, report *guard.Report) error {
	if err == nil {
		if f := report.Fault; f != nil && f.Kind != fault.Cancelled {
			return f
		}
		return nil
	}
	if errors.Is(err, breaker.ErrOpen) {
		return err
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	f := report.Fault
	if f == nil {
		f = unguarded(err)
	}
	if f == nil && report.Attempts > 0 { // it answered, and the client cannot read it
		f = fault.Named(fault.CodeMalformed, nil)
	}
	if f == nil {
		return err
	}
	named := *f
	named.Err = err
	return &named
}

// unguarded names the error of a client that has no guard beneath it.
func unguarded(err error) *fault.Error {
	api, ok := errors.AsType[*openai.Error](err)
	if !ok || api.Response == nil {
		return nil
	}
	body := `{"error":` + api.RawJSON() + `}`
	return fault.Classify(api.StatusCode, api.Response.Header, []byte(body), time.Now())
}
