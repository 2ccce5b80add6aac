package openaitest_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

// desk sends requests to a server whose clock is turned by hand.
type desk struct {
	*openaitest.Server
	clock *clock
	begun time.Time
}

func newDesk(t *testing.T, cfg openaitest.Config) desk {
	t.Helper()
	d := desk{clock: newClock()}
	d.begun, cfg.Now = d.clock.Now(), d.clock.Now
	server, err := openaitest.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d.Server = server
	return d
}

// at sends a request when so much time has passed since the beginning.
func (d desk) at(elapsed time.Duration, key, body string) got {
	d.clock.advance(d.begun.Add(elapsed).Sub(d.clock.Now()))
	r := httptest.NewRequest(http.MethodPost, chatPath, strings.NewReader(body))
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	return d.send(r)
}

func (d desk) send(r *http.Request) got {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return got{status: w.Code, header: w.Header(), body: w.Body.String()}
}

// limits is what an answer's headers say: limit/remaining/reset of requests and
// of tokens, Retry-After, retry-after-ms; "-" for none.
func limits(h http.Header) string {
	var parts []string
	for _, kind := range []string{"Requests", "Tokens"} {
		var three []string
		for _, what := range []string{"Limit", "Remaining", "Reset"} {
			if v := h.Get("X-Ratelimit-" + what + "-" + kind); v != "" {
				three = append(three, v)
			}
		}
		parts = append(parts, strings.Join(three, "/"))
	}
	parts = append(parts, h.Get("Retry-After"), h.Get("Retry-After-Ms"))
	for i, p := range parts {
		if p == "" {
			parts[i] = "-"
		}
	}
	return strings.Join(parts, " ")
}

func message(t *testing.T, g got) string {
	t.Helper()
	var body struct{ Error struct{ Message string } }
	decode(t, g.body, &body)
	return body.Error.Message
}

// sized is a chat request of exactly 400 bytes, 100 tokens, with fields besides.
func sized(fields string) string {
	body := `{"model":"gpt-4o",` + fields + `"messages":[{"role":"user","content":"%s"}]}`
	return fmt.Sprintf(body, strings.Repeat("x", 400+2-len(body)))
}

