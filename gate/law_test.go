package gate

import (
	"math"
	"testing"
	"time"
)

// The law of a rate limit as rows of (instant, action, expected rate), with 10
// calls a second asked for and answered all the time, so that every number can
// be had by hand.
func TestRateFollowsTheLaw(t *testing.T) {
	type row struct {
		at   float64
		do   string // "429", "429 for 5 s" or "look"
		rate float64
	}
	const none, r = 0., 10.
	cut := func(n float64) float64 { return 9 * math.Pow(0.85, n) }
	for name, rows := range map[string][]row{
		"the first 429 only waits": {
			{0, "429", none}, {1, "look", none}, {59.9, "look", none},
		},
		"a second within 60 s starts a limit at 0.9 a": {
			{0, "429", none}, {60, "429", 9},
		},
		"a second after 60 s is a first": {
			{0, "429", none}, {60.001, "429", none}, {61, "429", 9},
		},
		"a further one cuts by 15 %": {
			{0, "429", none}, {1, "429", 9}, {2, "429", cut(1)},
		},
		"at most once a second": {
			{0, "429", none}, {1, "429", 9}, {1.5, "429", 9}, {1.999, "429", 9}, {2, "429", cut(1)}, {2.9, "429", cut(1)}, {3, "429", cut(2)},
		},
		"it grows from 1 s after the last 429, by r·0.02·s a second": {
			{0, "429", none}, {1, "429", 9}, {2, "look", 9}, {3, "look", 9 + r*0.01*(4-1)}, {4, "look", 9 + r*0.01*(9-1)}, {5.9, "look", 9 + r*0.01*(4.9*4.9-1)},
		},
		"however often it is looked at": {
			{0, "429", none}, {1, "429", 9}, {1.3, "look", 9}, {2.2, "look", 9 + r*0.01*(1.44-1)}, {2.7, "look", 9 + r*0.01*(2.89-1)}, {4, "look", 9 + r*0.01*(9-1)},
		},
		"a 429 starts the growth anew, from the cut rate": {
			{0, "429", none}, {1, "429", 9}, {4, "429", 9.8 * 0.85}, {5, "look", 9.8 * 0.85}, {6, "look", 9.8*0.85 + r*0.01*3},
		},
		"it is lifted over 1.3 r": {
			{0, "429", none}, {1, "429", 9}, {2, "429", cut(1)}, {9.3, "look", cut(1) + r*0.01*(7.3*7.3-1)}, {9.5, "look", none},
		},
		"but not before 5 s have passed": {
			{0, "429", none}, {1, "429", 9}, {2, "look at half the demand", 9}, {5.999, "look at half the demand", 9 + 0.5*r*0.01*(4.999*4.999-1)}, {6, "look at half the demand", none},
		},
		"it grows by at most 0.2 r a second": {
			{0, "429", none}, {1, "429", 9}, {2, "429", cut(1)}, {3, "429", cut(2)}, {4, "429", cut(3)}, {5, "429", cut(4)}, {6, "429", cut(5)},
			{7, "429", cut(6)}, {8, "429", cut(7)}, {9, "429", cut(8)}, {19, "look", cut(8) + r*0.99}, {19.2, "look", cut(8) + r*(0.99+0.04)},
		},
		"time with the gate closed does not count": {
			{0, "429", none}, {1, "429 for 5 s", 9}, {6, "look", 9}, {7, "look", 9}, {8, "look", 9 + r*0.01*3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := law{}
			for _, row := range rows {
				now, demand := seconds(row.at), r
				if row.do == "look at half the demand" {
					demand = r / 2
				}
				l.advance(now, demand)
				if l.over(now, demand) {
					l.rate = 0
				}
				switch row.do {
				case "429":
					l.limited(now, now, r, 0, sight{})
				case "429 for 5 s":
					l.limited(now, now+5*second, r, 0, sight{})
				}
				if math.Abs(l.rate-row.rate) > 1e-6 {
					t.Fatalf("%v s, %s: rate is %.6f, want %.6f", row.at, row.do, l.rate, row.rate)
				}
			}
		})
	}
}

