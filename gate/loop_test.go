package gate_test

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/recloser/recloser/gate"
)

// These tests close the loop: callers, a gate, and a service with a real token
// bucket, in virtual time. Open loop, over recorded traffic, a gate cannot get
// credit for the quota that its refusing frees.

// event is something that happens at an instant of a simulation.
type event struct {
	at time.Duration
	n  int // in the order in which they were made
	do func()
}

type agenda []event

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].n < a[j].n
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(event)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// world is a simulation. All durations are since start.
type world struct {
	now    time.Duration
	agenda agenda
	made   int
	rand   *rand.Rand

	// the service
	burst, rate float64 // its bucket, in calls and calls a second, or tokens
	most        int64   // tokens that a call needs; 0: the bucket holds calls
	tokens      float64
	filled      time.Duration
	penalty     float64       // that a refused attempt takes from it, down to minus a second's worth
	hints       string        // what a 429 says: "retry-after", "headers" or "nothing"
	answer      time.Duration // how long an answer takes, in the mean

	// the callers
	g        *gate.Gate // nil: none, as with the bare client library
	patience time.Duration
	tickets  []*waiting

	calls, attempts, wasted int
	answered                float64 // calls, or their tokens
}

type waiting struct {
	ticket *gate.Ticket
	retry  int
}

func (w *world) at(d time.Duration, do func()) {
	w.made++
	heap.Push(&w.agenda, event{w.now + d, w.made, do})
}

func (w *world) time() time.Time { return start().Add(w.now) }

// run plays until the end and returns the share of what the bucket allowed that
// was answered.
func (w *world) run(end time.Duration, perSecond float64) float64 {
	w.tokens = w.burst
	var arrive func()
	arrive = func() {
		w.calls++
		w.call(0)
		w.at(time.Duration(w.rand.ExpFloat64()/perSecond*1e9), arrive)
	}
	w.at(0, arrive)
	for len(w.agenda) > 0 && w.agenda[0].at <= end {
		next := heap.Pop(&w.agenda).(event)
		w.now = next.at
		next.do()
		w.advanceLine()
	}
	return w.answered / (w.burst + w.rate*end.Seconds())
}

// call is one that arrives, or tries again.
func (w *world) call(retry int) {
	switch {
	case w.g == nil:
		w.attempt(retry)
	case w.patience == 0:
		if w.g.AllowAt(w.time()) == nil {
			w.attempt(retry)
		}
	default:
		ticket, err := w.g.WaitAt(w.time(), w.time().Add(w.patience))
		if err == nil && ticket == nil {
			w.attempt(retry)
		} else if err == nil {
			tk := &waiting{ticket, retry}
			w.tickets = append(w.tickets, tk)
			w.ask(tk)
		}
	}
}

// ask is a caller in line who asks whether it is its turn.
func (w *world) ask(tk *waiting) {
	for i, other := range w.tickets {
		if other != tk {
			continue
		}
		wait, err := tk.ticket.TurnAt(w.time())
		if wait > 0 {
			w.at(wait, func() { w.ask(tk) })
			return
		}
		w.tickets = append(w.tickets[:i:i], w.tickets[i+1:]...)
		if err == nil {
			w.attempt(tk.retry)
		}
		return
	}
}

// advanceLine lets the first in line ask as often as it goes.
func (w *world) advanceLine() {
	for len(w.tickets) > 0 {
		wait, err := w.tickets[0].ticket.TurnAt(w.time())
		if wait > 0 {
			return
		}
		tk := w.tickets[0]
		w.tickets = w.tickets[1:]
		if err == nil {
			w.attempt(tk.retry)
		}
	}
}

// attempt is one exchange with the service.
func (w *world) attempt(retry int) {
	w.attempts++
	w.tokens = min(w.burst, w.tokens+w.rate*(w.now-w.filled).Seconds())
	w.filled = w.now
	r := gate.Report{Begun: w.time()}
	cost := 1.
	if w.most > 0 {
		r.Needed = 1 + w.rand.Int64N(w.most)
		cost = float64(r.Needed)
	}
	if w.tokens >= cost {
		w.tokens -= cost
		r.Kind = gate.Answer
		w.hint(&r, cost)
		took := time.Duration(float64(w.answer) * math.Exp(0.6*w.rand.NormFloat64()))
		w.at(took, func() {
			w.answered += cost
			w.report(r)
		})
		return
	}
	r.Kind = gate.RateLimit
	w.tokens = max(w.tokens-w.penalty, min(w.tokens, -w.rate))
	w.hint(&r, cost)
	w.at(80*time.Millisecond, func() {
		w.wasted++
		w.report(r)
		if w.g == nil && retry < 2 { // as the client libraries do
			wait := max(r.RetryAfter, time.Duration(0.5e9*math.Ldexp(1, retry)*(1-0.25*w.rand.Float64())))
			w.at(wait, func() { w.call(retry + 1) })
		}
	})
}