// TestLimited has for each script the instants of requests, and what follows.
func TestLimited(t *testing.T) {
	plain := sized("")
	type row struct {
		at     time.Duration
		body   string
		status int
		limits string
	}
	tests := map[string][]row{
		"limited 0.05": { // a drip
			{0, plain, 200, "1/0/20s - - -"},
			{time.Millisecond, plain, 429, "1/0/19.999s - 20 -"},
			{19*time.Second + 1, plain, 429, "1/0/1s - 1 -"},
			{20*time.Second - 1, plain, 429, "1/0/1ms - 1 -"}, // refusals took nothing
			{20 * time.Second, plain, 200, "1/0/20s - - -"},
			{time.Hour, plain, 200, "1/0/20s - - -"}, // it does not fill beyond its size
			{time.Hour, plain, 429, "1/0/20s - 20 -"},
		},
		"limited 5 burst=3": {
			{0, plain, 200, "3/2/200ms - - -"},
			{0, plain, 200, "3/1/400ms - - -"},
			{0, plain, 200, "3/0/600ms - - -"},
			{0, plain, 429, "3/0/600ms - 1 -"},
			{200 * time.Millisecond, plain, 200, "3/0/600ms - - -"},
			{700 * time.Millisecond, plain, 200, "3/1/300ms - - -"}, // a half stays
			{800 * time.Millisecond, plain, 200, "3/1/400ms - - -"},
		},
		"limited 2.5": {{0, plain, 200, "2/1/400ms - - -"}, {0, plain, 200, "2/0/800ms - - -"}, {0, plain, 429, "2/0/800ms - 1 -"}},
		"limited":     {{0, plain, 200, "1/0/1s - - -"}, {0, plain, 429, "1/0/1s - 1 -"}, {time.Second, plain, 200, "1/0/1s - - -"}},
		"limited 0.05 millis": {
			{0, plain, 200, "1/0/20s - - -"},
			{0, plain, 429, "1/0/20s - 20 20000"},
			{time.Second + 1, plain, 429, "1/0/19s - 19 19000"},
		},
		"limited 1 no-retry-after millis": {{0, plain, 200, "1/0/1s - - -"}, {0, plain, 429, "1/0/1s - - -"}},
		"limited 1 tokens=6000 bare":      {{0, plain, 200, "- - - -"}, {0, plain, 429, "- - - -"}},
		"limited tokens=600": { // ten a second
			{0, plain, 200, "- 600/500/10s - -"},
			{0, sized(`"max_tokens":300,`), 200, "- 600/100/50s - -"},
			{0, sized(`"max_completion_tokens":1,`), 429, "- 600/100/50s 1 -"},
			{100 * time.Millisecond, sized(`"max_completion_tokens":1,`), 200, "- 600/0/1m0s - -"},
			{100 * time.Millisecond, sized(`"max_output_tokens":500,`), 429, "- 600/0/1m0s 60 -"},
			{time.Hour, sized(`"max_output_tokens":501,`), 429, "- 600/600/0s - -"}, // never
			{time.Hour, sized(`"max_output_tokens":500,`), 200, "- 600/0/1m0s - -"},
		},
		"limited tokens=600 token-burst=150": {
			{0, plain, 200, "- 150/50/10s - -"},
			{0, plain, 429, "- 150/50/10s 5 -"},
			{4950 * time.Millisecond, plain, 429, "- 150/99/5.05s 1 -"},
			{5 * time.Second, plain, 200, "- 150/0/15s - -"},
		},
		"limited 1 burst=2 tokens=600": {
			{0, sized(`"max_tokens":450,`), 200, "2/1/1s 600/50/55s - -"},
			{0, plain, 429, "2/1/1s 600/50/55s 5 -"}, // nor a request is taken
			{5 * time.Second, plain, 200, "2/1/1s 600/0/1m0s - -"},
		},
		"limited 1 + limited tokens=600": {
			{0, plain, 200, "1/0/1s 600/500/10s - -"},
			{0, plain, 429, "1/0/1s - 1 -"},
		},
		"limited 1 + cut 3": {{0, chatStreamBody, 200, "1/0/1s - - -"}, {0, chatStreamBody, 429, "1/0/1s - 1 -"}},
		// The buckets outlive a phase, and fill meanwhile.
		"limited 0.1 1s, healthy 1s, loop": {
			{0, plain, 200, "1/0/10s - - -"},
			{1 * time.Second, plain, 200, "10000/9999/6ms 2000000/1999800/6ms - -"},
			{2 * time.Second, plain, 429, "1/0/8s - 8 -"},
			{10 * time.Second, plain, 200, "1/0/10s - - -"},
		},
	}
	for script, rows := range tests {
		t.Run(script, func(t *testing.T) {
			d := newDesk(t, openaitest.Config{Script: script})
			for i, row := range rows {
				g := d.at(row.at, "", row.body)
				if have := limits(g.header); g.status != row.status || have != row.limits {
					t.Errorf("request %d at %v: %d %s, want %d %s", i, row.at, g.status, have, row.status, row.limits)
				}
			}
		})
	}
}

