package gate_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/recloser/recloser/gate"
)

// history plays random calls, reports and waits to a gate and checks what must
// hold whatever happens.
type history struct {
	*rig
	rand *rand.Rand
	log  []string

	until   time.Time // what services have asked for
	parked  bool
	test    time.Time // when a parked key's test went out
	tickets []*gate.Ticket
	order   []int // of those in line
	next    int
	begun   []time.Time // calls that are out
}

func (h *history) note(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf("%v: ", h.clock.Sub(start()))+fmt.Sprintf(format, args...))
}

func (h *history) fail(what string) {
	h.Helper()
	for _, line := range h.log[max(0, len(h.log)-15):] {
		h.Log(line)
	}
	h.Fatal(what)
}

// passed is told that a call was let through.
func (h *history) passed(how string) {
	h.Helper()
	h.note("%s passed", how)
	if h.clock.Before(h.until) {
		h.fail("let through although the service asked to wait until " + h.until.Sub(start()).String())
	}
	if h.parked {
		if !h.test.IsZero() && h.clock.Before(h.test.Add(time.Minute)) {
			h.fail("a second test while one is out")
		}
		h.test = h.clock
	}
	h.begun = append(h.begun, h.clock)
}

func (h *history) allow() {
	if h.g.AllowAt(h.clock) != nil {
		return
	}
	if len(h.tickets) > 0 {
		h.fail("somebody pushed in")
	}
	h.passed("allow")
}

func (h *history) join() {
	tk, err := h.g.WaitAt(h.clock, h.clock.Add(time.Duration(h.rand.IntN(60))*time.Second))
	switch {
	case err != nil:
	case tk == nil && len(h.tickets) > 0:
		h.fail("somebody went before the line")
	case tk == nil:
		h.passed("wait")
	default:
		h.note("%d joined", h.next)
		h.tickets, h.order = append(h.tickets, tk), append(h.order, h.next)
		h.next++
	}
}

// ask lets one in line ask, or leave.
func (h *history) ask() {
	if len(h.tickets) == 0 {
		return
	}
	i := h.rand.IntN(len(h.tickets))
	if h.rand.IntN(4) > 0 {
		i = 0
	}
	if h.rand.IntN(10) == 0 {
		h.tickets[i].LeaveAt(h.clock)
	} else {
		wait, err := h.tickets[i].TurnAt(h.clock)
		if wait > 0 {
			return
		}
		if err == nil {
			if i > 0 {
				h.fail(fmt.Sprintf("%d went before %d", h.order[i], h.order[0]))
			}
			h.passed("ticket")
		}
	}
	h.tickets, h.order = append(h.tickets[:i:i], h.tickets[i+1:]...), append(h.order[:i:i], h.order[i+1:]...)
}

func parks(k gate.Kind) bool { return k == gate.Quota || k == gate.BadKey }

func (h *history) end() {
	if len(h.begun) == 0 {
		return
	}
	i := h.rand.IntN(len(h.begun))
	r := gate.Report{Kind: gate.Kind(h.rand.IntN(6)), Begun: h.begun[i]}
	h.begun = append(h.begun[:i:i], h.begun[i+1:]...)
	if parks(r.Kind) && h.rand.IntN(5) > 0 {
		r.Kind = gate.Answer
	}
	if r.Kind == gate.RateLimit || r.Kind == gate.Overload {
		r.RetryAfter = time.Duration(h.rand.IntN(20)) * time.Second
		if until := h.clock.Add(r.RetryAfter); until.After(h.until) {
			h.until = until
		}
	}
	h.note("%+v", r)
	if r.Kind == gate.Nothing && h.rand.IntN(2) == 0 {
		h.g.WithdrawAt(h.clock, r.Begun)
	} else {
		h.report(r)
	}
	isParked := h.g.StateAt(h.clock) == gate.Parked
	switch {
	case isParked != h.parked && !parks(r.Kind) && r.Kind != gate.Answer:
		h.fail("parked or not for no reason")
	case parks(r.Kind) && !isParked:
		h.fail("not parked")
	case isParked != h.parked, isParked && !h.test.IsZero() && !r.Begun.Before(h.test):
		h.test = time.Time{}
	}
	h.parked = isParked
}

func TestRandomHistories(t *testing.T) {
	for seed := range uint64(300) {
		h := &history{rig: newRig(t, gate.Config{Retest: 10 * time.Second, MaxRetest: time.Minute}), rand: rand.New(rand.NewPCG(seed, 1))}
		for range 400 {
			h.wait(time.Duration(h.rand.ExpFloat64() * float64(time.Second)))
			[]func(){h.allow, h.join, h.ask, h.ask, h.end}[h.rand.IntN(5)]()
			if m := h.g.MetricsAt(h.clock); m.Waiting != len(h.tickets) || m.Rate < 0 || m.State == gate.Closed && m.Until.After(h.clock.Add(time.Minute)) {
				h.fail(fmt.Sprintf("%+v, %d in line", m, len(h.tickets)))
			}
		}
		for range 3 { // and it opens again
			h.wait(2 * time.Hour)
			for _, tk := range h.tickets {
				tk.LeaveAt(h.clock)
			}
			h.tickets = nil
			if err := h.g.AllowAt(h.clock); err != nil {
				t.Fatalf("seed %d, two hours later: %v", seed, err)
			}
		}
	}
}
