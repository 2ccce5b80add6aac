package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

const errorEvent = `data: {"error":{"message":"m","type":"server_error","code":"server_error"}}` + "\n\n"

// fixed answers every request in the same way.
func fixed(status int, body string, header ...string) answer {
	return func(r *http.Request) (*http.Response, error) { return respond(r, status, text(body), header...), nil }
}

func TestReaderWhoTakesHisTimeIsNoSilence(t *testing.T) {
	for _, kind := range []string{"text/plain", "text/event-stream"} {
		synctest.Test(t, func(t *testing.T) {
			service := answer(func(r *http.Request) (*http.Response, error) {
				body := &script{ctx: r.Context(), pieces: []piece{{text: chunk}, {text: chunk}, {after: time.Second, text: chunk}, {text: finish}, {text: done}}}
				return respond(r, 200, body, "Content-Type", kind), nil
			})
			r := newRig(t, service, guard.Config{Timeouts: guard.Timeouts{FirstContent: time.Minute}})
			resp, err := r.RoundTrip(newPost(t, "http://api", chat))
			if err != nil {
				t.Fatal(err)
			}
			for {
				time.Sleep(time.Hour)
				if _, err = resp.Body.Read(make([]byte, 4096)); err != nil {
					break
				}
			}
			resp.Body.Close()
			if m := r.metrics("api/gpt-5"); err != io.EOF || m.FailedCalls != 0 {
				t.Errorf("%s: ended with %v, metrics %+v", kind, err, m)
			}
		})
	}
}

func TestSilenceAfterAnErrorIsBounded(t *testing.T) {
	for name, service := range map[string]answer{
		"error event": slowService(0, chunk+errorEvent, 0, 10*time.Hour),
		"error body": func(r *http.Request) (*http.Response, error) {
			return respond(r, 500, &slowBody{r.Context(), append(make([]time.Duration, 70), 10*time.Hour), strings.Repeat("x", 1024)}), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, service, once)
				start := time.Now()
				_, _, err := r.chat("http://api")
				if took := time.Since(start); took != 2*time.Minute || err == nil {
					t.Errorf("read to its end after %v with %v", took, err)
				}
				if m := r.metrics("api/gpt-5"); m.FailedCalls != 1 {
					t.Errorf("metrics %+v", m)
				}
			})
		})
	}
}

// failAfter is a body that ends with an error.
type failAfter struct {
	io.Reader
	err error
}

func (b *failAfter) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}
func (b *failAfter) Close() error { return nil }

func TestEndOfABody(t *testing.T) {
	broken := errors.New("connection reset by peer")
	const sse, plain = "text/event-stream", "application/json"
	long := `{"id":"` + strings.Repeat("x", 10_000) + `"}`
	rows := []struct {
		name, kind, body string
		length           int64
		end              error
		want             fault.Kind
		code             string
		readError        bool
	}{
		{"a reset after [DONE]", sse, chunk + finish + done, -1, broken, fault.Success, "", false},
		{"a reset after the finish reason", sse, chunk + finish, -1, broken, fault.Service, "", true},
		{"a wrapped EOF", plain, "{}", -1, fmt.Errorf("broken: %w", io.EOF), fault.Service, "", true},
		{"shorter than announced", plain, long, 20_000, io.EOF, fault.Service, fault.CodeTruncated, true},
		{"half of an object", plain, `{"choices":[{"message":"hel`, -1, io.EOF, fault.Service, fault.CodeTruncated, true},
		{"error null", plain, `{"id":"resp_1","error":null}`, -1, io.EOF, fault.Success, "", false},
		{"JSON under a plain content type", "text/plain", `{"code":429,"msg":"too many requests"}`, -1, io.EOF, fault.RateLimit, "429", false},
		{"text under a plain content type", "text/plain", "too many requests", -1, io.EOF, fault.Success, "", false},
		{"a text that talks of errors", plain, `{"choices":[{"message":{"content":"{\"error\":\"overloaded\"}"}}]}`, -1, io.EOF, fault.Success, "", false},
		{"an identity encoding that is named", sse + "; charset=utf-8", chunk, -1, io.EOF, fault.Service, fault.CodeTruncated, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, answer(func(q *http.Request) (*http.Response, error) {
				resp := respond(q, 200, &failAfter{strings.NewReader(row.body), row.end}, "Content-Type", row.kind, "Content-Encoding", "identity")
				resp.ContentLength = row.length
				return resp, nil
			}), once)
			_, got, err := r.chat("http://api")
			if got != row.body && !row.readError || (err != nil) != row.readError {
				t.Errorf("read %q, %v", got, err)
			}
			if err != nil && !errors.Is(err, fault.ErrService) {
				t.Errorf("the reader is told %T %v", err, err)
			}
			e := r.events[len(r.events)-1]
			if e.Type != guard.CallEnded || e.Kind != row.want || e.Status != 200 || row.code != "" && e.Fault.Code != row.code {
				t.Errorf("event %+v", e)
			}
		})
	}
}

