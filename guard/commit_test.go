package guard_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

const (
	created     = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"error\":null}}\n\n"
	textDelta   = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\n"
	completed   = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"error\":null}}\n\n"
	failedEvent = "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"server_error\",\"message\":\"m\"}}}\n\n"
	flatEvent   = "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"m\",\"param\":null}\n\n"
	whole       = role + chunk + finish + done
)

// piece is one read of a body: it comes after a wait.
type piece struct {
	after time.Duration
	text  string
	err   error
}

// script is a body that comes in pieces, and then ends. It heeds the context.
type script struct {
	ctx    context.Context
	pieces []piece
	closed atomic.Bool
}

func (b *script) Read(p []byte) (int, error) {
	if len(b.pieces) == 0 {
		return 0, io.EOF
	}
	next := &b.pieces[0]
	if next.after > 0 {
		select {
		case <-time.After(next.after):
			next.after = 0
		case <-b.ctx.Done():
			return 0, b.ctx.Err()
		}
	}
	n := copy(p, next.text)
	if next.text = next.text[n:]; next.text == "" {
		err := next.err
		b.pieces = b.pieces[1:]
		return n, err
	}
	return n, nil
}

func (b *script) Close() error { b.closed.Store(true); return nil }

// streams answers each attempt with the next of the streams, the last one for ever.
func streams(attempts *int, bodies ...[]piece) answer {
	return func(r *http.Request) (*http.Response, error) {
		n := min(*attempts, len(bodies)-1)
		*attempts++
		body := &script{ctx: r.Context(), pieces: append([]piece(nil), bodies[n]...)}
		return respond(r, 200, body, "Content-Type", "text/event-stream", "X-Request-Id", "req_1"), nil
	}
}

var errReset = errors.New("read: connection reset by peer")

// early are the ways in which a stream can fail before its content.
var early = map[string]struct {
	pieces []piece
	code   string
	status int // of the error response; 0: an error
}{
	"no event":                   {nil, fault.CodeEmpty, 0},
	"only comments":              {[]piece{{text: ": x\n\n"}}, fault.CodeEmpty, 0},
	"[DONE] alone":               {[]piece{{text: done}}, fault.CodeEmpty, 0},
	"only the role":              {[]piece{{text: role}}, fault.CodeTruncated, 0},
	"[DONE] after the role":      {[]piece{{text: role + done}}, fault.CodeTruncated, 0},
	"half an event":              {[]piece{{text: role}, {text: chunk[:30]}}, fault.CodeTruncated, 0},
	"a broken event":             {[]piece{{text: role}, {text: chunk[:30] + "\n\n"}, {text: whole}}, fault.CodeMalformed, 0},
	"a reset":                    {[]piece{{text: role, err: errReset}}, fault.CodeTransport, 0},
	"silence":                    {[]piece{{text: role}, {after: time.Hour}}, fault.CodeIdleTimeout, 0},
	"an error event":             {[]piece{{text: errorEvent}}, "server_error", 502},
	"an error after a role":      {[]piece{{text: role}, {text: errorEvent}}, "server_error", 502},
	"an error event and a reset": {[]piece{{text: errorEvent, err: errReset}}, "server_error", 502},
}

func TestStreamThatFailsBeforeItsContentIsRepeated(t *testing.T) {
	for name, row := range early {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				r := newRig(t, streams(&attempts, row.pieces, []piece{{text: whole}}), guard.Config{Timeouts: guard.Timeouts{Idle: 20 * time.Second}})
				resp, got, err := r.chat("http://api")
				if err != nil || resp.StatusCode != 200 || got != whole || attempts != 2 {
					t.Errorf("%d attempts, %v %q, %v", attempts, resp, got, err)
				}
				if m := r.metrics("api/gpt-5"); m.TotalCalls != 2 || m.FailedCalls != 1 {
					t.Errorf("metrics %+v", m)
				}
			})
		})
	}
}

