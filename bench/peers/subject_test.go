package peers

import (
	"errors"
	"testing"
	"time"
)

// The policy: see the package comment.
const (
	consecutive = 5
	rate        = 0.5
	window      = 10 * time.Second
	minCalls    = 20
	openPeriod  = 30 * time.Second
)

// A loop makes n calls, one after the other, and returns how many of them were
// refused. Those whose number, counted from first, has all bits of mask set
// fail. It is a loop and not a call so that every implementation is called
// directly, as in a program.
type loop func(first, n, mask int) (refused int)

// Masks of a loop.
const (
	allFail  = 0
	someFail = 127 // one in 128
	noneFail = -1
)

// subject is one form of one implementation. Each function makes a new breaker
// and returns its loop.
type subject struct {
	impl, form string

	closed func(tb testing.TB) loop

	// cycling is a breaker whose open period is over when the next call comes,
	// and opens is how many failures open it.
	cycling func(tb testing.TB) loop
	opens   int

	// probed is a breaker whose probe is out.
	probed func(tb testing.TB) loop

	floor   bool // no breaker, refuses nothing
	brittle bool // opens also when few calls fail
}

func subjects() []subject { return append(append(peers(), reclosers()...), floors()...) }

var errFailed = errors.New("the call failed")

func succeed() error { return nil }
func fail() error    { return errFailed }

// trip makes calls fail until they are refused.
func (l loop) trip(tb testing.TB) {
	tb.Helper()
	within(tb, "does not open", func() bool {
		return almostAllRefused(l(0, batch, allFail), batch)
	})
}

// within asks again and again whether something has come to pass.
func within(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(5 * time.Second); !done(); {
		if time.Now().After(deadline) {
			tb.Fatal(what)
		}
	}
}

// noneRefused allows for hystrix-go, whose calls return before their places are
// given back, so that it can run out of places.
func noneRefused(refused, n int) bool { return refused <= n/1000 }

// almostAllRefused allows for those who let a call through now and then to
// learn whether the service is back, and for those who refuse by chance.
func almostAllRefused(refused, n int) bool { return refused >= n-5-n/20 }

// TestSubjects shows that each is what its benchmarks take it for.
func TestSubjects(t *testing.T) {
	for _, s := range subjects() {
		t.Run(s.impl+"/"+s.form, func(t *testing.T) {
			if refused := s.closed(t)(1, 1000, someFail); refused != 0 != s.brittle {
				t.Errorf("%d calls refused with a failure in 128", refused)
			}
			if !s.floor {
				s.closed(t).trip(t)
			}
			if s.probed != nil && s.probed(t)(0, batch, allFail) != batch {
				t.Error("calls are let through beside the probe")
			}
			if s.cycling == nil {
				return
			}
			l := s.cycling(t)
			for range 3 {
				if refused := l(0, s.opens-1, allFail) + l(0, 1, noneFail); refused != 0 {
					t.Errorf("opens before %d failures", s.opens)
				}
				l.cycle(s.opens)
			}
			long := s.closed(t)
			if long(0, s.opens, allFail) != 0 || long(0, 1, noneFail) != 1 {
				t.Errorf("does not open after %d failures", s.opens)
			}
		})
	}
}

// cycle opens a breaker and closes it again.
func (l loop) cycle(opens int) {
	l(0, opens, allFail)
	for l(0, 1, noneFail) != 0 {
	}
}
