package openaitest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/recloser/recloser/openaitest"
)

// ask sends one chat completion and returns the status.
func ask(baseURL string) int {
	body := `{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}`
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost,
		baseURL+"/chat/completions", strings.NewReader(body))
	if err != nil {
		return 0
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// A service that is down for the first two attempts. In a test, use Start, which
// closes by itself.
func ExampleListen() {
	l, err := openaitest.Listen("127.0.0.1:0", openaitest.Config{Script: "first 2 (overloaded)"})
	if err != nil {
		panic(err)
	}
	defer l.Close()
	for range 3 {
		fmt.Println(ask(l.BaseURL))
	}
	fmt.Println(l.Counts().ByFault["overloaded"], "attempts failed")
	// Output:
	// 503
	// 503
	// 200
	// 2 attempts failed
}

// A Server is a handler like any other.
func ExampleNew() {
	server, err := openaitest.New(openaitest.Config{Chunks: 2, Seed: 1})
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/chat/completions",
		strings.NewReader(`{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hello"}]}`))
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.Count(w.Body.String(), "data: "), "events")
	// Output: 200 5 events
}

func ExampleParse() {
	line, err := openaitest.Parse("healthy 5s, down 20s, flaky 0.3 10s, healthy")
	if err != nil {
		panic(err)
	}
	for _, at := range []time.Duration{0, 6 * time.Second, 30 * time.Second, time.Hour} {
		phase, left := line.At(at)
		fmt.Println(phase.Fault, left)
	}
	_, err = openaitest.Parse("healthy 5s, down 20")
	fmt.Println(err)
	// Output:
	// healthy 5s
	// down 19s
	// flaky 0.3 5s
	// healthy 0s
	// openaitest: script, line 1, column 18: "20" is out of range; status is a whole number from 400 to 599, and a duration has a unit, as in 5s
}

func ExampleServer_Set() {
	l, err := openaitest.Listen("127.0.0.1:0", openaitest.Config{})
	if err != nil {
		panic(err)
	}
	defer l.Close()
	fmt.Println(ask(l.BaseURL))
	l.Set(openaitest.RateLimited{RetryAfter: 5 * time.Second})
	fmt.Println(ask(l.BaseURL))
	l.Set(nil)
	fmt.Println(ask(l.BaseURL))
	// Output:
	// 200
	// 429
	// 200
}

// Choosers depend on the attempt only, so they can be asked without a server.
func ExampleFlaky() {
	flaky := openaitest.Flaky{P: 0.3, Fault: openaitest.Reset{}}
	for n := range uint64(5) {
		fmt.Print(flaky.Choose(openaitest.Attempt{N: n + 1, Seed: 4}).Name(), " ")
	}
	// Output: reset healthy reset reset healthy
}

// A quota that lets one call through every 20 s. The client that heeds what it is
// told is served.
func ExampleLimited() {
	now := time.Unix(0, 0)
	server, err := openaitest.New(openaitest.Config{
		Fault: &openaitest.Limited{Rate: 0.05}, // or Script: "limited 0.05"
		Now:   func() time.Time { return now },
	})
	if err != nil {
		panic(err)
	}
	for range 3 {
		r := httptest.NewRequest(http.MethodPost, "/v1/chat/completions",
			strings.NewReader(`{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}`))
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		wait, _ := time.ParseDuration(w.Header().Get("Retry-After") + "s")
		fmt.Println(w.Code, "wait", wait, "full in", w.Header().Get("X-Ratelimit-Reset-Requests"))
		now = now.Add(wait)
	}
	// Output:
	// 200 wait 0s full in 20s
	// 429 wait 20s full in 20s
	// 200 wait 0s full in 20s
}