func TestStreamThatFailsBeforeItsContentIsNoAnswer(t *testing.T) {
	for name, row := range early {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				r := newRig(t, streams(&attempts, row.pieces), guard.Config{Retry: once.Retry, Timeouts: guard.Timeouts{Idle: 20 * time.Second}})
				resp, got, err := r.chat("http://api")
				if row.status == 0 {
					if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != row.code {
						t.Errorf("got %v, %v, want %s", resp, err, row.code)
					}
				} else if err != nil || resp.StatusCode != row.status || got != `{"error":{"message":"m","type":"server_error","param":null,"code":"server_error"}}` ||
					resp.Header.Get("Content-Type") != "application/json" || resp.Header.Get("X-Request-Id") != "req_1" || resp.ContentLength != int64(len(got)) {
					t.Errorf("got %+v %q, %v", resp, got, err)
				}
				e := r.events[len(r.events)-1]
				if e.Fault == nil || e.Fault.Code != row.code || r.count(guard.CallEnded) != 1 || r.metrics("api/gpt-5").FailedCalls != 1 {
					t.Errorf("event %+v", e)
				}
			})
		})
	}
}

func TestAfterContentNothingIsRepeated(t *testing.T) {
	for name, pieces := range map[string][]piece{
		"cut":             {{text: role + chunk}},
		"in one read":     {{text: role + chunk, err: errReset}},
		"an error event":  {{text: role + chunk + errorEvent}},
		"a broken event":  {{text: role + chunk + chunk[:40] + "\n\n" + finish + done}},
		"[DONE] too soon": {{text: role + chunk + done}},
	} {
		attempts := 0
		r := newRig(t, streams(&attempts, pieces), quick)
		resp, err := r.RoundTrip(newPost(t, "http://api", chat))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		want := role + chunk
		if name == "an error event" {
			want += errorEvent
		}
		if !errors.Is(err, fault.ErrService) {
			t.Errorf("%s: reading gave %v", name, err)
		}
		if attempts != 1 || string(got) != want || r.metrics("api/gpt-5").FailedCalls != 1 {
			t.Errorf("%s: %d attempts, %q", name, attempts, got)
		}
	}
}

func TestWhenAStreamIsHandedOver(t *testing.T) {
	s := time.Second
	slow := []piece{{after: s, text: ": hello\n\n"}, {after: s, text: role}, {after: 100 * s, text: chunk}, {text: finish + done}}
	for name, row := range map[string]struct {
		cfg  guard.Config
		want time.Duration
	}{
		"by default, after 60 s":       {guard.Config{}, 60 * s},
		"at content, if nothing hurts": {guard.Config{CommitAfter: -1}, 102 * s},
		"a set time":                   {guard.Config{CommitAfter: 5 * s}, 5 * s},
		"headers":                      {guard.Config{Commit: guard.CommitHeaders}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				r := newRig(t, streams(&attempts, slow), row.cfg)
				start := time.Now()
				resp, err := r.RoundTrip(newPost(t, "http://api", chat))
				if err != nil || time.Since(start) != row.want {
					t.Fatalf("after %v: %v", time.Since(start), err)
				}
				defer resp.Body.Close()
				if got, err := io.ReadAll(resp.Body); err != nil || string(got) != ": hello\n\n"+whole || time.Since(start) != 102*s {
					t.Errorf("after %v: %q, %v", time.Since(start), got, err)
				}
				if e := r.events[0]; e.Kind != fault.Success || e.Content != 102*s {
					t.Errorf("event %+v", e)
				}
			})
		})
	}
}

// A stream that falls silent after it was handed over for lack of content fails,
// also if its reader closes it while it is silent.
func TestStreamHandedOverWithoutContent(t *testing.T) {
	for _, closes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			r := newRig(t, streams(&attempts, []piece{{text: role}, {after: time.Hour}}), guard.Config{})
			resp, err := r.RoundTrip(newPost(t, "http://api", chat))
			if err != nil {
				t.Fatal(err)
			}
			if closes {
				time.AfterFunc(time.Second, func() { resp.Body.Close() })
			}
			got, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			want := fault.Timeout
			if closes {
				want = fault.Cancelled
			} else if !errors.Is(err, fault.ErrTimeout) || string(got) != role {
				t.Errorf("%q, %v", got, err)
			}
			if e := r.events[len(r.events)-1]; e.Kind != want || attempts != 1 || err == nil {
				t.Errorf("%d attempts, event %+v, %v", attempts, e, err)
			}
		})
	}
}

