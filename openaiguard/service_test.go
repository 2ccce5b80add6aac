package openaiguard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/openaiguard"
	"github.com/recloser/recloser/openaitest"
	"github.com/recloser/recloser/retry"
)

const (
	highDemand = "Our AI service is experiencing high demand. Please try again in a few moments."
	workingOn  = "Our AI service is temporarily unavailable. We're working on it."
)

var params = openai.ChatCompletionNewParams{
	Model:    "gpt-5",
	Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hello")},
}

// serve returns a service on a stand-in that plays script.
func serve(t *testing.T, script string, cfg guard.Config) (*openaiguard.Service, *openaitest.Local) {
	t.Helper()
	api := openaitest.Start(t, openaitest.Config{Script: script})
	g, err := guard.New(nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.CloseIdleConnections)
	opts := append(openaiguard.Options(g), option.WithBaseURL(api.BaseURL), option.WithAPIKey("sk-test"))
	return openaiguard.NewService(openai.NewClient(opts...)), api
}

// quick retries without waiting.
var quick = guard.Config{Retry: retry.Config{Strategy: retry.None}}

func TestCompletion(t *testing.T) {
	svc, api := serve(t, "first 2 (down)", quick)
	out, err := svc.CreateChatCompletion(t.Context(), params)
	if err != nil || out.Choices[0].Message.Content == "" {
		t.Fatalf("got %v, %v", out, err)
	}
	if n := api.Counts().Attempts; n != 3 {
		t.Errorf("%d attempts", n)
	}
}

// Each failure comes back typed, with the words for the user letter for letter,
// and as the official client's error where the service answered.
func TestFailures(t *testing.T) {
	rows := []struct {
		script   string
		kind     error
		not      error
		status   int
		wait     time.Duration
		message  string
		attempts int64
	}{
		{"rate-limited retry-after=30s", fault.ErrRateLimit, fault.ErrService, 429, 30 * time.Second, highDemand, 1},
		{"down", fault.ErrService, fault.ErrRateLimit, 503, 0, workingOn, 3},
		{"down 500", fault.ErrService, fault.ErrRateLimit, 500, 0, workingOn, 3},
		{"html 502", fault.ErrService, fault.ErrQuota, 502, 0, workingOn, 3},
		{"quota", fault.ErrQuota, fault.ErrRateLimit, 429, 0, workingOn, 1},
		{"reset", fault.ErrService, fault.ErrTimeout, 0, 0, workingOn, 3},
	}
	for _, row := range rows {
		t.Run(row.script, func(t *testing.T) {
			svc, api := serve(t, row.script, quick)
			_, err := svc.CreateChatCompletion(t.Context(), params)
			if !errors.Is(err, row.kind) || errors.Is(err, row.not) {
				t.Errorf("got %v", err)
			}
			if got := fault.UserMessage(err); got != row.message {
				t.Errorf("the user is told %q", got)
			}
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.RetryAfter != row.wait {
				t.Errorf("retry after %v, want %v", f.RetryAfter, row.wait)
			}
			answer, ok := errors.AsType[*openai.Error](err)
			if ok != (row.status != 0) || ok && answer.StatusCode != row.status {
				t.Errorf("official error: %v", answer)
			}
			if n := api.Counts().Attempts; n != row.attempts {
				t.Errorf("%d attempts, want %d", n, row.attempts)
			}
		})
	}
}

func TestErrorBodyThatTheOfficialClientCannotRead(t *testing.T) {
	svc, api := serve(t, "", quick)
	api.Set(openaitest.APIError{Status: 503, Body: `{"error":"overloaded"}`})
	_, err := svc.CreateChatCompletion(t.Context(), params)
	if !errors.Is(err, fault.ErrService) || fault.UserMessage(err) != workingOn {
		t.Errorf("got %T %v", err, err)
	}
}

// What the official client takes for an answer, or cannot read.
func TestFailuresThatTheOfficialClientDoesNotSee(t *testing.T) {
	for name, row := range map[string]struct {
		kind, body string
		want       error
	}{
		"an error in a 200":       {"application/json", `{"error":{"message":"m","type":"server_error","code":"server_error"}}`, fault.ErrService},
		"a quota in a 200":        {"application/json", `{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}`, fault.ErrQuota},
		"a page":                  {"text/html", "<html>", fault.ErrService},
		"half of an object":       {"application/json", `{"choices":[{`, fault.ErrService},
		"an object that is none":  {"application/json", `{"choices":7,}`, fault.ErrService},
		"a stream without events": {"text/event-stream", "", fault.ErrService},
	} {
		t.Run(name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", row.kind)
				io.WriteString(w, row.body)
			}))
			defer api.Close()
			g, err := guard.New(nil, quick)
			if err != nil {
				t.Fatal(err)
			}
			opts := append(openaiguard.Options(g), option.WithBaseURL(api.URL+"/v1"), option.WithAPIKey("sk-test"))
			svc := openaiguard.NewService(openai.NewClient(opts...))
			if row.kind != "text/event-stream" {
				if out, err := svc.CreateChatCompletion(t.Context(), params); out != nil || !errors.Is(err, row.want) || fault.UserMessage(err) != workingOn {
					t.Errorf("got %v, %T %v", out, err, err)
				}
			}
			if name == "an object that is none" {
				return // to a stream it is nothing at all
			}
			s := svc.CreateChatCompletionStream(t.Context(), params)
			defer s.Close()
			for s.Next() {
				t.Errorf("a piece: %v", s.Current())
			}
			if err := s.Err(); !errors.Is(err, row.want) {
				t.Errorf("stream: %T %v", err, err)
			}
		})
	}
}

