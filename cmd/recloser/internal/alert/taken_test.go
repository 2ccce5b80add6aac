package alert

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/gate"
)

// take has the target take all pages since sent was last called.
func (g *rig) take() {
	for _, p := range g.pages {
		p.taken()
	}
}

// restart is one after which the circuit is what it was.
func (g *rig) restart(r Rules) {
	g.begin(r)
	g.engine.Restore(g.events)
}

func (g *rig) stillOpen() { g.transition(breaker.Closed, breaker.Open, breaker.Restored) }

func awaitingRig(t *testing.T, r Rules) *rig {
	g := newRig(t, r)
	g.awaits = true
	return g
}

func TestABeginningThatNobodyTookIsToldAgain(t *testing.T) {
	g := awaitingRig(t, common())
	g.trip()
	g.pass(2 * time.Minute)
	g.sent("firing critical circuit-open")
	for range 2 { // each time until somebody takes it
		g.pages = nil
		g.restart(common())
		g.stillOpen()
		g.pass(lookTime)
		if len(g.pages) != 1 || g.pages[0].Number != 1 || !g.pages[0].Since.Equal(start) || !strings.HasPrefix(g.pages[0].What, "The circuit has been open for 2m") {
			t.Fatalf("%+v", g.pages)
		}
		g.pass(10 * time.Second)
		last := g.pages
		g.sent("firing critical circuit-open")
		g.pages = last
	}
	g.take()
	g.pages = nil
	if e := g.events[len(g.events)-1]; e.Kind != report.TakenEvent || e.Key != circuitKey(model) || e.Circuit != model {
		t.Errorf("%+v", e)
	}
	g.restart(common())
	g.stillOpen()
	g.pass(time.Hour)
	g.sent()
}

// What was recorded by a version that did not know of this was told.
func TestPagesOfOldHistoriesWereTold(t *testing.T) {
	g := awaitingRig(t, common())
	g.trip()
	g.pass(2 * time.Minute)
	g.sent("firing critical circuit-open")
	for i := range g.events {
		g.events[i].Mode = ""
	}
	g.restart(common())
	g.stillOpen()
	g.pass(time.Hour)
	g.sent()
}

// A target may be quicker than the engine, and a repeat that nobody took is none that
// is missed.
func TestTheOrderOfTakingDoesNotMatter(t *testing.T) {
	g := awaitingRig(t, common())
	g.trip()
	g.pass(2 * time.Minute)
	g.take()
	g.pages = nil
	slices.Reverse(g.events)
	g.pass(4 * time.Hour)
	g.sent("firing critical circuit-open")
	g.restart(common())
	g.stillOpen()
	g.pass(3 * time.Hour)
	g.sent()
}

func TestOnlyTheWorseningIsToldAgain(t *testing.T) {
	r := common()
	r.Opened = true
	g := awaitingRig(t, r)
	g.trip()
	g.pass(2 * time.Second)
	g.take()
	g.sent("firing warning circuit-opened")
	g.pass(2 * time.Minute)
	if len(g.pages) != 1 || !g.pages[0].Worse {
		t.Errorf("%+v", g.pages)
	}
	g.sent("firing critical circuit-open")
	g.restart(r)
	g.stillOpen()
	g.pass(lookTime)
	if len(g.pages) != 1 || g.pages[0].Number != 2 || !g.pages[0].Worse {
		t.Errorf("%+v", g.pages)
	}
	g.sent("firing critical circuit-open")

	g.restart(r) // it is over before somebody takes that
	g.reclose()
	if f := g.engine.Firing(); len(f) != 1 || f[0].Severity != Warning {
		t.Errorf("%+v", f)
	}
	if err := g.engine.Mute(circuitKey(model), g.now.Add(time.Hour), "somebody"); err != nil {
		t.Fatal(err)
	}
	g.pass(3 * time.Minute)
	g.sent("resolved warning circuit-opened")
}

// A key is known again when it is used again, which may be tomorrow.
func TestWhatIsNotFoundAnewIsToldFromTheRecord(t *testing.T) {
	g := awaitingRig(t, common())
	g.park("k1", gate.Parked, gate.OutOfQuota)
	g.pass(2 * time.Minute)
	title := g.pages[0].Title
	g.sent("firing critical quota-exhausted")
	g.restart(common())
	g.pass(lookTime)
	if len(g.pages) != 1 || g.pages[0].Title != title || g.pages[0].What != lateWords(g.pages[0].Since) || g.pages[0].Number != 1 {
		t.Errorf("%+v", g.pages)
	}
	g.take()
	g.pass(time.Hour)
	g.sent("firing critical quota-exhausted")
	g.park("k1", gate.Open, gate.TestAnswered)
	g.pass(3 * time.Minute)
	g.sent("resolved critical quota-exhausted")
}

