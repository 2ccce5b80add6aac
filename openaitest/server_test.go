package openaitest_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

// TestSameSeedSameRun compares everything that a client sees, byte for byte.
func TestSameSeedSameRun(t *testing.T) {
	run := func(seed uint64) string {
		l := openaitest.Start(t, openaitest.Config{
			Seed: seed, Now: newClock().Now, Script: "flaky 0.5 (flaky 0.5 (cut 2))",
		})
		var all strings.Builder
		for range 20 {
			g := post(t, l, chatPath, chatStreamBody)
			fmt.Fprintln(&all, g.status, g.header.Get("X-Request-Id"), g.body)
		}
		return all.String()
	}
	if run(1) != run(1) {
		t.Error("the same seed gave another run")
	}
	if run(1) == run(2) {
		t.Error("another seed gave the same run")
	}
}

func TestLuckIsEvenAndNestedLuckIsIndependent(t *testing.T) {
	const n = 100_000
	outer := openaitest.Flaky{P: 0.3, Fault: openaitest.Flaky{P: 0.5, Fault: openaitest.Hang{}}}
	pair := openaitest.All{openaitest.Flaky{P: 0.5, Fault: openaitest.Slow{}}, openaitest.Flaky{P: 0.5}}
	counts := map[string]int{}
	for i := range n {
		a := openaitest.Attempt{N: uint64(i + 1), Seed: 7}
		counts[outer.Choose(a).Name()]++
		counts[pair.Choose(a).Name()]++
	}
	for name, want := range map[string]float64{"flaky": 0.3, "slow+down": 0.25, "slow": 0.25, "down": 0.25} {
		if have := float64(counts[name]) / n; have < want-0.01 || have > want+0.01 {
			t.Errorf("%s: %.3f, want %.3f", name, have, want)
		}
	}
}

func TestFlakyAtTheEnds(t *testing.T) {
	for p, want := range map[float64]string{-1: "healthy", 0: "healthy", 1: "down", 2: "down"} {
		for n := range uint64(1000) {
			if have := (openaitest.Flaky{P: p}).Choose(openaitest.Attempt{N: n}).Name(); have != want {
				t.Fatalf("P %v: %s", p, have)
			}
		}
	}
}

