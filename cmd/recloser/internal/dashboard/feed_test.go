package dashboard

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/guard"
)

// screen is a viewer's connection. It takes nothing while it is held.
type screen struct {
	mu     sync.Mutex
	text   strings.Builder
	header http.Header
	hold   chan struct{} // nil: it takes everything at once
	cancel context.CancelFunc
	done   chan struct{}
}

func (s *screen) Header() http.Header { return s.header }
func (s *screen) WriteHeader(int)     {}
func (s *screen) Flush()              {}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	hold := s.hold
	s.mu.Unlock()
	if hold != nil {
		<-hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// stop makes it take nothing until the result is called.
func (s *screen) stop() (goOn func()) {
	hold := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = hold
	return func() {
		s.mu.Lock()
		s.hold = nil
		s.mu.Unlock()
		close(hold)
	}
}

// look opens an event stream.
func (r *rig) look(lastID string) *screen {
	s := &screen{header: http.Header{}, done: make(chan struct{})}
	ctx, cancel := context.WithCancel(r.Context())
	s.cancel = cancel
	req := httptest.NewRequest("GET", "/api/events", nil).WithContext(ctx)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	go func() {
		defer close(s.done)
		r.ServeHTTP(s, req)
	}()
	return s
}

type sentEvent struct {
	id   uint64
	kind string
	data string
}

// take returns the events since it was last called, and how many pings.
func (s *screen) take() (events []sentEvent, pings int) {
	s.mu.Lock()
	text := s.text.String()
	s.text.Reset()
	s.mu.Unlock()
	for block := range strings.SplitSeq(text, "\n\n") {
		var e sentEvent
		for line := range strings.SplitSeq(block, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			switch name {
			case "id":
				e.id, _ = strconv.ParseUint(value, 10, 64)
			case "event":
				e.kind = value
			case "data":
				e.data = value
			}
		}
		switch e.kind {
		case "":
		case "ping":
			pings++
		default:
			events = append(events, e)
		}
	}
	return events, pings
}

func kinds(events []sentEvent) (all []string) {
	for _, e := range events {
		all = append(all, e.kind)
	}
	return all
}

// rest lets time pass, to a moment at which the feed does nothing of itself.
func rest(d time.Duration) {
	time.Sleep(time.Until(time.Now().Add(d).Truncate(scanTime).Add(10 * time.Millisecond)))
	synctest.Wait()
}

// latest is the id of the newest of events.
func latest(events []sentEvent) string { return strconv.FormatUint(events[len(events)-1].id, 10) }

// A transition is on the wire at once, with the rows that it has changed.
func TestTransitionsAreToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.call("m")
		s := r.look("")
		defer s.cancel()
		synctest.Wait()
		first, _ := s.take()
		if len(first) == 0 || first[0].kind != "overview" || s.header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%v", first)
		}
		rest(10 * time.Second)
		s.take()
		r.now(503)
		r.call("m")
		begin := time.Now()
		r.call("m")
		synctest.Wait()
		events, _ := s.take()
		if len(events) < 2 || events[0].kind != "transition" || events[1].kind != "rows" || time.Since(begin) > 0 {
			t.Fatalf("%v", events)
		}
		var tr transitionJSON
		var rows []jsonRow
		if err := json.Unmarshal([]byte(events[0].data), &tr); err != nil || tr.Circuit != "host/m" || tr.From != "closed" || tr.To != "open" ||
			tr.Why != "2 consecutive failures (2 × 503)" || tr.ID == "" || tr.Until == nil {
			t.Errorf("%s", events[0].data)
		}
		if err := json.Unmarshal([]byte(events[1].data), &rows); err != nil || rows[0].State != "open" || rows[0].Name != "host/m" {
			t.Errorf("%s", events[1].data)
		}
		rest(scanTime)
		d := get[struct{ Transitions []transitionJSON }](r, at("host/m", "detail"))
		if len(d.Transitions) != 1 || d.Transitions[0].ID != tr.ID {
			t.Errorf("%+v", d)
		}
	})
}

type transitionJSON struct {
	ID, Circuit, From, To, Mode, Reason, Why string
	Until                                    *time.Time
}

// Who sees the whole picture is not told again what led to it.
func TestWhatWasBeforeIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.now(503)
		r.call("m")
		r.call("m")
		s := r.look("")
		defer s.cancel()
		synctest.Wait()
		if events, _ := s.take(); len(events) != 1 || events[0].kind != "overview" || !strings.Contains(events[0].data, `"state":"open"`) {
			t.Errorf("%v", kinds(events))
		}
	})
}

