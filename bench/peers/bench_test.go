package peers

import (
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
)

// batch is how many calls a goroutine makes before it looks whether there are
// more to make, so that this costs next to nothing.
const batch = 256

// BenchmarkPeerClosed is a call that succeeds, of a healthy circuit.
func BenchmarkPeerClosed(b *testing.B) {
	each(b, func(s subject) func(*testing.B) {
		return func(b *testing.B) { calls(b, s.closed(b), noneFail, noneRefused) }
	})
}

// BenchmarkPeerFailing is the same with a failure now and then.
func BenchmarkPeerFailing(b *testing.B) {
	each(b, func(s subject) func(*testing.B) {
		if s.floor || s.brittle {
			return nil
		}
		return func(b *testing.B) { calls(b, s.closed(b), someFail, noneRefused) }
	})
}

// BenchmarkPeerOpen is a refusal of an open circuit.
func BenchmarkPeerOpen(b *testing.B) {
	each(b, func(s subject) func(*testing.B) {
		if s.floor {
			return nil
		}
		return func(b *testing.B) {
			l := s.closed(b)
			l.trip(b)
			calls(b, l, allFail, almostAllRefused)
		}
	})
}

// BenchmarkPeerProbing is a refusal of a half-open circuit whose probe is out.
func BenchmarkPeerProbing(b *testing.B) {
	each(b, func(s subject) func(*testing.B) {
		if s.probed == nil {
			return nil
		}
		return func(b *testing.B) { calls(b, s.probed(b), allFail, almostAllRefused) }
	})
}

// BenchmarkPeerCycle is all that happens from the failure that opens a circuit
// to the success that closes it. It is one caller's, on one core.
func BenchmarkPeerCycle(b *testing.B) {
	each(b, func(s subject) func(*testing.B) {
		if s.cycling == nil {
			return nil
		}
		return func(b *testing.B) {
			l := s.cycling(b)
			b.ReportAllocs()
			for b.Loop() {
				l.cycle(s.opens)
			}
		}
	})
}

// each runs what bench makes of the subjects in an order that is another one in
// every process, so that nobody always comes after the same.
func each(b *testing.B, bench func(subject) func(*testing.B)) {
	all := subjects()
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, s := range all {
		if run := bench(s); run != nil {
			b.Run("form="+s.form+"/impl="+s.impl, run)
		}
	}
}

// calls measures a call: on one core of one goroutine, on more of one for each.
func calls(b *testing.B, l loop, mask int, right func(refused, n int) bool) {
	b.ReportAllocs()
	l(0, batch, mask) // the first calls set things up
	var refused atomic.Int64
	b.ResetTimer()
	if runtime.GOMAXPROCS(0) == 1 {
		for done := 0; done < b.N; done += batch {
			refused.Add(int64(l(done, min(batch, b.N-done), mask)))
		}
	} else {
		b.RunParallel(func(pb *testing.PB) {
			for done := 0; ; {
				n := 0
				for n < batch && pb.Next() {
					n++
				}
				if n == 0 {
					return
				}
				refused.Add(int64(l(done, n, mask)))
				done += n
			}
		})
	}
	b.StopTimer()
	if !right(int(refused.Load()), b.N) {
		b.Errorf("%d of %d calls refused", refused.Load(), b.N)
	}
}
