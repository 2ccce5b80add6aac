package guard

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/retry"
)

// call is one RoundTrip: what the caller asked for, made of attempts.
type call struct {
	g        *Guard
	live     *live
	req      *http.Request
	ctx      context.Context // the caller's, with the total deadline
	cancel   context.CancelFunc
	number   uint64 // drawn, so that nothing is counted for all calls
	start    time.Time
	body     *requestBody
	upstream string // that was asked for
	set      *settings
	order    []*place // of several targets
	only     leg      // of a single one
	legs     []leg    // of several
	course   retry.Course
	report   *Report
	at       *leg  // where it is
	tokens   int64 // that it needs, an estimate; 0: not asked for yet
}

// RoundTrip makes the call req, as http.RoundTripper asks. Its errors are
// *breaker.OpenError where a circuit is open and *fault.Error otherwise.
func (g *Guard) RoundTrip(req *http.Request) (*http.Response, error) {
	c := &call{g: g, live: g.live.Load(), req: req, number: rand.Uint64(), start: time.Now(), report: reportOf(req.Context())}
	if f := c.prepare(); f != nil {
		return nil, c.failed(f)
	}
	return c.run()
}

// prepare reads the request as far as it is needed: its body, its settings and
// its first target.
func (c *call) prepare() *fault.Error {
	c.ctx, c.cancel = c.req.Context(), func() {}
	c.upstream = c.live.cfg.Upstream(c.req.URL)
	var f *fault.Error
	if c.body, f = holdBody(c.req, c.live.cfg.MaxHeldBody); f != nil {
		return f
	}
	c.set = c.live.rules.of(c.upstream, c.req.URL.Path, c.body.fields.model)
	if total := c.set.timeouts.Total; total > 0 {
		deadline := c.start.Add(total)
		c.ctx, c.cancel = context.WithDeadlineCause(c.ctx, deadline, fault.Named(fault.CodeTotalTimeout, context.DeadlineExceeded))
	}
	seed := c.number
	if n := len(c.set.chain.places); n > 1 && c.req.Response == nil {
		c.legs = make([]leg, n)
		if c.set.chain.pooled {
			c.order = c.set.chain.draw(rand.New(rand.NewPCG(seed, 1)))
		}
	}
	l, f := c.leg(0)
	if f != nil {
		return f
	}
	c.on(l)
	c.report.MaxRetries = c.set.plan.MaxRetries()
	deadline, _ := c.ctx.Deadline()
	c.course = c.set.plan.Begin(retry.Call{
		Deadline: deadline, Safe: c.safe(), Once: !c.body.replayable() || once(c.ctx), Seed: seed,
		Targets: c.targets(), Patient: c.set.patient,
	})
	return nil
}

// targets is how many there are.
func (c *call) targets() int { return max(len(c.legs), 1) }

func (c *call) safe() bool {
	if c.set.safe != nil {
		return *c.set.safe
	}
	return c.live.cfg.Safe(c.req)
}

// on notes where the call is.
func (c *call) on(l *leg) {
	c.at = l
	c.report.Circuit, c.report.Target = l.circuit.Name(), l.place.Name
}

// run makes attempts until the course of the call stops. The answer of the
// last attempt is kept until the next one has been let through.
func (c *call) run() (*http.Response, error) {
	var last *attempt
	for step := c.course.First(); ; {
		a, r := c.begin(step, last)
		if r != nil {
			if step = c.refused(step, r); !step.Again {
				return c.stop(last)
			}
		} else {
			a.send()
			if step = c.course.Ended(time.Now(), a.ending(), c); !step.Again {
				return a.pass()
			}
			last = a
		}
		c.again(last, step)
		if !c.wait(step.Wait) {
			c.unspent(step)
			return nil, c.left(last)
		}
	}
}

// begin starts an attempt, if its target lets it through.
func (c *call) begin(step retry.Step, last *attempt) (*attempt, *refusal) {
	l, f := c.leg(step.Target)
	if f != nil {
		return nil, refuse(f, -1, false)
	}
	a, r := c.admit(l, step.Line)
	if r != nil {
		l.no = r
		return nil, r
	}
	switch {
	case step.Retry:
		a.retries = 1
	case l != c.at:
		a.fallbacks = 1
		c.fellBack(last, l)
	}
	c.report.Retries += a.retries
	c.report.Fallbacks += a.fallbacks
	if last != nil {
		last.discard(l)
	}
	c.on(l)
	if !l.begun {
		l.begun = true
		l.bounds.budget.Earn()
	}
	return a, nil
}

// refused takes in that a target let no attempt through.
func (c *call) refused(step retry.Step, r *refusal) retry.Step {
	c.unspent(step)
	if c.ctx.Err() != nil {
		return retry.Step{}
	}
	return c.course.Refused(time.Now(), retry.Refusal{In: r.in, Line: r.line}, c)
}