// TestCountsAreExact has a hundred clients who meet every sort of ending.
func TestCountsAreExact(t *testing.T) {
	const clients, each = 100, 12
	script := "flaky 0.2 (reset) + flaky 0.3 (cut 2) + flaky 0.3 (rate-limited)"
	l := openaitest.Start(t, openaitest.Config{Script: script, MaxClients: 10, Chunks: 3})
	var mu sync.Mutex
	status := map[string]int64{}
	var wg sync.WaitGroup
	for i := range clients {
		c := client(t)
		c.Transport.(*http.Transport).DisableKeepAlives = true
		wg.Go(func() {
			for range each {
				r := newRequest(t.Context(), t, http.MethodPost, l.URL+chatPath, chatStreamBody)
				r.Header.Set("X-Client", fmt.Sprint("client ", i%20))
				g := do(c, r)
				class := fmt.Sprintf("%dxx", g.status/100)
				if g.status == 0 {
					class = "none"
				}
				mu.Lock()
				status[class]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	idle(t, l)
	c := l.Counts()
	if c.Attempts != clients*each || c.InFlight != 0 || c.Canceled != 0 {
		t.Errorf("%+v", c)
	}
	if fmt.Sprint(c.ByStatus) != fmt.Sprint(status) {
		t.Errorf("clients saw %v, the server %v", status, c.ByStatus)
	}
	var byClient int64
	for _, one := range c.ByClient {
		byClient += one.Attempts
		if sum(one.ByFault) != one.Attempts || sum(one.ByStatus) != one.Attempts || one.InFlight != 0 {
			t.Errorf("%+v", one)
		}
	}
	if sum(c.ByEndpoint) != c.Attempts || sum(c.ByFault) != c.Attempts || byClient != c.Attempts {
		t.Errorf("%+v", c)
	}
	if len(c.ByClient) != 11 || c.ByClient["other"].Attempts == 0 {
		t.Errorf("%d labels", len(c.ByClient))
	}
	if len(l.Log()) != 256 {
		t.Errorf("%d requests in the log", len(l.Log()))
	}
}

func sum(m map[string]int64) (total int64) {
	for _, n := range m {
		total += n
	}
	return total
}

func TestCountsAreASnapshot(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{})
	post(t, l, chatPath, chatBody)
	idle(t, l)
	before := l.Counts()
	post(t, l, chatPath, chatBody)
	idle(t, l)
	if before.Attempts != 1 || before.ByFault["healthy"] != 1 || before.ByClient["Go-http-client/1.1"].ByStatus["2xx"] != 1 {
		t.Errorf("%+v", before)
	}
}

func TestLogKeepsTheLatestWithoutSecrets(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{LogSize: 3, Script: "first 1"})
	for i := range 5 {
		r := newRequest(t.Context(), t, http.MethodPost, l.URL+chatPath+"?a=b", chatStreamBody)
		r.Header.Set("Authorization", "Bearer sk-secret-0123456789")
		r.Header.Set("Cookie", "secret=1")
		r.Header.Set("X-Ordinal", fmt.Sprint(i+1))
		do(client(t), r)
	}
	idle(t, l)
	log := l.Log()
	if len(log) != 3 {
		t.Fatalf("%d entries", len(log))
	}
	for i, entry := range log {
		if entry.N != uint64(i+3) || entry.Header.Get("X-Ordinal") != fmt.Sprint(i+3) {
			t.Errorf("entry %d is attempt %d", i, entry.N)
		}
		if entry.Header.Get("Authorization") != "" || entry.Header.Get("Cookie") != "" || entry.KeyTail != "6789" {
			t.Errorf("secrets: %+v", entry)
		}
		if entry.Path != chatPath || entry.Model != "gpt-4o" || !entry.Stream || string(entry.Body) != chatStreamBody ||
			entry.Fault != "healthy" || entry.Status != 200 || !entry.Done || entry.Canceled {
			t.Errorf("%+v", entry)
		}
	}
}

func TestTimelineByAFakeClock(t *testing.T) {
	now := newClock()
	l := openaitest.Start(t, openaitest.Config{
		Script: "healthy 5s, down 20s, rate-limited 10s, healthy", Now: now.Now,
	})
	now.advance(time.Hour) // time begins with the first attempt
	steps := []struct {
		advance time.Duration
		status  int
		left    time.Duration
	}{
		{0, 200, 5 * time.Second},
		{5*time.Second - 1, 200, 1},
		{1, 503, 20 * time.Second},
		{19 * time.Second, 503, time.Second},
		{time.Second, 429, 10 * time.Second},
		{10 * time.Second, 200, 0},
		{time.Hour, 200, 0},
	}
	for i, step := range steps {
		now.advance(step.advance)
		if g := post(t, l, chatPath, chatBody); g.status != step.status {
			t.Errorf("step %d: %d, want %d", i, g.status, step.status)
		}
		if f, left := l.Current(); left != step.left {
			t.Errorf("step %d: %v left of %s, want %v", i, left, f.Name(), step.left)
		}
	}
}

func TestTimelineAt(t *testing.T) {
	loop, err := openaitest.Parse("down 1s, healthy 2s, loop")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[time.Duration]string{
		-time.Second: "down", 0: "down", time.Second: "healthy", 3 * time.Second: "down",
		3001 * time.Second: "healthy", 3000 * time.Second: "down",
	}
	for at, want := range rows {
		if p, left := loop.At(at); p.Fault.Name() != want || left <= 0 {
			t.Errorf("%v: %s, %v left", at, p.Fault.Name(), left)
		}
	}
	for _, line := range []openaitest.Timeline{{}, {Loop: true}, {Phases: []openaitest.Phase{{}}, Loop: true}} {
		if p, left := line.At(time.Hour); p.Fault != (openaitest.Healthy{}) || left != 0 {
			t.Errorf("%+v: %+v, %v", line, p, left)
		}
	}
}

func TestBeginAndSet(t *testing.T) {
	now := newClock()
	l := openaitest.Start(t, openaitest.Config{Script: "down 5s", Now: now.Now})
	l.Begin()
	now.advance(6 * time.Second)
	l.Begin()
	if g := post(t, l, chatPath, chatBody); g.status != 200 {
		t.Errorf("after the end: %d", g.status)
	}
	l.Set(openaitest.Timeline{Phases: []openaitest.Phase{{Fault: openaitest.Quota{}, For: time.Second}}})
	if g := post(t, l, chatPath, chatBody); g.status != 429 {
		t.Errorf("Set does not begin anew: %d", g.status)
	}
	l.Set(openaitest.First{N: 2})
	for i, want := range []int{503, 503, 200} {
		if g := post(t, l, chatPath, chatBody); g.status != want {
			t.Errorf("attempt %d: %d", i, g.status)
		}
	}
	l.Set(nil)
	if f, _ := l.Current(); f.Name() != "healthy" || post(t, l, chatPath, chatBody).status != 200 {
		t.Error("nil is not healthy")
	}
}

func TestOnly(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{Script: "only model=gpt-4o endpoint=chat/completions (quota)"})
	for body, want := range map[string]int{chatBody: 429, strings.Replace(chatBody, "gpt-4o", "gpt-5", 1): 200} {
		if g := post(t, l, chatPath, body); g.status != want {
			t.Errorf("%s: %d", body, g.status)
		}
	}
	if g := post(t, l, "/responses", `{"model":"gpt-4o","input":"a"}`); g.status != 200 {
		t.Errorf("another endpoint: %d", g.status)
	}
}

func TestFaultsOfOnesOwn(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{Fault: openaitest.Flaky{P: 1, Fault: teapot{}}})
	if g := post(t, l, chatPath, chatBody); g.status != http.StatusTeapot || g.body != "attempt 1" {
		t.Errorf("%+v", g)
	}
	idle(t, l)
	if c := l.Counts(); c.ByFault["teapot"] != 1 {
		t.Errorf("%+v", c)
	}
}