func TestCallerWhoLeavesBeforeTheContentEndsTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &script{ctx: t.Context(), pieces: []piece{{text: role}, {after: 10 * time.Second}}} // which does not heed the caller
		r := newRig(t, answer(func(q *http.Request) (*http.Response, error) {
			return respond(q, 200, body, "Content-Type", "text/event-stream"), nil
		}), guard.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, func() {
			cancel()
			synctest.Wait()
			if !body.closed.Load() {
				t.Error("the body is open although nobody wants it")
			}
		})
		_, _, err := r.post(ctx, "http://api", chat)
		if !errors.Is(err, fault.ErrCancelled) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if m := r.metrics("api/gpt-5"); m.TotalCalls != 1 || m.FailedCalls != 0 {
			t.Errorf("metrics %+v", m)
		}
	})
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("body") }
func (panicking) Close() error             { return nil }

func TestBodyThatPanicsBeforeTheContent(t *testing.T) {
	for _, kind := range []string{"text/event-stream", "application/json"} {
		r := newRig(t, answer(func(q *http.Request) (*http.Response, error) {
			return respond(q, 200, panicking{}, "Content-Type", kind), nil
		}), quick)
		func() {
			defer func() {
				if v := recover(); v != "body" {
					t.Errorf("%s: recovered %v", kind, v)
				}
			}()
			_, _, _ = r.chat("http://api")
		}()
		if m := r.metrics("api/gpt-5"); m.FailedCalls != 1 || r.count(guard.CallEnded) != 1 {
			t.Errorf("%s: metrics %+v, events %+v", kind, m, r.events)
		}
	}
}

// One that panics later panics in its reader, who may go on to close it.
func TestBodyThatPanicsAfterTheContent(t *testing.T) {
	r := newRig(t, answer(func(q *http.Request) (*http.Response, error) {
		body := struct {
			io.Reader
			io.Closer
		}{io.MultiReader(strings.NewReader(chunk), panicking{}), panicking{}}
		return respond(q, 200, body, "Content-Type", "text/event-stream"), nil
	}), once)
	resp, err := r.RoundTrip(newPost(t, "http://api", chat))
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if v := recover(); v != "body" {
				t.Errorf("recovered %v", v)
			}
		}()
		_, _ = io.ReadAll(resp.Body)
	}()
	resp.Body.Close()
	if n := r.count(guard.CallEnded); n != 1 {
		t.Errorf("%d calls ended", n)
	}
}

// What a stream tells who passes it on.
func TestLastEvent(t *testing.T) {
	const why = "Our AI service is temporarily unavailable. We're working on it."
	const object = `{"message":"` + why + `","type":"server_error","param":null,"code":"truncated"}`
	const chatEvent = `data: {"error":` + object + "}\n\n"
	long := `data: {"choices":[{"delta":{"content":"` + strings.Repeat("x", 3<<20) // and its end is missing
	rows := map[string]struct {
		path string
		sent []piece
		want string
		err  bool
	}{
		"chat":                         {"/chat/completions", []piece{{text: role + chunk}}, role + chunk + chatEvent, true},
		"chat, half an event":          {"/chat/completions", []piece{{text: role + chunk + chunk[:50]}}, role + chunk + chatEvent, true},
		"chat, [DONE] too soon":        {"/chat/completions", []piece{{text: chunk + done}}, chunk + chatEvent, true},
		"chat, finished, half [DONE]":  {"/chat/completions", []piece{{text: chunk + finish + done[:9]}}, chunk + finish, false},
		"chat, [DONE] without a line":  {"/chat/completions", []piece{{text: chunk + finish + "data: [DONE]"}}, chunk + finish + done, false},
		"chat, the service's own":      {"/chat/completions", []piece{{text: chunk + errorEvent}}, chunk + errorEvent, true},
		"chat, the service's own, cut": {"/chat/completions", []piece{{text: chunk + errorEvent, err: errReset}}, chunk + errorEvent, true},
		"chat, within a long event":    {"/chat/completions", []piece{{text: chunk + long}}, chunk + long, true},
		"chat, behind a long event":    {"/chat/completions", []piece{{text: long + "\"}}]}\n\n"}}, long + "\"}}]}\n\n" + chatEvent, true},
		"responses": {"/responses", []piece{{text: created + textDelta}}, created + textDelta +
			`event: error` + "\n" + `data: {"type":"error","code":"truncated","message":"` + why + `","param":null,"sequence_number":2,"error":` + object + "}\n\n", true},
		"responses, failed": {"/responses", []piece{{text: created + textDelta + failedEvent}}, created + textDelta + failedEvent, false},
		"responses, error":  {"/responses", []piece{{text: created + textDelta + flatEvent}}, created + textDelta + flatEvent, true},
		"responses, twice":  {"/responses", []piece{{text: created + textDelta + flatEvent + failedEvent}}, created + textDelta + flatEvent + failedEvent, false},
		"responses, whole":  {"/responses", []piece{{text: created + textDelta + completed}}, created + textDelta + completed, false},
		"another dialect":   {"/chat/completions", []piece{{text: "event: x\ndata: {}\n\nevent: y\ndata: {}\n"}}, "event: x\ndata: {}\n\nevent: y\ndata: {}\n", false},
	}
	for name, row := range rows {
		for _, size := range []int{1, 100, 64 << 10} {
			if size == 1 && len(row.want) > 1<<20 {
				continue
			}
			attempts := 0
			r := newRig(t, streams(&attempts, row.sent), once)
			req := newPost(t, "http://api", chat)
			req.URL.Path = "/v1" + row.path
			resp, err := r.RoundTrip(req.WithContext(guard.WithErrorEvents(t.Context())))
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			_, err = io.CopyBuffer(struct{ io.Writer }{&got}, struct{ io.Reader }{resp.Body}, make([]byte, size))
			resp.Body.Close()
			if got.String() != row.want || (err != nil) != row.err {
				t.Errorf("%s, reads of %d: %d bytes of %d, ending %q, %v", name, size, got.Len(), len(row.want), got.String()[max(0, got.Len()-300):], err)
			}
		}
	}
}