// What is late waits for the end of a mute, and does not come back if it ends before.
func TestAMuteHoldsForWhatIsLate(t *testing.T) {
	g := awaitingRig(t, common())
	g.trip()
	g.pass(2 * time.Minute)
	if err := g.engine.Mute(circuitKey(model), g.now.Add(time.Hour), "somebody"); err != nil {
		t.Fatal(err)
	}
	g.sent("firing critical circuit-open")
	before := len(g.events)
	g.restart(common())
	g.stillOpen()
	g.pass(59 * time.Minute)
	g.sent()
	g.pass(2 * time.Minute)
	g.sent("firing critical circuit-open")

	g.events = g.events[:before]
	g.now = start.Add(2 * time.Minute)
	g.restart(common())
	g.pass(3 * time.Minute)
	g.restart(common())
	g.pass(2 * time.Hour)
	g.sent()
}

func TestAnEndThatNobodyTookIsToldAgain(t *testing.T) {
	for _, row := range []struct {
		name             string
		beginning, again bool // was taken; begins again
		want             []string
	}{
		{"of what people know", true, false, []string{"resolved critical circuit-open"}},
		{"of what nobody knows", false, false, nil},
		{"and it is there again", true, true, []string{"firing critical circuit-open"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := awaitingRig(t, common())
			g.trip()
			g.pass(2 * time.Minute)
			if row.beginning {
				g.take()
			}
			g.reclose()
			ended := g.now.Add(lookTime)
			g.pass(3 * time.Minute)
			g.sent("firing critical circuit-open", "resolved critical circuit-open")
			if row.again {
				g.trip()
				g.pass(2 * time.Minute)
				g.sent("firing critical circuit-open")
			}
			for range 2 { // each time until somebody takes it
				g.pages = nil
				g.restart(common())
				if row.again {
					g.stillOpen()
				}
				g.pass(lookTime)
				if len(g.pages) > 0 && !row.again && (!g.pages[0].Ended.Equal(ended) || g.pages[0].Title != model+" is down") {
					t.Errorf("%+v", g.pages)
				}
				last := g.pages
				g.sent(row.want...)
				g.pages = last
			}
			g.take()
			g.pages = nil
			g.restart(common())
			if row.again {
				g.stillOpen()
			}
			g.pass(time.Hour)
			g.sent()
		})
	}
}

// A webhook that is broken when the process is killed gets the page from the next one,
// at once; what it has taken it does not get again.
func TestAKillLosesNoPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var events []report.Event
		s := &standIn{answers: slices.Repeat([]http.HandlerFunc{fail(500, "")}, 100)}
		process := func() { // is killed after a while
			d := NewDelivery([]*Target{target(t, webhook), target(t, slackHook)}, DeliveryConfig{Transport: s})
			e := New(Config{Rules: common(), Deliver: d.Deliver, Counts: func(func(string, Counts)) {}, Record: func(ev report.Event) {
				mu.Lock()
				defer mu.Unlock()
				events = append(events, ev)
			}})
			e.Restore(events)
			e.Transition(breaker.Transition{Name: model, From: breaker.Closed, To: breaker.Open, At: time.Now(), Reason: breaker.Restored, Until: time.Now().Add(time.Hour)})
			for range 90 {
				e.look(time.Now())
				time.Sleep(lookTime)
			}
			d.cancel()
			d.done.Wait()
		}
		process()
		failed := len(s.requests())
		s.mu.Lock()
		s.answers = nil
		s.mu.Unlock()
		process()
		if n := len(s.requests()) - failed; n != 2 {
			t.Errorf("%d requests to two targets", n)
		}
		taken := func(e report.Event) bool { return e.Kind == report.TakenEvent }
		if n := len(events) - len(slices.DeleteFunc(slices.Clone(events), taken)); n != 1 {
			t.Errorf("%d takings are recorded, of two: %+v", n, events)
		}
		process()
		if n := len(s.requests()) - failed; n != 2 {
			t.Errorf("%d requests to two targets that know", n)
		}
	})
}
