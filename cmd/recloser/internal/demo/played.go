package demo

import (
	"net/http"
	"slices"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/openaitest"
	"github.com/recloser/recloser/replay"
)

// near is from how many attempts the state of the service is taken at least: the
// nearest in time, as package replay does it, but fewer, so that what changes is seen
// to. All of a second before and after it are taken in any case.
const near = 4

// around are the rows nearest to an instant.
func (in *incident) around(at time.Duration) []row {
	second := time.Duration(in.speed * float64(time.Second))
	low, high := in.firstFrom(at-second), in.firstFrom(at+second)
	for high-low < min(near, len(in.rows)) {
		switch {
		case low == 0:
			high++
		case high == len(in.rows) || at-in.rows[low-1].at < in.rows[high].at-at:
			low--
		default:
			high++
		}
	}
	return in.rows[low:high]
}

// firstFrom is the number of the first row at an instant or later.
func (in *incident) firstFrom(at time.Duration) int {
	i, _ := slices.BinarySearchFunc(in.rows, at, func(r row, at time.Duration) int {
		if r.at < at {
			return -1
		}
		return 1
	})
	return i
}

// Choose lets an attempt end like one of those that were made around then.
func (in *incident) Choose(a openaitest.Attempt) openaitest.Fault {
	rows := in.around(in.at(a.Elapsed))
	r := &rows[min(int(a.Luck()*float64(len(rows))), len(rows)-1)]
	return in.faultOf(&r.answer)
}

// Name is "recording". Counts has the names of what was chosen instead.
func (*incident) Name() string { return "recording" }

// Serve is for where nobody asks what to choose.
func (in *incident) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	in.Choose(openaitest.AttemptOf(r)).Serve(w, r, next)
}

// longestAnswer is the most that an answer takes, so that users see it.
const longestAnswer = 5 * time.Second

// faultOf is what the stand-in does for a recorded answer. Times are as much shorter
// as all of it is faster.
func (in *incident) faultOf(r *replay.Answer) openaitest.Fault {
	shorter := func(d time.Duration) time.Duration {
		return min(max(time.Duration(float64(d)/in.speed), time.Millisecond), longestAnswer)
	}
	slow := openaitest.Slow{Headers: shorter(r.Took)}
	switch {
	case r.Class == breaker.Answer || r.Class == breaker.Nothing:
		return answered{slow}
	case r.Class == breaker.Quota:
		return openaitest.All{slow, openaitest.RateLimited{RetryAfter: shorter(r.RetryAfter), Millis: true, Bare: r.RetryAfter == 0}}
	case r.Class == breaker.Hang:
		return openaitest.Hang{Limit: shorter(r.Took)}
	case r.Status == 0:
		return openaitest.All{slow, openaitest.Reset{}}
	}
	return openaitest.All{slow, openaitest.Down{Status: r.Status}}
}

// answered is a good answer that takes its time.
type answered struct{ openaitest.Slow }

// Name is that of the healthy service: it is no fault.
func (answered) Name() string { return openaitest.Healthy{}.Name() }
