package gate

import (
	"cmp"
	"container/heap"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// This file plays clients, a gate and a service with a token bucket to each other,
// in virtual time, and measures what the clients get of what the bucket allows:
// from the first moment on, and from half of the time on.

var allRows = flag.Bool("law", false, "play all rows of TestGoodputTable")

// simEvent is something that happens at an instant.
type simEvent struct {
	at instant
	n  int
	do func()
}

type simQueue []simEvent

func (q simQueue) Len() int { return len(q) }
func (q simQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].n < q[j].n
}
func (q simQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *simQueue) Push(x any)   { *q = append(*q, x.(simEvent)) }
func (q *simQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// sim is one run.
type sim struct {
	bucketKind
	hints   string
	clients clientKind
	delay   time.Duration // of the network, there and back
	gates   []*Gate       // who calls is divided among them; none, as with the bare client library

	rand   *rand.Rand
	now    instant
	made   int
	queue  simQueue
	line   []*simTicket
	tokens float64
	filled instant

	arrived                      int
	answered, lateAnswered       int
	attempts, wasted, lateWasted int
}

type simTicket struct {
	tk    *Ticket
	asks  int // the latest timer
	tries int
	done  func(error)
}

func (s *sim) after(d time.Duration, do func()) {
	s.made++
	heap.Push(&s.queue, simEvent{s.now + max(instant(d), 0), s.made, do})
}

func simEpoch() time.Time { return time.Unix(1e9, 0) }

func (s *sim) time() time.Time { return simEpoch().Add(time.Duration(s.now)) }

// gate is that of the n-th caller, or nil.
func (s *sim) gate(n int) *Gate {
	if len(s.gates) == 0 {
		return nil
	}
	return s.gates[n%len(s.gates)]
}

func (s *sim) end() instant { return span(s.seconds) }

func (s *sim) run() *sim {
	s.rand, s.tokens = rand.New(rand.NewPCG(1, 2)), s.burst
	if s.clients.n == 0 {
		var arrive func()
		arrive = func() {
			s.arrived++
			s.call(s.gate(s.arrived), 0, func(error) {})
			s.after(time.Duration(s.rand.ExpFloat64()/s.perSecond()/s.clients.load*1e9), arrive)
		}
		s.after(0, arrive)
	}
	for i := range s.clients.n {
		s.after(time.Duration(s.rand.Float64()*float64(time.Millisecond)), func() { s.client(s.gate(i)) })
	}
	for len(s.queue) > 0 && s.queue[0].at <= s.end() {
		next := heap.Pop(&s.queue).(simEvent)
		s.now = next.at
		next.do()
		s.nudged()
	}
	return s
}

// perSecond is how many calls a second the bucket allows.
func (s *sim) perSecond() float64 { return s.rate / float64(max(s.cost, 1)) }

// client calls again and again.
func (s *sim) client(g *Gate) {
	s.call(g, 0, func(err error) {
		wait := time.Millisecond
		if err != nil {
			wait = time.Duration((0.5 + s.rand.Float64()) * float64(time.Second))
			if closed, ok := errors.AsType[*ClosedError](err); ok {
				wait = max(closed.RetryInAt(s.time()), time.Millisecond)
			}
		}
		s.after(wait, func() { s.client(g) })
	})
}

var errSim = errors.New("refused")

// call is one of a client: up to three attempts.
func (s *sim) call(g *Gate, tries int, done func(error)) {
	switch {
	case g == nil:
		s.attempt(g, tries, done)
	case s.clients.atOnce:
		if err := g.AllowAt(s.time()); err != nil {
			done(err)
			return
		}
		s.attempt(g, tries, done)
	default:
		tk, err := g.WaitAt(s.time(), time.Time{})
		if err != nil {
			done(err)
		} else if tk == nil {
			s.attempt(g, tries, done)
		} else {
			w := &simTicket{tk: tk, tries: tries, done: done}
			s.line = append(s.line, w)
			s.ask(w)
		}
	}
}

// ask is a caller in line, as Wait does it.
func (s *sim) ask(w *simTicket) {
	wait, err := w.tk.TurnAt(s.time())
	w.asks++
	if wait > 0 {
		asks := w.asks
		s.after(wait, func() {
			if w.asks == asks {
				s.ask(w)
			}
		})
		return
	}
	s.line = slices.DeleteFunc(s.line, func(o *simTicket) bool { return o == w })
	if err != nil {
		w.done(err)
		return
	}
	s.attempt(w.tk.g, w.tries, w.done)
}

// nudged lets those ask who have been told to.
func (s *sim) nudged() {
	for again := true; again; {
		again = false
		for _, w := range s.line {
			select {
			case <-w.tk.wake:
				s.ask(w)
				again = true
			default:
				continue
			}
			break
		}
	}
}

func (s *sim) late() bool { return s.now >= s.end()/2 }

// attempt is one exchange: the service decides half of the delay later.
func (s *sim) attempt(g *Gate, tries int, done func(error)) {
	s.attempts++
	r := Report{}
	if g != nil {
		r.Begun = s.time()
	}
	there := time.Duration(float64(s.delay) * (0.4 + 0.2*s.rand.Float64()))
	s.after(there, func() {
		rate := s.rate
		if s.changes > 0 && s.late() {
			rate *= s.changes
		}
		s.tokens = min(s.burst, s.tokens+rate*(s.now-s.filled).seconds())
		s.filled = s.now
		cost := float64(max(s.cost, 1))
		if s.tokens >= cost-1e-9 {
			s.tokens -= cost
			r.Kind = Answer
		} else {
			r.Kind = RateLimit
			s.tokens = max(s.tokens-s.penalty, min(s.tokens, -rate))
			s.wasted++
			if s.late() {
				s.lateWasted++
			}
		}
		s.hint(&r, cost, rate)
		back := s.delay - there
		if r.Kind == Answer {
			back += time.Duration(20+20*s.rand.Float64()) * time.Millisecond
			if s.late() {
				s.lateAnswered++
			}
			s.answered++
		}
		s.after(back, func() {
			if g != nil {
				g.ReportAt(s.time(), r)
			}
			s.ended(g, r, tries, done)
		})
	})
}

func (s *sim) ended(g *Gate, r Report, tries int, done func(error)) {
	switch {
	case r.Kind == Answer:
		done(nil)
	case tries == 2:
		done(errSim)
	case g != nil:
		s.call(g, tries+1, done)
	default: // as the client libraries do
		wait := time.Duration(0.5e9 * math.Ldexp(1, tries) * (1 - 0.25*s.rand.Float64()))
		s.after(cmp.Or(r.RetryAfter, wait), func() { s.call(g, tries+1, done) })
	}
}

// hint is what the service says of its bucket.
func (s *sim) hint(r *Report, cost, rate float64) {
	l := Limit{Limit: int64(s.burst), Remaining: int64(max(s.tokens, 0)), Reset: time.Duration((s.burst-s.tokens)/rate*1e3+1) * time.Millisecond}
	missing := time.Duration((cost - s.tokens) / rate * 1e9)
	switch {
	case r.Kind != RateLimit:
	case s.hints == "seconds" || s.hints == "all":
		r.RetryAfter = max((missing + time.Second - 1).Truncate(time.Second), time.Second)
	case s.hints == "ms":
		r.RetryAfter = (missing + time.Millisecond).Truncate(time.Millisecond)
	}
	switch {
	case s.hints != "headers" && s.hints != "all":
	case s.cost > 0:
		r.Tokens = l
		if r.Kind == RateLimit || l.Scarce() {
			r.Needed = s.cost
		}
	default:
		r.Requests = l
	}
}

// allowed is how many calls the bucket would have let through in some time.
func (s *sim) allowed() (all, late float64) {
	half := s.perSecond() * s.seconds / 2
	late = half * cmp.Or(s.changes, 1)
	return s.burst/float64(max(s.cost, 1)) + half + late, late
}

type simResult struct {
	simRow
	first, whole, late float64 // of what is allowed, or of what has arrived
	wasted, bare       int
}

// play runs it with a gate and without one.
func (r simRow) play() simResult {
	start := func(gates []*Gate) *sim {
		s := &sim{bucketKind: r.bucketKind, hints: r.hints, clients: r.clients, delay: r.delay, gates: gates}
		return s.run()
	}
	var gates []*Gate
	for i := range max(r.sharers, 1) {
		g, err := NewAt(simEpoch(), "key", "m", Config{Seed: uint64(i) + 1})
		if err != nil {
			panic(err)
		}
		gates = append(gates, g)
	}
	s, bare := start(gates), start(nil)
	all, late := s.allowed()
	if r.name == "unlimited" {
		all, late = float64(bare.answered), float64(bare.lateAnswered)
	}
	if s.clients.n == 0 && s.clients.load < 1 {
		all = min(all, float64(s.arrived))
		late = all / 2
	}
	first := float64(s.answered-s.lateAnswered) / (all - late)
	return simResult{r, first, float64(s.answered) / all, float64(s.lateAnswered) / late, s.wasted, bare.wasted}
}

// Whatever the bucket, its hints and the callers: they get what it allows, from
// the first moment on, and hardly ask too early. The table is for the reader.
func TestGoodputTable(t *testing.T) {
	t.Parallel()
	var rows []simRow
	for i, row := range simRows() {
		if i%everyRow != 0 && !*allRows {
			continue
		}
		if few := row.clients.n <= 5 || !row.clients.atOnce && row.hints != "ms" && row.clients.n <= 25; few || *allRows {
			rows = append(rows, row)
		}
	}
	results := make([]simResult, len(rows))
	next := make(chan int)
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := range next {
				results[i] = rows[i].play()
			}
		})
	}
	for i := range rows {
		next <- i
	}
	close(next)
	all.Wait()
	var table strings.Builder
	for _, r := range results {
		fmt.Fprintf(&table, "%-70s %5.1f %5.1f %5.1f  %5d /%6d %5.1f %%\n", r.simRow,
			100*r.first, 100*r.whole, 100*r.late, r.wasted, r.bare, 100*float64(r.wasted)/float64(max(r.bare, 1)))
		goodput, wasted := r.least()
		if r.whole < goodput {
			t.Errorf("%v: %.1f %% of what is allowed is answered, want %.0f %%", r.simRow, 100*r.whole, 100*goodput)
		}
		if r.wasted > wasted {
			t.Errorf("%v: %d wasted attempts, want at most %d, the bare client's are %d", r.simRow, r.wasted, wasted, r.bare)
		}
	}
	t.Logf("answered of what is allowed, in %%: first half, all, second half; 429s, of the bare client's\n%s", table.String())
}