func TestLimitedSaysWhatTheAPISays(t *testing.T) {
	tests := []struct {
		fault           *openaitest.Limited
		first, second   string
		kind, complaint string
	}{
		{&openaitest.Limited{Rate: 0.05}, chatBody, chatBody, "requests",
			"Rate limit reached for gpt-4o in organization org-openaitest on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s."},
		{&openaitest.Limited{Rate: 0.0025}, chatBody, chatBody, "requests",
			"Rate limit reached for gpt-4o in organization org-openaitest on requests per day (RPD): Limit 216, Used 216, Requested 1. Please try again in 6m40s."},
		{&openaitest.Limited{Rate: 100, TokensPerMinute: 600}, sized(`"max_tokens":450,`), sized(""), "tokens",
			"Rate limit reached for gpt-4o in organization org-openaitest on tokens per min (TPM): Limit 600, Used 550, Requested 100. Please try again in 5s."},
		{&openaitest.Limited{TokensPerMinute: 700, TokenBurst: 130}, sized(""), sized(""), "tokens",
			"Rate limit reached for gpt-4o in organization org-openaitest on tokens per min (TPM): Limit 700, Used 670, Requested 100. Please try again in 6s."},
		{&openaitest.Limited{TokensPerMinute: 600}, sized(""), sized(`"max_tokens":1000,`), "tokens",
			"Request too large for gpt-4o in organization org-openaitest on tokens per min (TPM): Limit 600, Requested 1100. The input or output tokens must be reduced in order to run successfully."},
	}
	for _, tt := range tests {
		d := newDesk(t, openaitest.Config{Fault: tt.fault})
		if g := d.at(0, "", tt.first); g.status != 200 {
			t.Errorf("%v: %+v", tt.fault, g)
		}
		g := d.at(0, "", tt.second)
		if code, kind := g.apiError(t); g.status != 429 || code != "rate_limit_exceeded" || kind != tt.kind {
			t.Errorf("%v: %+v", tt.fault, g)
		}
		if have := message(t, g); have != tt.complaint {
			t.Errorf("%v:\n%s, want\n%s", tt.fault, have, tt.complaint)
		}
	}
}

// TestEachKeyAndModelHasItsLimit has requests that all pass, each the first of
// its bucket, and are all refused when repeated.
func TestEachKeyAndModelHasItsLimit(t *testing.T) {
	d := newDesk(t, openaitest.Config{Fault: &openaitest.Limited{Rate: 0.001}})
	post := func(path, header, key, body string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set(header, key)
		return r
	}
	const mini = `{"model":"gpt-4o-mini","input":"x"}`
	rows := []func() *http.Request{
		func() *http.Request { return post(chatPath, "Authorization", "Bearer one", chatBody) },
		func() *http.Request { return post(chatPath, "Authorization", "Bearer two", chatBody) },
		func() *http.Request { return post(chatPath, "Api-Key", "three", chatBody) },
		func() *http.Request { return post(respPath, "Api-Key", "three", mini) },
		func() *http.Request { return httptest.NewRequest(http.MethodGet, "/v1/models", http.NoBody) },
	}
	for _, want := range []int{200, 429} {
		for i, row := range rows {
			if g := d.send(row()); g.status != want {
				t.Errorf("row %d: %d, want %d", i, g.status, want)
			}
		}
	}
	// The same bucket by another way: the header and the endpoint do not matter.
	if g := d.send(post(respPath, "Api-Key", "one", respStreamBody)); g.status != 429 {
		t.Errorf("%+v", g)
	}
	if c := d.Counts(); c.ByStatus["2xx"] != 5 || c.ByStatus["4xx"] != 6 || c.ByFault["limited"] != 11 {
		t.Errorf("%+v", c)
	}
}

func TestLimitedForgetsTheIdlestKey(t *testing.T) {
	d := newDesk(t, openaitest.Config{Fault: &openaitest.Limited{Rate: 0.001}})
	ask := func(key string, want int) {
		t.Helper()
		if g := d.at(0, key, chatBody); g.status != want {
			t.Errorf("%s: %d, want %d", key, g.status, want)
		}
	}
	ask("idle", 200)
	ask("busy", 200)
	for i := range 998 {
		ask(fmt.Sprint("key-", i), 200)
	}
	ask("idle", 429)
	ask("busy", 429)
	ask("one-more", 200) // in place of key-0
	ask("idle", 429)
	ask("busy", 429)
	ask("key-0", 200) // in place of key-1
	ask("key-2", 429)
}

func TestLimitedKeepsItsBucketsWhenSetAgain(t *testing.T) {
	limit := &openaitest.Limited{Rate: 1, Burst: 2}
	d := newDesk(t, openaitest.Config{Fault: limit})
	for i, want := range []int{200, 200, 429} {
		if g := d.at(0, "", chatBody); g.status != want {
			t.Errorf("request %d: %d, want %d", i, g.status, want)
		}
		d.Set(limit)
	}
	d.Set(&openaitest.Limited{Rate: 1, Burst: 2}) // full
	if g := d.at(0, "", chatBody); g.status != 200 {
		t.Errorf("%+v", g)
	}
}

