package alert

import (
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

func TestMuting(t *testing.T) {
	g := newRig(t, common())
	g.trip()
	g.pass(2 * time.Minute)
	g.sent("firing critical circuit-open")
	key := g.engine.Alerts()[0].Key
	if err := g.engine.Mute(key, g.now.Add(6*time.Hour), "somebody"); err != nil {
		t.Fatal(err)
	}
	if e := g.events[len(g.events)-1]; e.To != Muted || e.Actor != "somebody" || e.Key != key {
		t.Errorf("%+v", e)
	}
	g.pass(5 * time.Hour)
	g.sent()
	if a := g.engine.Alerts()[0]; a.Muted.IsZero() || len(g.engine.Firing()) != 1 { // else Alertmanager would say that it is over
		t.Errorf("%+v", a)
	}
	g.begin(common()) // it stays so over a restart
	g.engine.Restore(g.events)
	g.transition(breaker.Closed, breaker.Open, breaker.Restored)
	g.pass(59 * time.Minute)
	g.sent()
	g.pass(2 * time.Minute)
	g.sent("firing critical circuit-open")
	if g.engine.Mute("circuit/none", time.Time{}, "") == nil {
		t.Error("what is not there was muted")
	}
}

// Nobody hears of what begins and ends while all is muted, and of what goes on then.
func TestMuteUntil(t *testing.T) {
	r := common()
	r.MuteUntil = start.Add(time.Hour)
	g := newRig(t, r)
	g.trip()
	g.pass(10 * time.Minute)
	g.reclose()
	g.pass(10 * time.Minute)
	g.trip()
	g.pass(35 * time.Minute)
	g.sent()
	g.pass(10 * time.Minute)
	g.sent("firing critical circuit-open")
}

// What got worse while it was muted ends as what people were told: who gets only
// critical pages has not heard of it.
func TestTheEndIsOfWhatWasTold(t *testing.T) {
	r := common()
	r.Opened = true
	g := newRig(t, r)
	g.trip()
	g.pass(2 * time.Second)
	g.sent("firing warning circuit-opened")
	if err := g.engine.Mute(circuitKey(model), g.now.Add(time.Hour), "somebody"); err != nil {
		t.Fatal(err)
	}
	g.pass(2 * time.Minute)
	if f := g.engine.Firing(); len(f) != 1 || f[0].Rule != CircuitOpened || f[0].Severity != Warning {
		t.Errorf("%+v", f)
	}
	g.reclose()
	g.pass(3 * time.Minute)
	g.sent("resolved warning circuit-opened")
}

// A mute of a trouble that nobody was told of is none of the next one.
func TestAMuteOutlivesNoTrouble(t *testing.T) {
	r := common()
	r.MuteUntil = start.Add(10 * time.Minute)
	g := newRig(t, r)
	g.trip()
	g.pass(2 * time.Minute)
	if err := g.engine.Mute(circuitKey(model), g.now.Add(12*time.Hour), "somebody"); err != nil {
		t.Fatal(err)
	}
	g.reclose()
	g.pass(10 * time.Hour)
	g.sent()
	g.trip()
	began := g.now
	g.pass(2 * time.Minute)
	g.sent("firing critical circuit-open")
	g.begin(common())
	g.engine.Restore(g.events)
	if a := g.engine.Alerts(); len(a) != 1 || !a[0].Since.Equal(began) || !a[0].Muted.IsZero() {
		t.Errorf("%+v, which began at %v", a, began)
	}
}

// Nor does it come back with each process.
func TestWhatWasMutedAndIsOverDoesNotComeBack(t *testing.T) {
	r := common()
	r.MuteUntil = start.Add(10 * time.Minute)
	g := newRig(t, r)
	g.trip()
	g.pass(2 * time.Minute)
	if err := g.engine.Mute(circuitKey(model), g.now.Add(time.Minute), "somebody"); err != nil {
		t.Fatal(err)
	}
	g.reclose()
	g.pass(time.Hour)
	g.begin(common())
	g.engine.Restore(g.events)
	if a := g.engine.Alerts(); len(a) != 0 {
		t.Errorf("%+v", a)
	}
}