// Rows come at most four times a second, and only if they have changed.
func TestRowsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		s := r.look("")
		defer s.cancel()
		r.call("m")
		rest(time.Second)
		s.take()
		for range 1000 {
			r.call("m")
			time.Sleep(time.Millisecond)
		}
		if events, _ := s.take(); len(events) < 3 || len(events) > 5 || events[0].kind != "rows" {
			t.Errorf("%d events in a second: %v", len(events), kinds(events))
		}
		rest(6 * time.Minute)
		s.take()
		rest(time.Minute) // the ribbon moves, and nothing else
		if events, pings := s.take(); len(events) > 1 || pings != 4 {
			t.Errorf("idle for a minute: %v, %d pings", events, pings)
		}
		rest(time.Hour)
		s.take()
		rest(time.Minute)
		if events, _ := s.take(); len(events) != 0 {
			t.Errorf("idle for an hour: %v", events)
		}
	})
}

func TestWhoComesBackCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.call("m")
		b := r.guard.Circuits().Child("host", "m")
		stays, goes := r.look(""), r.look("")
		defer stays.cancel()
		rest(time.Second)
		events, _ := goes.take()
		last := latest(events)
		stays.take()
		goes.cancel()
		<-goes.done
		_ = b.SetMode(breaker.Observe)
		_ = b.SetMode(breaker.Normal)
		rest(time.Second)
		missed, _ := stays.take()
		back := r.look(last)
		defer back.cancel()
		synctest.Wait()
		if caughtUp, _ := back.take(); len(missed) < 3 || fmt.Sprint(caughtUp) != fmt.Sprint(missed) {
			t.Errorf("%v\nwant %v", kinds(caughtUp), kinds(missed))
		}
		for _, id := range []string{"", "x", "0", "1", "-1", "18446744073709551615", last + "0"} {
			s := r.look(id)
			synctest.Wait()
			if events, _ := s.take(); len(events) == 0 || events[0].kind != "overview" {
				t.Errorf("%q: %v", id, kinds(events))
			}
			s.cancel()
		}
		// More than are kept.
		for range 400 {
			_ = b.SetMode(breaker.Observe)
			synctest.Wait()
			_ = b.SetMode(breaker.Normal)
			synctest.Wait()
		}
		s := r.look(last)
		defer s.cancel()
		synctest.Wait()
		if events, _ := s.take(); len(events) != 1 || events[0].kind != "overview" {
			t.Errorf("too old: %v", kinds(events))
		}
	})
}

// Nothing runs while nobody looks; what happened then comes when somebody does.
func TestNobodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.call("m")
		b := r.guard.Circuits().Child("host", "m")
		s := r.look("")
		rest(time.Second)
		events, _ := s.take()
		last := latest(events)
		s.cancel()
		<-s.done
		synctest.Wait()
		r.feed.mu.Lock()
		running := r.feed.running
		r.feed.mu.Unlock()
		if running {
			t.Error("it goes on")
		}
		_ = b.SetMode(breaker.ForcedOpen)
		r.call("other")
		rest(time.Hour)
		s = r.look(last)
		rest(scanTime)
		got, _ := s.take()
		if text := fmt.Sprint(got); len(got) < 2 || got[0].kind != "transition" || got[1].kind != "rows" || strings.Contains(text, "overview") ||
			!strings.Contains(text, "host/other") || !strings.Contains(got[1].data, "forced-open") {
			t.Errorf("%v", text)
		}
		s.cancel()
		<-s.done
		for range maxNews { // of so much something is lost: the whole picture is needed
			_ = b.SetMode(breaker.Observe)
			_ = b.SetMode(breaker.Normal)
		}
		s = r.look(latest(got))
		defer s.cancel()
		rest(scanTime)
		if got, _ := s.take(); len(got) == 0 || got[0].kind != "overview" {
			t.Errorf("%v", kinds(got))
		}
	})
}

// A slow viewer loses his place, holds up nobody, and begins anew when he reads again.
func TestSlowViewerIsDroppedAndResynchronised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.call("m")
		b := r.guard.Circuits().Child("host", "m")
		slow, quick := r.look(""), r.look("")
		defer slow.cancel()
		defer quick.cancel()
		rest(time.Second)
		slow.take()
		quick.take()
		goOn := slow.stop()
		for range 3 * queueLength {
			_ = b.SetMode(breaker.Observe)
			synctest.Wait()
			_ = b.SetMode(breaker.Normal)
			synctest.Wait()
		}
		if events, _ := quick.take(); strings.Count(strings.Join(kinds(events), " "), "transition") != 6*queueLength {
			t.Errorf("the quick one missed something: %d events", len(events))
		}
		r.feed.mu.Lock()
		viewers := len(r.feed.viewers)
		r.feed.mu.Unlock()
		if viewers != 1 {
			t.Errorf("%d viewers have a place", viewers)
		}
		_ = b.SetMode(breaker.ForcedOpen)
		goOn()
		synctest.Wait()
		events, _ := slow.take()
		i := 0
		for i < len(events) && events[i].kind != "overview" {
			i++
		}
		if i == len(events) || i > queueLength+2 || !strings.Contains(events[i].data, "forced-open") {
			t.Fatalf("%v", kinds(events))
		}
		_ = b.SetMode(breaker.Normal)
		synctest.Wait()
		if events, _ := slow.take(); len(events) == 0 || events[0].kind != "transition" {
			t.Errorf("afterwards: %v", kinds(events))
		}
	})
}

