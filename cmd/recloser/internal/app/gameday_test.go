package app

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
)

// gameDay is a service that fails by the clock, those who call it, and what people are
// told meanwhile.
type gameDay struct {
	t     *testing.T
	begun time.Time
	flags map[string]string
	app   *App
	calls sync.WaitGroup

	mu    sync.Mutex
	told  []told
	tries int // at gpt-4o
}

// told is what people were told, and in which minute.
type told struct {
	minute int
	what   string
}

// within reports whether now is so many minutes after the beginning.
func (g *gameDay) within(from, to float64) bool {
	now := time.Since(g.begun).Minutes()
	return now >= from && now < to
}

// RoundTrip is the service.
func (g *gameDay) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	time.Sleep(200 * time.Millisecond) // the bubble's time
	const quota = `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`
	var status int
	text := `{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}`
	switch down := g.within(10, 18) || g.within(22, 29) && time.Since(g.begun)%(40*time.Second) < 20*time.Second; {
	case strings.HasSuffix(r.Header.Get("Authorization"), "revoked"):
		status, text = http.StatusUnauthorized, `{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}`
	case strings.HasSuffix(r.Header.Get("Authorization"), "poor") && g.within(40, 52):
		status, text = http.StatusTooManyRequests, quota
	case strings.Contains(string(body), "gpt-5") && down, strings.Contains(string(body), "gpt-4o") && g.within(32, 56) && g.fifth():
		status, text = http.StatusServiceUnavailable, `{"error":{"message":"down"}}`
	default:
		status = http.StatusOK
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)), Request: r}, nil
}

// fifth is true each fifth time: never often enough in a row for a circuit to open.
func (g *gameDay) fifth() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tries++
	return g.tries%5 == 0
}

// start starts the process.
func (g *gameDay) start() {
	cfg, err := config.Load(config.Flags(g.flags))
	if err != nil {
		g.t.Fatal(err)
	}
	if g.app, err = New(context.Background(), cfg, Options{Log: slog.New(ear{g}), Transport: g}); err != nil {
		g.t.Fatal(err)
	}
}

// until lets users call, and time pass.
func (g *gameDay) until(minutes float64) {
	for i := 0; time.Since(g.begun).Minutes() < minutes; i++ {
		g.call("gpt-5", "good")
		g.call("gpt-4o", "good")
		if i%5 == 0 {
			g.call("o3", "poor")
		}
		if g.within(64, 68) && i%10 == 0 {
			g.call("o3", "revoked")
		}
		time.Sleep(time.Second + time.Duration(rand.Int64N(int64(100*time.Millisecond))))
	}
}

func (g *gameDay) call(model, key string) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://api.example/v1/chat/completions", strings.NewReader(`{"model":"`+model+`"}`))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sk-"+key)
	guard := g.app.guard
	g.calls.Go(func() {
		if resp, err := guard.RoundTrip(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
}

// ear is a log of which only the alerts matter.
type ear struct{ g *gameDay }

func (ear) Enabled(context.Context, slog.Level) bool { return true }
func (p ear) WithAttrs([]slog.Attr) slog.Handler     { return p }
func (p ear) WithGroup(string) slog.Handler          { return p }

func (p ear) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "alert" {
		return nil
	}
	said := map[string]string{}
	r.Attrs(func(a slog.Attr) bool {
		said[a.Key] = a.Value.String()
		return true
	})
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	subject := said["key"]
	if strings.HasPrefix(subject, "key/") {
		subject = "key" // its label is drawn
	}
	p.g.told = append(p.g.told, told{int(time.Since(p.g.begun).Minutes()), strings.Join([]string{subject, said["state"], said["severity"], said["rule"]}, " ")})
	return nil
}

// A day with an outage, flapping, a brownout, an exhausted quota, a revoked key and a
// restart in the middle of it: each trouble is told when it begins, when it gets worse
// and when it is over, and nothing else is.
func TestGameDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gameDay{t: t, begun: time.Now(), flags: map[string]string{
			"listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "upstream": "http://api.example/v1",
			"history": filepath.Join(t.TempDir(), "h.db"), "drain-delay": "0",
		}}
		g.start()
		g.until(50) // in the midst of the brownout, and while the key has no quota
		if err := g.app.Close(); err != nil {
			t.Error(err)
		}
		g.start()
		g.until(103)
		g.calls.Wait()
		if err := g.app.Close(); err != nil {
			t.Error(err)
		}
		g.demand([]told{
			{11, "circuit/api.example/gpt-5 firing critical circuit-open"},
			{20, "circuit/api.example/gpt-5 resolved critical circuit-open"},
			{23, "circuit/api.example/gpt-5 firing warning repeated-trips"},
			{25, "circuit/api.example/gpt-5 firing critical flapping"},
			{39, "circuit/api.example/gpt-4o firing warning brownout"},
			{40, "key firing critical quota-exhausted"},
			{52, "circuit/api.example/gpt-5 resolved critical flapping"},
			{57, "key resolved critical quota-exhausted"},
			{59, "circuit/api.example/gpt-4o resolved warning brownout"},
			{65, "key firing warning key-refused"},
			{99, "key resolved warning key-refused"},
		})
	})
}

// demand demands that people were told this, in this order and within two minutes, and
// nothing else.
func (g *gameDay) demand(want []told) {
	g.t.Helper()
	good := slices.EqualFunc(g.told, want, func(a, b told) bool { return a.what == b.what && max(a.minute-b.minute, b.minute-a.minute) <= 2 })
	if !good {
		g.t.Errorf("told:\n%v\nwanted:\n%v", g.told, want)
	}
}