type teapot struct{}

func (teapot) Name() string { return "teapot" }

func (teapot) Serve(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	w.WriteHeader(http.StatusTeapot)
	fmt.Fprintf(w, "attempt %d", openaitest.AttemptOf(r).N)
}

type ouroboros struct{ teapot }

func (o ouroboros) Choose(openaitest.Attempt) openaitest.Fault { return o }

func TestAChooserThatChoosesItselfIsHealthy(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{Fault: ouroboros{}})
	if g := post(t, l, chatPath, chatBody); g.status != 200 {
		t.Errorf("%+v", g)
	}
}

func TestAClientThatLeavesWhileItSendsIsCounted(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(l.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{", chatPath)
	for l.Counts().InFlight == 0 {
		runtime.Gosched()
	}
	_ = conn.Close()
	idle(t, l)
	if c := l.Counts(); c.Canceled != 1 || c.ByFault["unread"] != 1 || c.ByStatus["none"] != 1 {
		t.Errorf("%+v", c)
	}
}

func TestWithoutAConnection(t *testing.T) {
	server, err := openaitest.New(openaitest.Config{Script: "healthy"})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	server.ServeHTTP(w, httptest.NewRequest(http.MethodPost, chatPath, strings.NewReader(chatStreamBody)))
	if w.Code != 200 || !strings.HasSuffix(w.Body.String(), "data: [DONE]\n\n") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestConfigErrors(t *testing.T) {
	for field, cfg := range map[string]openaitest.Config{
		"Config.Fault":         {Fault: openaitest.Down{}, Script: "down"},
		"Config.Latency":       {Latency: -1},
		"Config.ChunkInterval": {ChunkInterval: -1},
		"Config.Chunks":        {Chunks: -1},
		"Config.MaxBody":       {MaxBody: -1},
		"Config.MaxClients":    {MaxClients: -1},
	} {
		if _, err := openaitest.New(cfg); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	_, err := openaitest.New(openaitest.Config{Script: "donw"})
	if _, ok := errors.AsType[*openaitest.SyntaxError](err); !ok {
		t.Errorf("%v", err)
	}
	if _, err := openaitest.Listen("256.0.0.1:0", openaitest.Config{}); err == nil {
		t.Error("listens nowhere")
	}
}

// failingTB notes what Start says about a bad configuration.
type failingTB struct{ message string }

func (*failingTB) Helper()        {}
func (*failingTB) Cleanup(func()) {}

func (f *failingTB) Fatalf(format string, args ...any) { f.message = fmt.Sprintf(format, args...) }

func TestStartFailsTheTest(t *testing.T) {
	tb := new(failingTB)
	if l := openaitest.Start(tb, openaitest.Config{Chunks: -1}); l != nil || !strings.Contains(tb.message, "Chunks") {
		t.Errorf("%v, %q", l, tb.message)
	}
}
