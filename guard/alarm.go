package guard

import (
	"context"
	"time"

	"github.com/recloser/recloser/fault"
)

// alarms are the deadlines of one attempt: each cancels it with a cause that
// names the deadline.
type alarms struct {
	cancel   context.CancelCauseFunc
	timeouts *Timeouts
	headers  *time.Timer
	content  *time.Timer
	idle     *time.Timer
}

func (a *alarms) after(d time.Duration, code string) *time.Timer {
	if d <= 0 {
		return nil
	}
	return time.AfterFunc(d, func() { a.cancel(fault.Named(code, context.DeadlineExceeded)) })
}

func stop(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}

func (a *alarms) awaitHeaders() { a.headers = a.after(a.timeouts.Headers, fault.CodeHeadersTimeout) }

func (a *alarms) headersCame() { stop(a.headers) }

// awaitContent starts the time to the first content of a stream whose attempt
// has been out for so long.
func (a *alarms) awaitContent(out time.Duration) {
	if limit := a.timeouts.FirstContent; limit > 0 {
		a.content = a.after(max(limit-out, 1), fault.CodeContentTimeout)
	}
}

func (a *alarms) contentCame() { stop(a.content) }

// awaitMore starts, or starts anew, the time that a body may be silent.
func (a *alarms) awaitMore() {
	if a.idle == nil {
		a.idle = a.after(a.timeouts.Idle, fault.CodeIdleTimeout)
	} else {
		a.idle.Reset(a.timeouts.Idle)
	}
}

func (a *alarms) stop() {
	stop(a.headers)
	stop(a.content)
	stop(a.idle)
}
