package replay

import (
	"testing"
	"time"
)

// steady is a world of requests at even distances, so that the engine is measured
// and not the making of worlds.
type steady struct {
	left int
	n    uint64
	gap  time.Duration
}

func (w *steady) Next() (Request, bool) {
	if w.left == 0 {
		return Request{}, false
	}
	w.left--
	w.n++
	return Request{At: time.Duration(w.n) * w.gap, ID: w.n, Model: int(w.n % 4)}, true
}

func (w *steady) Send(a *Attempt) Answer {
	if a.ID%512 == 0 {
		return Answer{Class: 2, Status: 503, Took: 300 * time.Millisecond}
	}
	return Answer{Class: 1, Status: 200, Took: time.Second + time.Duration(a.ID%1024)*time.Millisecond}
}

func (w *steady) Chance(*Attempt) Chance { return Chance{Answered: 1} }

func (w *steady) Would(*Attempt) Chance { return Chance{Answered: 1} }

func benchmark(b *testing.B, p Policy) {
	stage := Stage{
		World: func() World { return &steady{left: b.N, gap: 5 * time.Millisecond} }, Replicas: 1,
		Models: []string{"a", "b", "c", "d"}, Client: SpecClient(),
	}
	b.ReportAllocs()
	b.ResetTimer()
	s, err := Run(stage, p)
	if err != nil || s.Requests != b.N {
		b.Fatal(s, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkReplayClassic(b *testing.B) { benchmark(b, Circuits{}.Policy("classic", "")) }

func BenchmarkReplayClassicGate(b *testing.B) {
	benchmark(b, Circuits{Gates: true}.Policy("classic", ""))
}

func BenchmarkReplayNone(b *testing.B) { benchmark(b, Policy{New: Peers(false)[14].New}) }