func TestOpenCircuit(t *testing.T) {
	cfg := quick
	cfg.Breaker = breaker.Config{BaseTimeout: 7 * time.Second, ResetTimeout: 7 * time.Second}
	svc, api := serve(t, "down", cfg)
	for range 2 {
		_, _ = svc.CreateChatCompletion(t.Context(), params)
	}
	for _, call := range []func() error{
		func() error { _, err := svc.CreateChatCompletion(t.Context(), params); return err },
		func() error {
			s := svc.CreateChatCompletionStream(t.Context(), params)
			defer s.Close()
			if s.Next() {
				t.Error("a piece came through an open circuit")
			}
			return s.Err()
		},
	} {
		err := call()
		open, ok := errors.AsType[*breaker.OpenError](err)
		if !ok || !errors.Is(err, breaker.ErrOpen) || open.State != breaker.Open {
			t.Fatalf("got %T %v, want a refusal", err, err)
		}
		left := open.RetryIn()
		if left <= 6*time.Second || left > 7*time.Second*12/10 {
			t.Errorf("remaining time %v", left)
		}
		seconds := int((left + time.Second - 1) / time.Second)
		if got, want := fault.UserMessage(err), fmt.Sprintf("AI service is temporarily unavailable. Please try again in %d seconds.", seconds); got != want {
			t.Errorf("the user is told %q, want %q", got, want)
		}
	}
	if n := api.Counts().Attempts; n != 5 {
		t.Errorf("%d attempts reached a dead service", n)
	}
}

func TestStream(t *testing.T) {
	svc, _ := serve(t, "healthy", quick)
	s := svc.CreateChatCompletionStream(t.Context(), params)
	defer s.Close()
	text := ""
	for s.Next() {
		if c := s.Current().Choices; len(c) > 0 {
			text += c[0].Delta.Content
		}
	}
	if s.Err() != nil || text == "" {
		t.Errorf("got %q, %v", text, s.Err())
	}
}

// The official client takes a stream that ends between two events for whole.
func TestStreamFailures(t *testing.T) {
	for script, kind := range map[string]error{
		"cut 3":         fault.ErrService,
		"cut 3 reset":   fault.ErrService,
		"error-event 3": fault.ErrService,
		"down":          fault.ErrService,
		"quota":         fault.ErrQuota,
	} {
		t.Run(script, func(t *testing.T) {
			svc, _ := serve(t, script, quick)
			s := svc.CreateChatCompletionStream(t.Context(), params)
			defer s.Close()
			for s.Next() {
				_ = s.Current()
			}
			if err := s.Err(); !errors.Is(err, kind) || fault.UserMessage(err) != workingOn {
				t.Errorf("got %T %v, the user is told %q", err, err, fault.UserMessage(err))
			}
		})
	}
}

func TestCallerLeaves(t *testing.T) {
	svc, _ := serve(t, "hang", quick)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := svc.CreateChatCompletion(ctx, params)
	if !errors.Is(err, context.DeadlineExceeded) || fault.UserMessage(err) != "" {
		t.Errorf("got %v", err)
	}
}

func TestErrorsOfTheClientsOwnMethodsCanBeTyped(t *testing.T) {
	api := openaitest.Start(t, openaitest.Config{Script: "rate-limited retry-after=30s"})
	g, err := guard.New(nil, quick)
	if err != nil {
		t.Fatal(err)
	}
	client := openai.NewClient(append(openaiguard.Options(g), option.WithBaseURL(api.BaseURL), option.WithAPIKey("sk-test"))...)
	_, err = client.Models.List(t.Context())
	err = openaiguard.Typed(err)
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || !errors.Is(err, fault.ErrRateLimit) || f.RetryAfter != 30*time.Second || fault.UserMessage(err) != highDemand {
		t.Errorf("got %T %v", err, err)
	}
	if other := errors.New("other"); openaiguard.Typed(other) != other || openaiguard.Typed(nil) != nil {
		t.Error("what is none of the API's was changed")
	}
}

func TestClientWithoutAGuardIsNamedToo(t *testing.T) {
	api := openaitest.Start(t, openaitest.Config{Script: "quota"})
	svc := openaiguard.NewService(openai.NewClient(option.WithBaseURL(api.BaseURL), option.WithAPIKey("sk-test"), option.WithMaxRetries(0)))
	_, err := svc.CreateChatCompletion(t.Context(), params)
	if !errors.Is(err, fault.ErrQuota) {
		t.Errorf("got %v", err)
	}
}
