package guard

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/retry"
)

// call is one RoundTrip: what the caller asked for, made of attempts.
type call struct {
	g       *Guard
	live    *live
	req     *http.Request
	ctx     context.Context // the caller's, with the total deadline
	cancel  context.CancelFunc
	start   time.Time
	body    *requestBody
	set     *settings
	circuit *breaker.Breaker
	permit  *breaker.Permit // of the whole call, if Count is PerCall
	course  retry.Course
	report  *Report
}

// RoundTrip makes the call req, as http.RoundTripper asks. Its errors are
// *breaker.OpenError where a circuit is open and *fault.Error otherwise.
func (g *Guard) RoundTrip(req *http.Request) (*http.Response, error) {
	c := &call{g: g, live: g.live.Load(), req: req, start: time.Now(), report: reportOf(req.Context())}
	if f := c.prepare(); f != nil {
		return nil, c.failed(f)
	}
	return c.run()
}

// prepare reads the request as far as it is needed: its body, its settings and
// its circuit.
func (c *call) prepare() *fault.Error {
	c.ctx, c.cancel = c.req.Context(), func() {}
	upstream := c.live.cfg.Upstream(c.req.URL)
	var f *fault.Error
	if c.body, f = holdBody(c.req, c.live.cfg.MaxHeldBody); f != nil {
		return f
	}
	c.set = c.live.rules.of(upstream, c.req.URL.Path, c.body.fields.model)
	if total := c.set.timeouts.Total; total > 0 {
		deadline := c.start.Add(total)
		c.ctx, c.cancel = context.WithDeadlineCause(c.ctx, deadline, fault.Named(fault.CodeTotalTimeout, context.DeadlineExceeded))
	}
	name, f := c.circuitName()
	if f != nil {
		return f
	}
	c.circuit = c.g.circuits.Child(upstream, name)
	c.report.Circuit, c.report.MaxRetries = c.circuit.Name(), c.set.plan.MaxRetries()
	deadline, _ := c.ctx.Deadline()
	c.course = c.set.plan.Begin(retry.Call{
		Deadline: deadline, Safe: c.safe(), Once: !c.body.replayable() || once(c.ctx), Seed: rand.Uint64(),
	})
	return nil
}

func (c *call) safe() bool {
	if c.set.safe != nil {
		return *c.set.safe
	}
	return c.live.cfg.Safe(c.req)
}

// run makes attempts until the course of the call stops. The answer of the
// last attempt is kept until the next one has been let through.
func (c *call) run() (*http.Response, error) {
	var last *attempt
	for {
		a, refusal := c.begin()
		if refusal != nil {
			if last != nil {
				return last.pass()
			}
			return nil, c.refused(refusal)
		}
		if last != nil {
			last.discard()
		}
		a.send()
		step := c.course.Ended(time.Now(), a.ending(), c)
		if !step.Again {
			return a.pass()
		}
		c.observe(Event{Type: Retrying, Attempt: a.number, Kind: a.fault.Kind, Status: a.fault.Status, Fault: a.fault, Wait: step.Wait})
		if !c.wait(step.Wait) {
			return nil, c.left(a)
		}
		last = a
	}
}

// begin asks for a permit and starts an attempt.
func (c *call) begin() (*attempt, error) {
	permit := c.permit
	if permit == nil {
		p, err := c.circuit.Allow()
		if err != nil {
			return nil, err
		}
		permit = &p
		if c.live.cfg.Count == PerCall {
			c.permit = permit
		}
	}
	c.report.Attempts++
	return newAttempt(c, permit), nil
}

// ReadyIn tells the course whether a retry would be let through: not as a probe,
// and not at all while a circuit is open. A call counted as one has its permit.
func (c *call) ReadyIn(int) time.Duration {
	if c.permit != nil || c.circuit.Ready() {
		return 0
	}
	return -1
}

// Spend lets every retry be made.
func (c *call) Spend(int) bool { return true }

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

// refused ends a call that got no permit.
func (c *call) refused(refusal error) error {
	c.body.close()
	c.report.Refused = true
	c.cancel()
	c.ended(nil, 0, 0)
	return refusal
}

// failed ends a call that is not with an attempt.
func (c *call) failed(f *fault.Error) error {
	c.report.Kind, c.report.Fault = f.Kind, f
	c.cancel()
	c.ended(f, 0, 0)
	return f
}

// left ends a call whose caller went away while it waited to try again.
func (c *call) left(a *attempt) error {
	f := a.name(c.ctx.Err())
	a.discard()
	if c.permit != nil {
		c.permit.RecordResult(a.result())
	}
	return c.failed(f)
}

// ended tells the observer that the call is over, with the end of its body.
func (c *call) ended(f *fault.Error, status int, content time.Duration) {
	e := Event{
		Type: CallEnded, Attempt: c.report.Attempts, Kind: c.report.Kind, Status: status, Fault: f, Refused: c.report.Refused,
		NoDone: c.report.NoDone, Content: content, Duration: time.Since(c.start),
	}
	c.observe(e)
}

func (c *call) observe(e Event) {
	e.Circuit = c.report.Circuit
	c.live.observe(c.req.Context(), e)
}