// Events of any length pass through bounded memory, in pieces.
func TestLongEventFlows(t *testing.T) {
	next := make(chan string)
	r := newRig(t, answer(func(q *http.Request) (*http.Response, error) {
		in, out := io.Pipe()
		go func() {
			for text := range next {
				_, _ = io.WriteString(out, text)
			}
			out.Close()
		}()
		return respond(q, 200, in, "Content-Type", "text/event-stream"), nil
	}), once)
	go func() { next <- `data: {"choices":[{"delta":{"content":"` + strings.Repeat("x", 1<<20) }()
	resp, err := r.RoundTrip(newPost(t, "http://api", chat))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2<<20)
	if _, err := io.ReadFull(resp.Body, buf[:1<<20]); err != nil {
		t.Fatal(err)
	}
	for range 40 {
		next <- strings.Repeat("y", 1<<10)
		if _, err := io.ReadAtLeast(resp.Body, buf, 1<<10); err != nil {
			t.Fatal(err) // it is here before the event's end
		}
	}
	next <- "\"}}]}\n\n" + finish + done
	close(next)
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Error(err)
	}
	resp.Body.Close()
	if e := r.events[len(r.events)-1]; e.Kind != fault.Success || e.NoDone {
		t.Errorf("event %+v", e)
	}
}

// A probe's first content recloses its circuit, before anybody reads it.
func TestProbeReclosesWhenItsStreamIsHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		r := newRig(t, streams(&attempts, nil, []piece{{text: role}, {after: time.Second, text: chunk}, {after: time.Minute, text: finish + done}}),
			guard.Config{Retry: once.Retry, Breaker: breaker.Config{FailureThreshold: 1, BaseTimeout: time.Second, ResetTimeout: time.Second}})
		if _, _, err := r.chat("http://api"); err == nil {
			t.Fatal("an empty stream is an answer")
		}
		time.Sleep(2 * time.Second)
		resp, err := r.RoundTrip(newPost(t, "http://api", chat))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if m := r.metrics("api/gpt-5"); m.State != breaker.Closed || attempts != 2 || r.count(guard.AttemptEnded) != 1 {
			t.Errorf("%d attempts, metrics %+v", attempts, m)
		}
		if got, err := io.ReadAll(resp.Body); err != nil || string(got) != whole {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestStreamWithoutDoneIsASuccessAndSaysSo(t *testing.T) {
	for text, want := range map[string]bool{chunk + finish: true, chunk + finish + done: false} {
		attempts := 0
		r := newRig(t, streams(&attempts, []piece{{text: text}}), once)
		var report guard.Report
		if _, _, err := r.post(guard.WithReport(t.Context(), &report), "http://api", chat); err != nil {
			t.Error(err)
		}
		if report.NoDone != want || r.events[0].NoDone != want || r.events[1].NoDone != want || report.Kind != fault.Success {
			t.Errorf("%q: report %+v, events %+v", text, report, r.events)
		}
	}
}