// hint is what the service says of its bucket.
func (w *world) hint(r *gate.Report, cost float64) {
	l := gate.Limit{
		Limit: int64(w.burst), Remaining: max(int64(w.tokens), 0), Reset: time.Duration((w.burst - w.tokens) / w.rate * 1e9),
	}
	switch {
	case w.hints == "retry-after" && r.Kind == gate.RateLimit:
		missing := time.Duration((cost - w.tokens) / w.rate * 1e9)
		r.RetryAfter = (missing + time.Second - 1).Truncate(time.Second)
	case w.hints == "headers" && w.most > 0:
		r.Tokens = l
	case w.hints == "headers":
		r.Requests = l
	}
}

func (w *world) report(r gate.Report) {
	if w.g != nil {
		w.g.ReportAt(w.time(), r)
	}
}

func TestClosedLoopAgainstTokenBuckets(t *testing.T) {
	const end = 30 * time.Minute
	rows := []struct {
		name        string
		burst, rate float64
		most        int64 // tokens of a call; 0: the bucket holds calls
		penalty     float64
		demand      float64 // calls a second
		hints       string
		patience    time.Duration // of callers who wait in line
		goodput     float64       // at least, of what the bucket allows
		wasted      float64       // at most, of the bare client's
	}{
		{"5/s, waiting in line", 20, 5, 0, 0, 12, "retry-after", 10 * time.Second, 0.95, 0.05},
		{"5/s, waiting in line", 20, 5, 0, 0, 12, "headers", 10 * time.Second, 0.95, 0.05},
		{"5/s, waiting in line", 20, 5, 0, 0, 12, "nothing", 10 * time.Second, 0.95, 0.05},
		{"5/s, refused at once", 20, 5, 0, 0, 12, "retry-after", 0, 0.95, 0.05},
		{"5/s, refused at once", 20, 5, 0, 0, 12, "headers", 0, 0.95, 0.05},
		{"5/s, refused at once", 20, 5, 0, 0, 12, "nothing", 0, 0.95, 0.05},
		{"5/s, ten times the demand", 20, 5, 0, 0, 50, "retry-after", 10 * time.Second, 0.95, 0.05},
		{"one in 20 s, waiting in line", 1, 0.05, 0, 0, 1, "retry-after", 30 * time.Second, 0.95, 0.05},
		{"5/s, barely too many", 20, 5, 0, 0, 5.5, "retry-after", 10 * time.Second, 0.95, 0.10},
		{"30,000 tokens a minute, calls of up to 2,000", 30_000, 500, 2000, 0, 2, "headers", 10 * time.Second, 0.95, 0.10},
		{"30,000 tokens a minute, calls of up to 2,000", 30_000, 500, 2000, 0, 2, "retry-after", 10 * time.Second, 0.95, 0.10},
		// Refused attempts take from the bucket too: who insists starves.
		{"5/s, a refusal takes half a call", 20, 5, 0, 0.5, 12, "retry-after", 10 * time.Second, 0.95, 0.05},
		// A call that is refused does not come back, and the next one a second later:
		// a twentieth of the quota is lost before anybody asks.
		{"one in 20 s, refused at once", 1, 0.05, 0, 0, 1, "retry-after", 0, 0.90, 0.05},
		// Nobody says that it is 20 s; each time it is found by doubling.
		{"one in 20 s, waiting in line", 1, 0.05, 0, 0, 1, "nothing", 30 * time.Second, 0.85, 0.07},
	}
	for _, row := range rows {
		t.Run(fmt.Sprintf("%s, %s", row.name, row.hints), func(t *testing.T) {
			play := func(g *gate.Gate) (*world, float64) {
				w := &world{
					rand: rand.New(rand.NewPCG(7, 7)), burst: row.burst, rate: row.rate, most: row.most, penalty: row.penalty, hints: row.hints,
					answer: 1200 * time.Millisecond, g: g, patience: row.patience,
				}
				return w, w.run(end, row.demand)
			}
			g, err := gate.NewAt(start(), "key", "gpt", gate.Config{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			w, goodput := play(g)
			bare, bareGoodput := play(nil)
			share := float64(w.wasted) / float64(bare.wasted)
			t.Logf("answered %.1f %% of what the bucket allows (bare client %.1f %%); wasted attempts %d of %d (bare %d of %d): %.2f %% of the bare client's",
				100*goodput, 100*bareGoodput, w.wasted, w.attempts, bare.wasted, bare.attempts, 100*share)
			if goodput < row.goodput {
				t.Errorf("answered %.1f %%, want at least %.0f %%", 100*goodput, 100*row.goodput)
			}
			if share > row.wasted {
				t.Errorf("wasted %.2f %% of the bare client's attempts, want at most %.0f %%", 100*share, 100*row.wasted)
			}
		})
	}
}