func TestLimitIsNeverSlowerThanOneCallInTenSeconds(t *testing.T) {
	l := law{}
	for i := range 100 {
		l.limited(seconds(float64(i)), seconds(float64(i)), 0, 0, sight{})
		if i > 0 && l.rate != 0.1 {
			t.Fatalf("after %d: rate %v", i+1, l.rate)
		}
	}
}

func TestCutNeverRaisesTheRate(t *testing.T) {
	l := law{rate: 0.05, struck: true}
	if l.limited(seconds(2), seconds(2), 10, 0, sight{}); l.rate != 0.05 {
		t.Errorf("rate %v after a 429, was 0.05", l.rate)
	}
}

func TestBucketBeginsEmptyAndHoldsOneSecondOrOneCall(t *testing.T) {
	for _, row := range []struct {
		answers, after float64
		tokens         int
	}{
		{10, 0, 0}, {10, 0.05, 0}, {10, 0.112, 1}, {10, 0.5, 4}, {10, 1, 9}, {10, 3600, 9},
		{0, 9.9, 0}, {0, 10.001, 1}, {0, 3600, 1}, {2, 3600, 1},
	} {
		l := law{}
		l.limited(0, 0, row.answers, 0, sight{})
		l.limited(0, 0, row.answers, 0, sight{})
		l.advance(seconds(row.after), 0)
		n := 0
		for l.take() {
			n++
		}
		if n != row.tokens {
			t.Errorf("%v answers a second, after %v s: %d calls, want %d", row.answers, row.after, n, row.tokens)
		}
	}
}

// Where due says that a token is there, it is, and was not just before.
func TestDueIsWhenTheTokenIsThere(t *testing.T) {
	for _, answers := range []float64{0, 0.3, 1, 5, 50} {
		for _, demand := range []float64{0, 0.5, 10, 1000} {
			for _, from := range []float64{0, 0.7, 3, 30} {
				for _, n := range []int{1, 2, 5, 100} {
					l := law{}
					l.limited(0, 0, answers, 0, sight{})
					l.limited(0, seconds(from), answers, 0, sight{})
					due := l.due(n, seconds(from), demand)
					// The bucket may be full before, so take what there is as it comes.
					for _, off := range []time.Duration{-time.Millisecond, time.Millisecond} {
						got := tokensUntil(l, seconds(from), due+instant(off), demand, n)
						if want := off > 0 || due == seconds(from); got != want {
							t.Errorf("%v answers, %v asked, from %v: token %d at %v%+v: %v", answers, demand, from, n, due.seconds(), off, got)
						}
					}
				}
			}
		}
	}
}

// tokensUntil reports whether the n-th token is there at until.
func tokensUntil(l law, from, until instant, demand float64, n int) bool {
	l.advance(from, demand)
	for ; n > 1 && l.take(); n-- {
	}
	for ; n > 1; n-- {
		next := l.due(1, l.upTo, demand)
		if next > until {
			return false
		}
		l.advance(next, demand)
		l.take()
	}
	l.advance(until, demand)
	return l.take()
}

func seconds(s float64) instant { return instant(math.Round(s * 1e9)) }

func TestMeterIsAMeanOverTwentySeconds(t *testing.T) {
	var m meter
	for i := range 1000 {
		m.add(seconds(float64(i)/5), 1)
	}
	if got := m.see(seconds(200)); math.Abs(got-5) > 0.1 {
		t.Errorf("5 a second: %v", got)
	}
	if got := m.see(seconds(220)); math.Abs(got-5/math.E) > 0.1 {
		t.Errorf("20 s later: %v, want %v", got, 5/math.E)
	}
	young := meter{}
	for i := range 25 {
		young.add(seconds(float64(i)/5), 1)
	}
	if got := young.see(seconds(5)); math.Abs(got-5) > 0.5 {
		t.Errorf("5 a second for 5 s: %v", got)
	}
	before := m.see(seconds(220))
	m.add(seconds(200), 1)
	if got := m.see(seconds(220)) - before; math.Abs(got-1./memory/math.E) > 0.01 {
		t.Errorf("one that comes late counts %v", got)
	}
}