// 200 viewers cost what one costs, their connections aside.
func TestManyViewersCostOneFeed(t *testing.T) {
	work := func(viewers int) (encoded int64) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.call("m")
			var all []*screen
			for range viewers {
				all = append(all, r.look(""))
			}
			rest(time.Second)
			for _, s := range all {
				if events, _ := s.take(); events[0].kind != "overview" {
					t.Errorf("%v", kinds(events))
				}
			}
			r.now(503)
			for range 100 {
				r.call("m")
				time.Sleep(50 * time.Millisecond)
			}
			rest(time.Second)
			first, _ := all[0].take()
			for _, s := range all {
				s.cancel()
				<-s.done
			}
			for _, s := range all[1:] {
				if events, _ := s.take(); len(events) != len(first) || latest(events) != latest(first) {
					t.Errorf("%v\nwant %v", kinds(events), kinds(first))
				}
			}
			encoded = r.feed.encoded.Load()
		})
		return encoded
	}
	one, many := work(1), work(200)
	if many > one+3 { // who comes while something happens needs a newer overview
		t.Errorf("%d encodings for 200 viewers, %d for one", many, one)
	}
	t.Logf("%d encodings", one)
}

func TestBypassIsToldToEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Bool
		r := newRig(t, func(c *Config, _ *guard.Config) {
			c.Health = func() Health { return Health{State: map[bool]string{true: "degraded", false: "ok"}[full.Load()]} }
		})
		r.call("m")
		s := r.look("")
		defer s.cancel()
		rest(time.Second)
		s.take()
		r.do("POST", "/api/bypass", `{"on":true}`, "Recloser-Actor", "cli")
		synctest.Wait()
		events, _ := s.take()
		if len(events) < 2 || events[0].kind != "audit" || events[1].kind != "overview" || !strings.Contains(events[1].data, `"bypass":true`) ||
			!strings.Contains(events[0].data, `"action":"bypass on","circuit":"","actor":"192.0.2.1 (cli)"`) {
			t.Errorf("%v", events)
		}
		full.Store(true)
		rest(scanTime)
		events, _ = s.take()
		if len(events) == 0 || events[len(events)-1].kind != "overview" && events[0].kind != "overview" {
			t.Errorf("%v", events)
		}
	})
}

func TestGatesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		s := r.look("")
		defer s.cancel()
		rest(time.Second)
		s.take()
		r.now(429, "Retry-After", "20")
		r.call("m")
		synctest.Wait()
		if events, _ := s.take(); len(events) == 0 || events[0].kind != "gates" || !strings.Contains(events[0].data, `"state":"closed"`) {
			t.Errorf("%v", events)
		}
	})
}

// Streams end when the process does, and no new ones begin.
func TestStreamsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		all := []*screen{r.look(""), r.look("")}
		synctest.Wait()
		r.Close(t.Context())
		for _, s := range all {
			<-s.done
		}
		r.Close(t.Context())
		if status, body, _ := r.do("GET", "/api/events", ""); status != http.StatusServiceUnavailable {
			t.Errorf("%d %s", status, body)
		}
	})
}

func TestViewersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var all []*screen
		for range maxViewers {
			all = append(all, r.look(""))
		}
		synctest.Wait()
		if status, body, h := r.do("GET", "/api/events", ""); status != http.StatusServiceUnavailable || h.Get("Retry-After") == "" {
			t.Errorf("%d %s", status, body)
		}
		for _, s := range all {
			s.cancel()
			<-s.done
		}
	})
}

// Over a real connection a transition is there in far less than 250 ms.
func TestTransitionOverTheWire(t *testing.T) {
	r := newRig(t)
	r.call("m")
	srv := httptest.NewServer(r.Dashboard)
	defer srv.Close()
	defer r.Close(t.Context())
	resp, err := http.Get(srv.URL + "/api/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	buf := make([]byte, 1<<16)
	await := func(what string) time.Time {
		for text := ""; ; {
			n, err := resp.Body.Read(buf)
			if text += string(buf[:n]); strings.Contains(text, what) {
				return time.Now()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	await("event: overview")
	best := time.Hour
	b := r.guard.Circuits().Child("host", "m")
	for i := range 5 { // the machine may be busy: one of them must be quick
		begin := time.Now()
		_ = b.SetMode([]breaker.Mode{breaker.ForcedOpen, breaker.Normal}[i%2])
		best = min(best, await("event: transition").Sub(begin))
	}
	if best > 100*time.Millisecond {
		t.Errorf("%v at best", best)
	}
	t.Logf("%v from the transition to the wire", best)
}
