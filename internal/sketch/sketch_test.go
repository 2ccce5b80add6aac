package sketch_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/recloser/recloser/internal/sketch"
)

func TestQuantilesAreWithinTheError(t *testing.T) {
	luck := rand.New(rand.NewPCG(1, 2))
	shapes := map[string]func() time.Duration{
		"uniform":   func() time.Duration { return time.Duration(luck.Int64N(int64(time.Minute))) },
		"lognormal": func() time.Duration { return time.Duration(math.Exp(luck.NormFloat64()*2 + 18)) },
		"tiny":      func() time.Duration { return time.Duration(luck.Int64N(100)) },
		"huge":      func() time.Duration { return time.Duration(math.MaxInt64 - luck.Int64N(1<<40)) },
	}
	for name, draw := range shapes {
		var whole sketch.Sketch
		var exact []time.Duration
		for range 300 { // parts, merged
			var part sketch.Sketch
			for range 100 {
				d := draw()
				part.Add(d)
				exact = append(exact, d)
			}
			whole.Merge(&part)
		}
		slices.Sort(exact)
		if whole.Count() != int64(len(exact)) {
			t.Fatalf("%s: %d counted", name, whole.Count())
		}
		for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 0.999, 1} {
			want := exact[max(int(math.Ceil(q*float64(len(exact)))), 1)-1]
			got := whole.Quantile(q)
			if diff := math.Abs(float64(got - want)); diff > sketch.RelativeError*float64(want)+0.5 {
				t.Errorf("%s: p%v is %v, want %v within %v", name, 100*q, got, want, sketch.RelativeError)
			}
		}
	}
}

func TestOddDurations(t *testing.T) {
	var s sketch.Sketch
	if s.Quantile(0.5) != 0 || s.Count() != 0 {
		t.Error("an empty sketch has a quantile")
	}
	for _, d := range []time.Duration{-time.Hour, 0, math.MaxInt64, 1} {
		s.Add(d)
	}
	if s.Count() != 4 || s.Quantile(0) != 0 || s.Quantile(1) < math.MaxInt64/100*98 || s.Quantile(2) != s.Quantile(1) {
		t.Errorf("%v to %v of %d", s.Quantile(0), s.Quantile(1), s.Count())
	}
	s.Reset()
	if s.Count() != 0 || s.Quantile(1) != 0 {
		t.Error("not empty after Reset")
	}
	s.Add(time.Second)
	if got := s.Quantile(1); got < 980*time.Millisecond || got > 1020*time.Millisecond {
		t.Errorf("after Reset %v", got)
	}
}

func TestBinary(t *testing.T) {
	luck := rand.New(rand.NewPCG(3, 4))
	for n := range 200 {
		var s, back sketch.Sketch
		for range n {
			s.Add(time.Duration(math.Exp(luck.NormFloat64()*4 + 18)))
		}
		text, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := back.UnmarshalBinary(text); err != nil || back.Count() != s.Count() {
			t.Fatalf("%v, %d of %d", err, back.Count(), s.Count())
		}
		again, _ := back.MarshalBinary()
		if !bytes.Equal(again, text) {
			t.Fatal("another text")
		}
		for _, q := range []float64{0.1, 0.5, 0.99} {
			if back.Quantile(q) != s.Quantile(q) {
				t.Fatal("another quantile")
			}
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{3, 1, 0, 4, 2})
	f.Add([]byte{0x80})
	f.Add([]byte{3, 0, 0})
	f.Fuzz(func(t *testing.T, text []byte) {
		var s sketch.Sketch
		if s.UnmarshalBinary(text) != nil && s.Count() != 0 {
			t.Error("an error and something in it")
		}
		_ = s.Quantile(0.5)
		out, _ := s.MarshalBinary()
		var again sketch.Sketch
		if err := again.UnmarshalBinary(out); err != nil || again.Count() != s.Count() {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	var s sketch.Sketch
	for i := range b.N {
		s.Add(time.Duration(i%1000) * time.Millisecond)
	}
}