// A stored response that failed is fetched with success.
func TestFetchedFailureIsNoFailure(t *testing.T) {
	const failed = `{"object":"response","status":"failed","error":{"code":"server_error","message":"m"}}`
	for kind, body := range map[string]string{
		"application/json":  failed,
		"text/event-stream": "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":" + failed + "}\n\n",
	} {
		for method, want := range map[string]fault.Kind{http.MethodGet: fault.Success, http.MethodPost: fault.Service} {
			path := "/v1/responses"
			if method == http.MethodGet {
				path += "/resp_1"
			}
			r := newRig(t, fixed(200, body, "Content-Type", kind), once)
			req, _ := http.NewRequestWithContext(t.Context(), method, "http://api"+path, nil)
			resp, err := r.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(resp.Body); err != nil {
				t.Error(err)
			}
			resp.Body.Close()
			if e := r.events[len(r.events)-1]; e.Kind != want {
				t.Errorf("%s of %s: %+v", method, kind, e)
			}
		}
	}
}

func TestPageThatWasAskedFor(t *testing.T) {
	r := newRig(t, fixed(200, "<html>", "Content-Type", "text/html; charset=utf-8"), quick)
	get, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://api/v1/files/f/content", nil)
	resp, err := r.RoundTrip(get)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(resp.Body)
	if e := r.events[len(r.events)-1]; e.Kind != fault.Success {
		t.Errorf("a page that was asked for: %+v", e)
	}
}

// An answer that is complete with its headers proves the service, also if nobody
// reads it.
func TestProbesWithoutABodyReclose(t *testing.T) {
	down := true
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case down:
			w.WriteHeader(503)
		case r.URL.Path == "/304":
			w.WriteHeader(304)
		case r.URL.Path == "/204":
			w.WriteHeader(204)
		default:
			fmt.Fprint(w, `{"an":"answer"}`)
		}
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	for _, row := range []struct{ method, path string }{{"HEAD", "/"}, {"GET", "/304"}, {"GET", "/204"}, {"GET", "/unread"}} {
		cfg := guard.Config{Retry: once.Retry, Breaker: breaker.Config{FailureThreshold: 1, BaseTimeout: time.Millisecond, ResetTimeout: time.Millisecond}}
		r := newRig(t, s.Client().Transport, cfg)
		ask := func() {
			req, _ := http.NewRequestWithContext(t.Context(), row.method, s.URL+row.path, nil)
			resp, err := r.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		down = true
		ask()
		down = false
		<-time.After(2 * time.Millisecond)
		ask()
		if m := r.metrics(strings.TrimPrefix(s.URL, "https://")); m.State != breaker.Closed || m.TotalCalls != 2 {
			t.Errorf("%s %s: %+v", row.method, row.path, m)
		}
	}
}