// unspent gives back what was paid for a retry that is not made.
func (c *call) unspent(step retry.Step) {
	if step.Retry {
		l, _ := c.leg(step.Target)
		l.bounds.budget.Refund()
	}
}

// again tells that a retry follows the last attempt, if there was one. That does not
// need its berth any more, which the next one may want.
func (c *call) again(a *attempt, step retry.Step) {
	if a == nil {
		return
	}
	a.leaveBerth()
	if step.Retry {
		c.observe(Event{Type: Retrying, Attempt: a.number, Kind: a.fault.Kind, Status: a.fault.Status, Fault: a.fault, Wait: step.Wait})
	}
}

// fellBack tells that another target has let the call through.
func (c *call) fellBack(last *attempt, next *leg) {
	e := Event{Type: FallingBack, To: next.place.Name}
	if last != nil {
		e.Attempt, e.Kind, e.Status, e.Fault = last.number, last.fault.Kind, last.fault.Status, last.fault
	}
	c.observe(e)
}

// ReadyIn tells the course when a retry at a target would be let through: not as a
// probe, and not at all while a circuit is open. A call counted as one has its
// permit; before a gate with a line it waits there.
func (c *call) ReadyIn(target int) time.Duration {
	l, f := c.leg(target)
	switch {
	case f != nil:
		return -1
	case l.permit == nil && !l.circuit.Ready():
		return -1
	case l.gate == nil || c.set.gateWait || c.free(l):
		return 0
	}
	in, known := l.holds()
	if !known {
		return -1
	}
	return in
}

// Spend takes a retry out of the budget of a target's circuit.
func (c *call) Spend(target int) bool {
	l, f := c.leg(target)
	return f == nil && l.bounds.budget.Spend()
}

// wait reports false if the caller has left meanwhile.
func (c *call) wait(d time.Duration) bool {
	if d <= 0 {
		return c.ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.ctx.Done():
		return false
	}
}

// stop ends a call that no target lets through: with the answer of the last
// attempt, if there was one, else with the refusal.
func (c *call) stop(last *attempt) (*http.Response, error) {
	switch {
	case c.ctx.Err() != nil:
		return nil, c.left(last)
	case last != nil:
		return last.pass()
	}
	c.body.close()
	c.cancel()
	l := c.earliest()
	c.on(l)
	c.report.Refused = true
	f, limited := l.no.err.(*fault.Error) //nolint:errorlint // a limit's is one, and a circuit's is none
	if !limited {
		c.ended(nil, 0, 0)
		return nil, l.no.err
	}
	now := *f // the call may have waited since
	if closed, ok := errors.AsType[*gate.ClosedError](f); ok {
		now.RetryAfter = closed.RetryIn()
	}
	c.report.Kind, c.report.Fault = f.Kind, &now
	c.ended(&now, 0, 0)
	return nil, &now
}

// earliest is the leg that lets calls through first, of those that have refused.
func (c *call) earliest() *leg {
	first := &c.only
	for i := range c.legs {
		if l := &c.legs[i]; i == 0 || l.no != nil && l.no.before(first.no) {
			first = l
		}
	}
	return first
}

// failed ends a call that is not with an attempt.
func (c *call) failed(f *fault.Error) error {
	c.report.Kind, c.report.Fault = f.Kind, f
	c.cancel()
	c.ended(f, 0, 0)
	return f
}

// left ends a call whose caller went away, or whose time is over, while it waited
// to try again.
func (c *call) left(last *attempt) error {
	if last == nil {
		c.body.close()
		return c.failed(c.gone())
	}
	last.discard(nil)
	return c.failed(c.gone())
}

// ended tells the observer that the call is over, with the end of its body.
func (c *call) ended(f *fault.Error, status int, content time.Duration) {
	e := Event{
		Type: CallEnded, Attempt: c.report.Attempts, Kind: c.report.Kind, Status: status, Fault: f, Refused: c.report.Refused,
		NoDone: c.report.NoDone, Content: content, Duration: time.Since(c.start),
		Retries: c.report.Retries, Fallbacks: c.report.Fallbacks,
	}
	first := &c.only
	if c.legs != nil {
		first = &c.legs[0]
	}
	if first.circuit != nil {
		e.Asked = first.circuit.Name()
	}
	if c.body != nil { // nil: it could not be read
		e.Model, e.Stream = c.body.fields.model, c.body.fields.stream
	}
	if e.Refused {
		e.RequestTokens = max(int64(len(c.body.held))/4, 1)
	}
	c.observe(e)
}

// observe tells the observer, whose panics stay its own, of an event where the call is,
// unless it says where.
func (c *call) observe(e Event) {
	if c.live.cfg.Observe == nil {
		return
	}
	defer func() { _ = recover() }()
	e.Call = c.number
	if e.Circuit == "" {
		e.Circuit, e.Target = c.report.Circuit, c.report.Target
	}
	c.live.cfg.Observe(c.req.Context(), e)
}
