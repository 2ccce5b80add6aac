package replay

import (
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/retry"
)

// epoch is the instant 0 of every run.
func epoch() time.Time { return time.Unix(1_000_000_000, 0) }

// Run plays a stage with a policy and returns its score. The same stage and policy
// give the same score.
func Run(s Stage, p Policy) (Score, error) {
	r, err := newRun(s, p)
	if err != nil {
		return Score{}, err
	}
	r.play()
	return r.tally.score(r.admissions), nil
}

// forever is the patience of a client that has no end of it.
const forever = 24 * time.Hour

// run is one play. It is a discrete-event simulation: the only instants at which
// anything is looked at are those at which something happens.
type run struct {
	world      World
	client     Client
	plan       *retry.Plan
	seed       uint64
	epoch      time.Time
	admissions []Admission // by replica
	purses     []retry.Admission
	budgets    []*retry.Budget

	now     time.Duration
	queue   queue
	flights []flight // by slot
	courses []retry.Course
	free    []uint32
	tally   tally
}

// step is what the next event of a request under way is.
type step uint8

const (
	inLine  step = iota // it asks again
	sent                // its attempt ends
	content             // its attempt has its first content
	pausing             // it asks for its next attempt
)

// flight is a request under way.
type flight struct {
	attempt Attempt
	answer  Answer
	step    step
	probe   bool
	begun   bool          // its course
	vain    time.Duration // waited for attempts that failed
	failed  int           // attempts
}

func newRun(s Stage, p Policy) (*run, error) {
	plan, err := retry.New(s.Client.Retry)
	if err != nil {
		return nil, err
	}
	budgets, err := s.Client.budgets(s.Replicas)
	if err != nil {
		return nil, err
	}
	r := &run{world: s.World(), client: s.Client, plan: plan, seed: s.Seed, epoch: epoch(), budgets: budgets}
	r.tally.start(s.Outages)
	for i := range s.Replicas {
		a, err := p.New(Process{Replica: i, Seed: mix(s.Seed+uint64(i)*golden) | 1, Models: s.Models, World: r.world})
		if err != nil {
			return nil, err
		}
		r.admissions = append(r.admissions, a)
		r.purses = append(r.purses, purse{budgets[i]})
	}
	return r, nil
}

// play goes from event to event. What has ended at an instant is known to what
// arrives then.
func (r *run) play() {
	next, more := r.world.Next()
	for more || len(r.queue.events) > 0 {
		if len(r.queue.events) > 0 && (!more || r.queue.events[0].at <= next.At) {
			e := r.queue.pop()
			r.now = e.at
			r.proceed(e.slot)
			continue
		}
		r.now = next.At
		r.arrive(next)
		next, more = r.world.Next()
	}
}

// arrive takes a request in.
func (r *run) arrive(q Request) {
	var slot uint32
	if n := len(r.free); n > 0 {
		slot, r.free = r.free[n-1], r.free[:n-1]
	} else {
		slot = uint32(len(r.flights))
		r.flights = append(r.flights, flight{})
		r.courses = append(r.courses, retry.Course{})
	}
	r.flights[slot] = flight{attempt: Attempt{Request: q}}
	r.budgets[q.Replica].Earn()
	r.tally.arrived(q)
	r.ask(slot)
}

// proceed does what is due of a request.
func (r *run) proceed(slot uint32) {
	f := &r.flights[slot]
	switch f.step {
	case sent:
		r.end(slot)
	case content:
		r.admissions[f.attempt.Replica].Content(r.now, int(slot))
		f.step = sent
		r.queue.push(f.attempt.Begin+f.answer.Took, slot)
	case pausing:
		f.attempt.N++
		r.ask(slot)
	case inLine:
		r.ask(slot)
	}
}

// ask asks whether the attempt may be made, and makes it.
func (r *run) ask(slot uint32) {
	f := &r.flights[slot]
	a := &f.attempt
	a.Begin, a.Limit = r.now, forever
	if r.client.GiveUp > 0 {
		a.Limit = r.client.GiveUp - (r.now - a.At)
	}
	v := r.admissions[a.Replica].Admit(int(slot), a)
	switch {
	case v.Refused:
		r.tally.refused(f, r.world.Would(a))
		r.leave(slot)
		return
	case v.Wait > 0:
		f.step = inLine
		r.queue.push(r.now+v.Wait, slot)
		return
	}
	f.probe = v.Probe
	f.answer = r.world.Send(a)
	r.tally.began(f)
	if f.step = sent; f.answer.Content > 0 {
		f.step = content
		r.queue.push(r.now+f.answer.Content, slot)
		return
	}
	r.queue.push(r.now+f.answer.Took, slot)
}

// end is that of an attempt.
func (r *run) end(slot uint32) {
	f := &r.flights[slot]
	r.admissions[f.attempt.Replica].End(r.now, int(slot), &f.attempt, &f.answer)
	if c := f.answer.Class; c == breaker.Answer || c == breaker.Nothing {
		r.tally.answered(f, r.now)
		r.leave(slot)
		return
	}
	f.failed++
	f.vain += f.answer.Took
	r.tally.failed(f)
	next := r.course(slot).Ended(r.epoch.Add(r.now), retry.Attempt{
		Failed: true, Retryable: !f.answer.Final, Probe: f.probe, RetryAfter: f.answer.RetryAfter,
	}, r.purses[f.attempt.Replica])
	if !next.Again {
		r.tally.gaveUp(f, r.now)
		r.leave(slot)
		return
	}
	f.step = pausing
	r.queue.push(r.now+next.Wait, slot)
}

// course is that of the request, begun when it is needed first: most have no use
// for it.
func (r *run) course(slot uint32) *retry.Course {
	f, c := &r.flights[slot], &r.courses[slot]
	if !f.begun {
		f.begun = true
		call := retry.Call{Safe: true, Once: f.attempt.Once, Seed: mix(r.seed ^ f.attempt.ID*golden)}
		if r.client.GiveUp > 0 {
			call.Deadline = r.epoch.Add(f.attempt.At + r.client.GiveUp)
		}
		*c = r.plan.Begin(call)
	}
	return c
}

func (r *run) leave(slot uint32) { r.free = append(r.free, slot) }
