package replay

import (
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
)

// partTrace has six attempts, two of which are of one call; the rest are alone.
func partTrace(t *testing.T) *Trace {
	t.Helper()
	records := []Record{
		{At: 5 * second, Model: "a", Kind: fault.Success, Status: 200, Latency: second},
		{At: 10 * second, Model: "b", Kind: fault.Service, Status: 503, Latency: Unknown, Call: "x"},
		{At: 11 * second, Model: "b", Kind: fault.Success, Status: 200, Latency: 3 * second, Call: "x"},
		{At: 20 * second, Model: "a", Kind: fault.Service, Status: 500, Latency: 2 * second, Call: "y"},
		{At: 21 * second, Model: "a", Kind: fault.RateLimit, Status: 429, Latency: Unknown, Call: "y"},
		{At: 40 * second, Model: "a", Kind: fault.Success, Status: 200, Latency: second},
	}
	tr, err := ReadTrace(func(yield func(Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}, TraceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestPart(t *testing.T) {
	tr := partTrace(t) // its instants are since the first attempt
	all := tr.Part(0, tr.Facts().Length+1)
	if got, want := all.Facts(), tr.Facts(); got.Records != want.Records || got.Requests != want.Requests || got.Failed != want.Failed || got.Length != want.Length {
		t.Errorf("all of it is %+v, of %+v", got, want)
	}
	for _, tt := range []struct {
		from, to          time.Duration
		records, requests int
		length            time.Duration
	}{
		{0, 6 * second, 2, 2, 5 * second},              // the first half of call x
		{6 * second, 16 * second, 2, 2, 9 * second},    // the second, and one of call y
		{5 * second, 20 * second, 4, 2, 11 * second},   // both calls
		{6 * second, 16*second + 1, 3, 2, 10 * second}, // the second half of x, and y
		{0, 35 * second, 5, 3, 16 * second},            // without the last
		{5 * second, 5*second + 1, 1, 1, 0},            // one
		{-time.Hour, time.Hour, 6, 4, 35 * second},     // all
		{100 * second, 200 * second, 0, 0, 0},          // nothing
		{20 * second, 5 * second, 0, 0, 0},             // the wrong way round
	} {
		p := tr.Part(tt.from, tt.to)
		f := p.Facts()
		if f.Records != tt.records || f.Requests != tt.requests || f.Length != tt.length {
			t.Errorf("[%v, %v): %d records of %d requests in %v; want %d of %d in %v",
				tt.from, tt.to, f.Records, f.Requests, f.Length, tt.records, tt.requests, tt.length)
		}
		s, err := Run(p.Stage(Likely, SpecClient(), 1), Peers(false)[14])
		if err != nil || s.Requests != f.Requests {
			t.Errorf("[%v, %v): played %d requests of %d (%v)", tt.from, tt.to, s.Requests, f.Requests, err)
		}
	}
}

func TestAttemptsAreThoseOnRecord(t *testing.T) {
	tr := partTrace(t)
	n, last := 0, time.Duration(-1)
	for a, r := range tr.Attempts() {
		if n++; a.Begin < last || r.Took <= 0 {
			t.Errorf("attempt %d: %v after %v, took %v", n, a.Begin, last, r.Took)
		}
		if last = a.Begin; n == 5 && (r.Status != 429 || tr.Models()[a.Model] != "a") {
			t.Errorf("the fifth is %+v of %s", r, tr.Models()[a.Model])
		}
	}
	if n != 6 {
		t.Errorf("%d attempts", n)
	}
	for range tr.Attempts() {
		break // may be left early
	}
}

func TestWhatPays(t *testing.T) {
	c := SpecCosts()
	if c.Pays(Chance{Answered: 0.1, Fails: second}) || !c.Pays(Chance{Answered: 0.3, Fails: second}) || c.Pays(Chance{Answered: 0.3, Fails: minute}) {
		t.Error("an attempt pays from 21 % on if failures are quick, from 59 % if they take a minute")
	}
	if got := c.OfAttempt(&Answer{Took: 5 * second}); got != 0.35 {
		t.Errorf("a failure of 5 s costs %v", got)
	}
}