func TestLimitedPassesExactlyTheBurstInParallel(t *testing.T) {
	const burst, clients = 50, 200
	l := &openaitest.Limited{Rate: 0.001, Burst: burst, TokensPerMinute: 1_000_000}
	server, err := openaitest.New(openaitest.Config{Fault: l}) // by the real clock
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			r := httptest.NewRequest(http.MethodPost, chatPath, strings.NewReader(chatBody))
			server.ServeHTTP(httptest.NewRecorder(), r)
			_ = l.String()
		})
	}
	all.Wait()
	if c := server.Counts(); c.ByStatus["2xx"] != burst || c.ByStatus["4xx"] != clients-burst {
		t.Errorf("%+v", c)
	}
}

// TestLimitedBounds has values that no script can say.
func TestLimitedBounds(t *testing.T) {
	inf := math.Inf(1)
	tests := []struct {
		fault  *openaitest.Limited
		script string
		limits string // of the first answer
	}{
		{&openaitest.Limited{Rate: -1, Burst: -1, TokensPerMinute: -1, TokenBurst: -1}, "limited", "1/0/1s - - -"},
		{&openaitest.Limited{Rate: math.NaN()}, "limited", "1/0/1s - - -"},
		{&openaitest.Limited{Rate: inf}, "limited 1000000", "1000000/999999/1ms - - -"},
		{&openaitest.Limited{Rate: 1e-300, Burst: math.MaxInt}, "limited 0.00001 burst=1000000", "23058/23057/27h46m40s - - -"},
		{&openaitest.Limited{TokensPerMinute: math.MaxInt, TokenBurst: math.MaxInt},
			"limited tokens=1000000000 token-burst=1000000000", "- 1000000000/999999900/1ms - -"},
		{&openaitest.Limited{TokensPerMinute: 1, TokenBurst: math.MaxInt},
			"limited tokens=1 token-burst=1000000000", "- 38430716/38430616/1h40m0s - -"},
	}
	for _, tt := range tests {
		if have := tt.fault.String(); have != tt.script {
			t.Errorf("%q, want %q", have, tt.script)
		}
		d := newDesk(t, openaitest.Config{Fault: tt.fault})
		if g := d.at(0, "", sized("")); g.status != 200 || limits(g.header) != tt.limits {
			t.Errorf("%s: %d %s, want %s", tt.script, g.status, limits(g.header), tt.limits)
		}
		if g := d.at(0, "", `{"model":"gpt-4o","max_tokens":9223372036854775807,"max_output_tokens":-1,"messages":"x"}`); g.status >= 500 {
			t.Errorf("%s: %+v", tt.script, g)
		}
	}
}

func TestWhatHasNoJSONNeedsNoTokens(t *testing.T) {
	d := newDesk(t, openaitest.Config{Script: "limited tokens=10"})
	upload := httptest.NewRequest(http.MethodPost, "/v1/files", strings.NewReader(
		"--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"+
			"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n{}\r\n--b--\r\n"))
	upload.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	for _, r := range []*http.Request{upload, httptest.NewRequest(http.MethodGet, "/v1/models", http.NoBody)} {
		if g := d.send(r); g.status != 200 {
			t.Errorf("%s: %+v", r.URL, g)
		}
	}
}

// TestLimitedWithoutAServer puts it in front of another handler.
func TestLimitedWithoutAServer(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	limit := &openaitest.Limited{Rate: 0.001, TokensPerMinute: 600}
	for i, want := range []int{204, 429} {
		w := httptest.NewRecorder()
		limit.Serve(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(chatBody)), next)
		if w.Code != want || w.Header().Get("X-Ratelimit-Limit-Tokens") != "600" {
			t.Errorf("request %d: %d %v", i, w.Code, w.Header())
		}
	}
}
