package alert

import (
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// learnedOutage is what the adaptive policy makes of an outage: it opens the
// model's circuit, and at once the upstream's in its place.
func (g *rig) learnedOutage() {
	const host = "api.openai.com"
	evidence := breaker.Evidence{Failures: 4, Causes: "4 × 503", Note: "4 failures in a row (4 × 503); usual failure rate 1 %: that is rarer than 1 in 10 000 000 [rule 1, k 4, s 0]"}
	open := breaker.Transition{From: breaker.Closed, To: breaker.Open, At: g.now, Reason: breaker.UnlikelyRun, Until: g.now.Add(time.Second), Evidence: evidence}
	mine, above := open, open
	mine.Name, mine.Parent, above.Name = model, host, host
	g.engine.Transition(mine)
	g.engine.Transition(above)
	g.engine.Transition(breaker.Transition{Name: model, Parent: host, From: breaker.Open, To: breaker.Closed, At: g.now, Reason: breaker.ParentExplains})
}

// TestLearnedOutageIsOnePage, which does not claim that the host cannot be reached,
// and spares people the policy's numbers.
func TestLearnedOutageIsOnePage(t *testing.T) {
	g := newRig(t, common())
	g.learnedOutage()
	g.pass(2 * time.Minute)
	if len(g.pages) != 1 {
		t.Fatalf("%+v", g.pages)
	}
	p := g.pages[0]
	text := p.Title + "|" + p.What + "|" + p.Why + "|" + p.Next
	for _, want := range []string{"api.openai.com is down|", "4 failures in a row (4 × 503); usual failure rate 1 %: that is rarer than 1 in 10 000 000|", "https://status.openai.com"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	if strings.Contains(text, "cannot be reached") || strings.Contains(text, "[rule") {
		t.Error(text)
	}
	g.sent("firing critical circuit-open")
}

// TestTripsOfTheUpstreamAreNotTheModels: they are counted once.
func TestTripsOfTheUpstreamAreNotTheModels(t *testing.T) {
	g := newRig(t, common())
	for range 3 {
		g.learnedOutage()
		g.pass(10 * time.Second)
		g.engine.Transition(breaker.Transition{Name: "api.openai.com", From: breaker.HalfOpen, To: breaker.Closed, At: g.now, Reason: breaker.ProbeSucceeded})
		g.pass(5 * time.Minute)
	}
	if len(g.pages) != 1 || g.pages[0].Title != "api.openai.com does not stay up" || strings.Contains(g.pages[0].Next, "ramp") {
		t.Errorf("%+v", g.pages)
	}
	g.sent("firing warning repeated-trips")
}

// TestLearnedOutageOverARestart: the page does not begin to claim that the host cannot
// be reached.
func TestLearnedOutageOverARestart(t *testing.T) {
	g := newRig(t, common())
	g.learnedOutage()
	g.pass(2 * time.Minute)
	g.sent("firing critical circuit-open")
	g.begin(common())
	g.engine.Restore(g.events)
	g.engine.Transition(breaker.Transition{
		Name: "api.openai.com", From: breaker.Closed, To: breaker.Open, At: g.now, Reason: breaker.Restored, Until: g.now.Add(time.Second),
		Evidence: breaker.Evidence{Failures: 4, Note: "4 failures in a row (4 × 503); usual failure rate 1 % [rule 1, k 4, s 0]"},
	})
	g.pass(4 * time.Hour)
	if len(g.pages) != 1 || g.pages[0].Title != "api.openai.com is down" || !strings.Contains(g.pages[0].Next, "https://status.openai.com") {
		t.Errorf("%+v", g.pages)
	}
}
