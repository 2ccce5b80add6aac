package alert

import (
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/gate"
)

func TestAnOutageIsOnePage(t *testing.T) {
	g := newRig(t, common())
	g.trip()
	g.pass(59 * time.Second)
	g.sent()
	g.pass(2 * time.Second)
	p := g.pages[0]
	g.sent("firing critical circuit-open")
	for _, want := range []string{"5 consecutive failures (5 × 503)", "since 2026-11-26 14:00:00 UTC", "Please try again in 1 second.", "https://recloser.example/circuits/api.openai.com%2Fgpt-5"} {
		if text := p.Title + p.What + p.Why + p.Users + p.Next + p.Link; !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	g.transition(breaker.Open, breaker.HalfOpen, breaker.ProbeDue)
	g.transition(breaker.HalfOpen, breaker.Open, breaker.ProbeFailed)
	g.pass(10 * time.Minute)
	g.sent()
	g.reclose()
	g.pass(119 * time.Second)
	g.sent()
	g.pass(3 * time.Second)
	p = g.pages[0]
	g.sent("resolved critical circuit-open")
	if p.Number != 2 || !p.Ended.Equal(start.Add(11*time.Minute+2*time.Second)) || !strings.Contains(p.What, "It lasted 11m2s") {
		t.Errorf("%+v", p)
	}
	g.pass(10 * time.Hour)
	g.sent()
}

func TestAShortOutageIsNone(t *testing.T) {
	g := newRig(t, common())
	g.trip()
	g.pass(50 * time.Second)
	g.reclose()
	g.pass(time.Hour)
	g.sent()
}

func TestOpenedIsTheSameTroubleThatGetsWorse(t *testing.T) {
	r := common()
	r.Opened = true
	g := newRig(t, r)
	g.trip()
	g.pass(2 * time.Second)
	g.sent("firing warning circuit-opened")
	g.pass(time.Minute)
	g.sent("firing critical circuit-open")
	g.reclose()
	g.pass(3 * time.Minute)
	g.sent("resolved critical circuit-open")
}

func TestItRepeats(t *testing.T) {
	g := newRig(t, common())
	g.trip()
	g.pass(9 * time.Hour)
	g.sent("firing critical circuit-open", "firing critical circuit-open", "firing critical circuit-open")
	r := common()
	r.Repeat = 0
	g.engine.SetRules(r, g.deliver)
	g.pass(9 * time.Hour)
	g.sent()
}

func TestTrips(t *testing.T) {
	g := newRig(t, common())
	for range 3 {
		g.trip()
		g.pass(10 * time.Second)
		g.reclose()
		g.pass(5 * time.Minute)
	}
	g.sent("firing warning repeated-trips")
	g.pass(time.Hour)
	g.sent("resolved warning repeated-trips")
}

// While a circuit flaps nobody hears of its ups and downs.
func TestFlapping(t *testing.T) {
	g := newRig(t, common())
	for range 30 {
		g.trip()
		g.pass(70 * time.Second)
		g.reclose()
		g.pass(20 * time.Second)
	}
	g.sent("firing critical circuit-open")
	g.pass(time.Hour)
	g.sent("resolved critical circuit-open")

	r := common()
	r.OpenFor = 0
	g = newRig(t, r)
	for range 10 {
		g.trip()
		g.pass(40 * time.Second)
		g.reclose()
		g.pass(40 * time.Second)
	}
	g.sent("firing warning repeated-trips", "firing critical flapping")
	g.pass(time.Hour)
	g.sent("resolved critical flapping")
}

func TestForcedOpenIsNoTrouble(t *testing.T) {
	g := newRig(t, common())
	g.engine.Transition(breaker.Transition{Name: model, From: breaker.Closed, To: breaker.Open, At: g.now, Reason: breaker.ModeSet, Mode: breaker.ForcedOpen})
	g.pass(time.Hour)
	g.sent()
}

func TestIgnoredCircuits(t *testing.T) {
	r := common()
	r.Ignore = []string{"other/*", "api.openai.com/gpt*"}
	g := newRig(t, r)
	g.trip()
	g.pass(time.Hour)
	g.sent()
}

func TestABrownout(t *testing.T) {
	r := common()
	r.SLO = 0
	g := newRig(t, r)
	g.traffic(20*time.Minute, 0)
	g.traffic(14*time.Minute, 2)
	g.sent("firing warning brownout") // 10 % of the last quarter of an hour
	g.traffic(time.Hour, 2)
	g.sent()
	g.traffic(10*time.Minute, 0)
	g.sent("resolved warning brownout")
}

func TestFewCallsSayNothing(t *testing.T) {
	r := common()
	g := newRig(t, r)
	for range 10 {
		g.calls(0, 1)
		g.pass(2 * time.Minute)
	}
	g.sent()
}

func TestTheErrorBudget(t *testing.T) {
	r := common()
	r.Brownout = 0
	g := newRig(t, r)
	g.traffic(time.Hour, 0)
	g.traffic(4*time.Minute, 2)
	g.sent()
	g.traffic(36*time.Minute, 2) // 13.3 % of the last hour
	g.sent()
	g.traffic(4*time.Minute, 2) // 14.7 %, of which 14.4 times the budget are 14.4 %
	if len(g.pages) == 0 || !strings.Contains(g.pages[len(g.pages)-1].What, "may fail") {
		t.Fatalf("%+v", g.pages)
	}
	g.sent("firing critical error-budget")
	g.traffic(15*time.Minute, 0) // it burns no longer, whatever it has burned within the hour
	g.sent("resolved critical error-budget")
	g.traffic(8*time.Hour, 0)
	g.sent()
}

// What people know of does not wake them again by its budget.
func TestAnOutageBurnsNoBudgetOnceItIsKnown(t *testing.T) {
	g := newRig(t, common())
	g.traffic(time.Hour, 0)
	g.trip()
	for range 20 * 60 {
		g.counts[model].Refused += 10
		g.pass(time.Second)
	}
	g.reclose()
	g.traffic(12*time.Hour, 0)
	g.sent("firing critical circuit-open", "resolved critical circuit-open")
}

func TestQuota(t *testing.T) {
	g := newRig(t, common())
	g.park("5d1c0a9e7b42", gate.Parked, gate.OutOfQuota)
	g.pass(2 * time.Second)
	if p := g.pages[0]; p.Subject != "5d1c0a9e7b42" || p.Key != "key/5d1c0a9e7b42" {
		t.Errorf("%+v", p)
	}
	g.sent("firing critical quota-exhausted")
	g.pass(time.Hour)
	g.park("5d1c0a9e7b42", gate.Open, gate.TestAnswered)
	g.pass(3 * time.Minute)
	g.sent("resolved critical quota-exhausted")
}

func TestAKeyThatIsRefused(t *testing.T) {
	g := newRig(t, common())
	for range 4 {
		g.answer("k1", 401)
		g.pass(20 * time.Second)
	}
	g.sent()
	g.answer("k1", 401)
	g.pass(time.Second)
	g.sent("firing warning key-refused")
	g.answer("k1", 200)
	g.pass(3 * time.Minute)
	g.sent("resolved warning key-refused")

	for range 10 { // one that works now and then is not refused
		g.answer("k2", 401)
		g.pass(10 * time.Second)
		g.answer("k2", 200)
		g.pass(10 * time.Second)
	}
	for range 10 { // nor is one that somebody has mistyped
		g.answer("k3", 401)
	}
	g.pass(time.Hour)
	g.sent()
	if len(g.engine.keys) != 0 {
		t.Errorf("%d keys are remembered", len(g.engine.keys))
	}
}

func TestAKeyThatIsNotUsedAnyMore(t *testing.T) {
	g := newRig(t, common())
	for range 10 {
		g.answer("k1", 401)
		g.pass(20 * time.Second)
	}
	g.pass(time.Hour)
	g.sent("firing warning key-refused", "resolved warning key-refused")
}

func TestADegradedPart(t *testing.T) {
	g := newRig(t, common())
	g.components = []Component{{Name: "history", Reason: "the disk is full"}, {Name: "fleet", OK: true}}
	g.pass(59 * time.Second)
	g.sent()
	g.pass(3 * time.Second)
	g.sent("firing warning degraded")
	g.components[0].OK = true
	g.pass(3 * time.Minute)
	g.sent("resolved warning degraded")
}

func TestARestartSendsNoSecondPage(t *testing.T) {
	g := newRig(t, common())
	g.trip()
	g.park("k1", gate.Parked, gate.OutOfQuota)
	g.pass(2 * time.Minute)
	g.sent("firing critical quota-exhausted", "firing critical circuit-open")

	r := common()
	r.OpenFor = 10 * time.Minute // also if the rule would not have found it yet
	g.begin(r)
	g.engine.Restore(g.events)
	g.transition(breaker.Closed, breaker.Open, breaker.Restored)
	g.pass(time.Hour)
	g.sent()
	g.park("k1", gate.Open, gate.TestAnswered) // its gate was made when it was used again
	g.reclose()
	g.pass(3 * time.Minute)
	g.sentInAnyOrder("resolved critical quota-exhausted", "resolved critical circuit-open")
	g.begin(r)
	g.engine.Restore(g.events)
	g.pass(time.Hour)
	g.sent()
}

// What was over while the process was away is said to be over.
func TestOverDuringARestart(t *testing.T) {
	g := newRig(t, common())
	g.trip()
	g.pass(2 * time.Minute)
	g.pages = nil
	g.begin(common())
	g.engine.Restore(g.events)
	g.pass(3 * time.Minute)
	if p := g.pages[0]; p.Title != model+" is down" || !p.Since.Equal(start) {
		t.Errorf("%+v", p)
	}
	g.sent("resolved critical circuit-open")
}

func TestSeededBudget(t *testing.T) {
	g := newRig(t, common())
	g.traffic(time.Minute, 0)
	cells := seedCells(start)
	g.begin(common())
	g.engine.Seed(cells)
	g.traffic(2*time.Minute, 3)
	g.sent("firing critical error-budget")
}

// Nor does what people knew of before a restart.
func TestWhatWasKnownBurnsNoBudget(t *testing.T) {
	g := newRig(t, common())
	g.trip()
	g.pass(time.Hour)
	g.reclose()
	g.pass(3 * time.Minute)
	g.sent("firing critical circuit-open", "resolved critical circuit-open")
	cells := seedCells(start.Add(time.Hour))
	g.begin(common())
	g.engine.Restore(g.events)
	g.engine.Seed(cells)
	g.traffic(time.Hour, 0)
	g.sent()
	g.traffic(time.Hour, 3)
	g.sent("firing warning brownout", "firing critical error-budget")
}

// While a key is known to have no quota, what is turned away burns no budget, and what
// fails does.
func TestQuotaBurnsNoBudget(t *testing.T) {
	r := common()
	r.Brownout = 0
	g := newRig(t, r)
	g.traffic(time.Hour, 0)
	g.park("k", gate.Parked, gate.OutOfQuota)
	for range 20 * 60 {
		g.counts[model].Refused += 10
		g.pass(time.Second)
	}
	g.sent("firing critical quota-exhausted")
	g.traffic(20*time.Minute, 8)
	g.sent("firing critical error-budget")
}

// What a client called a model does not act where a page is shown.
func TestNamesAreOnlyShown(t *testing.T) {
	g := newRig(t, common())
	g.engine.Transition(breaker.Transition{Name: "h/\x1b[31m\nevil", Parent: "h", From: breaker.Closed, To: breaker.Open, At: g.now})
	g.pass(2 * time.Minute)
	if p := g.pages[0]; strings.ContainsAny(p.Title+p.What+p.Next, "\x1b\n") || strings.ContainsAny(p.Link, "\x1b\n") {
		t.Errorf("%+v", p)
	}
}

// What an upstream's circuit explains is no trouble of its models.
func TestAnUpstreamExplainsItsModels(t *testing.T) {
	g := newRig(t, common())
	g.traffic(time.Hour, 0)
	g.engine.Transition(breaker.Transition{Name: "api.openai.com", From: breaker.Closed, To: breaker.Open, At: g.now})
	g.traffic(30*time.Minute, 5)
	g.engine.Transition(breaker.Transition{Name: "api.openai.com", From: breaker.HalfOpen, To: breaker.Closed, At: g.now})
	g.traffic(3*time.Minute, 0)
	g.sent("firing critical circuit-open", "resolved critical circuit-open")
	g.traffic(12*time.Hour, 0)
	g.sent()
}

// A share of the first few calls says nothing about a quarter of an hour.
func TestABrownoutTakesItsTime(t *testing.T) {
	r := common()
	r.SLO = 0
	g := newRig(t, r)
	g.traffic(14*time.Minute, 2)
	g.sent()
	g.traffic(2*time.Minute, 2)
	g.sent("firing warning brownout")
}

// A budget cannot have burned before there were calls.
func TestABudgetBurnsSinceTheFirstCall(t *testing.T) {
	r := common()
	r.Brownout = 0
	g := newRig(t, r)
	g.pass(10 * time.Minute)
	g.traffic(40*time.Minute, 3)
	if len(g.pages) != 1 || g.pages[0].Rule != ErrorBudget || g.pages[0].Since.Before(start.Add(10*time.Minute)) {
		t.Errorf("%+v", g.pages)
	}
}
