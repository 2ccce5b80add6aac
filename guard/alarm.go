package guard

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/recloser/recloser/fault"
)

// phase is what an attempt waits for.
type phase uint32

const (
	headers phase = iota
	firstContent
	more
)

func (p phase) code() string {
	switch p {
	case headers:
		return fault.CodeHeadersTimeout
	case firstContent:
		return fault.CodeContentTimeout
	default:
		return fault.CodeIdleTimeout
	}
}

// alarm is the deadline of what an attempt waits for at the moment: it cancels
// the attempt with a cause that names the phase. It is set only while the
// service is waited for, not while the caller takes its time to read.
type alarm struct {
	timer *time.Timer
	phase atomic.Uint32
}

const never = time.Duration(1<<63 - 1)

func newAlarm(cancel context.CancelCauseFunc) *alarm {
	a := &alarm{}
	a.timer = time.AfterFunc(never, func() {
		cancel(fault.Named(phase(a.phase.Load()).code(), context.DeadlineExceeded))
	})
	return a
}

// set starts the wait for p; no limit means none.
func (a *alarm) set(p phase, limit time.Duration) {
	if limit > 0 {
		a.phase.Store(uint32(p))
		a.timer.Reset(limit)
	}
}

func (a *alarm) unset() { a.timer.Stop() }