func TestBodiesMayBeClosedTwiceAtOnce(t *testing.T) {
	for name, base := range map[string]answer{
		"good answer":   fixed(200, chunk, "Content-Type", "text/event-stream"),
		"error":         fixed(500, "x"),
		"a large error": fixed(500, strings.Repeat("x", 200<<10)),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, base, guard.Config{Retry: once.Retry, Timeouts: guard.Timeouts{Total: time.Minute}})
			resp, err := r.RoundTrip(newPost(t, "http://api", chat))
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() { resp.Body.Close() })
			}
			wg.Wait()
			if n := r.count(guard.CallEnded); n != 1 {
				t.Errorf("%d calls ended", n)
			}
		})
	}
}

func TestBaseWithoutABody(t *testing.T) {
	for _, status := range []int{200, 500} {
		r := newRig(t, answer(func(q *http.Request) (*http.Response, error) { return respond(q, status, nil), nil }), once)
		if resp, body, err := r.chat("http://api"); err != nil || resp.StatusCode != status || body != "" {
			t.Errorf("%d: got %v %q, %v", status, resp, body, err)
		}
	}
}

func TestBaseThatPanicsIsAFailure(t *testing.T) {
	r := newRig(t, answer(func(*http.Request) (*http.Response, error) { panic("base") }), quick)
	func() {
		defer func() {
			if v := recover(); v != "base" {
				t.Errorf("recovered %v", v)
			}
		}()
		_, _, _ = r.chat("http://api")
	}()
	if m := r.metrics("api/gpt-5"); m.FailedCalls != 1 || r.count(guard.CallEnded) != 1 {
		t.Errorf("metrics %+v, events %+v", m, r.events)
	}
}

func TestBodyLongerThanAnnouncedIsTheCallersMistake(t *testing.T) {
	r := newRig(t, answer(func(*http.Request) (*http.Response, error) { t.Error("it was sent"); return nil, io.EOF }), once)
	for _, body := range []string{chat, strings.Repeat("x", 100<<10)} {
		req := newPost(t, "http://api", body)
		req.ContentLength--
		if _, err := r.RoundTrip(req); !errors.Is(err, fault.ErrCaller) {
			t.Errorf("got %v", err)
		}
		req = newPost(t, "http://api", body)
		req.ContentLength++
		if _, err := r.RoundTrip(req); !errors.Is(err, fault.ErrCancelled) {
			t.Errorf("a body that breaks off: %v", err)
		}
	}
}

func TestCallerCanLeaveWhileHisBodyIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, fixed(200, ""), once)
		body, _ := io.Pipe() // nobody ever writes
		req := newPost(t, "http://api", chat)
		req.Body, req.ContentLength = body, -1
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.RoundTrip(req.WithContext(ctx))
		if !errors.Is(err, fault.ErrCancelled) {
			t.Errorf("got %v", err)
		}
	})
}

// What cannot be an answer is not passed on as one, whatever its status said.
func TestWhatIsNoAnswerIsRestated(t *testing.T) {
	for _, row := range []struct {
		name, body string
		want       fault.Kind
		code       string
		status     int
	}{
		{"nothing at all", "", fault.Service, fault.CodeEmpty, 502},
		{"an answer without choices", `{"id":"x","object":"chat.completion","choices":[]}`, fault.Service, fault.CodeEmpty, 502},
		{"no error key", `{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"},"choices":null}`, fault.Quota, "1008", 429},
		{"a page under JSON's content type", "<html><head></head></html>", fault.Service, fault.CodeHTML, 502},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, fixed(200, row.body, "Content-Type", "application/json"), once)
			resp, got, err := r.chat("http://api")
			e := r.events[len(r.events)-1]
			if e.Type != guard.CallEnded || e.Kind != row.want || e.Fault.Code != row.code {
				t.Errorf("event %+v", e)
			}
			if err != nil {
				if !errors.Is(err, fault.ErrService) {
					t.Errorf("told %v", err)
				}
				return
			}
			if resp.StatusCode != row.status || !strings.Contains(got, `{"error":{"message":"Our AI service is`) || !strings.Contains(got, `"code":"`+row.code+`"`) {
				t.Errorf("handed over %d %q", resp.StatusCode, got)
			}
		})
	}
}
