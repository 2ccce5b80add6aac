package bench

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// rounds is in how many slices each proxy has its time; even, so that each
// begins as often as the other.
const rounds = 8

// side is one of the proxies, under load.
type side struct {
	impl    string
	process *process
	client  *client
}

// sum is what a side did.
type sum struct {
	requests int
	elapsed  time.Duration
	cpu      time.Duration // of the proxy's process; 0: not known
}

func (s sum) rate() float64 { return float64(s.requests) / s.elapsed.Seconds() }

func (s sum) cpuEach() float64 { return float64(s.cpu.Nanoseconds()) / 1000 / float64(s.requests) }

// takeTurns loads both sides for the given time each, in turns: A B, B A, A B...
func takeTurns(sides [2]side, total time.Duration) ([2]sum, error) {
	var sums [2]sum
	for round := range rounds {
		for i := range sides {
			n := (round + i) % len(sides)
			if err := sides[n].slice(total/rounds, &sums[n]); err != nil {
				return sums, fmt.Errorf("%s: %w", sides[n].impl, err)
			}
		}
	}
	return sums, nil
}

func (s *side) slice(d time.Duration, into *sum) error {
	before, err := cpuTime(s.process.pid)
	start := time.Now()
	n, failed := s.client.run(d)
	into.elapsed += time.Since(start)
	into.requests += n
	after, errAfter := cpuTime(s.process.pid)
	if err = errors.Join(err, errAfter); err == nil {
		into.cpu += after - before
	} else if !errors.Is(err, errors.ErrUnsupported) {
		return errors.Join(failed, err)
	}
	return failed
}

// comparison makes the measurements that two sub-benchmarks report, one for
// each side: the one that comes first measures both, the other one finds the
// figures of the same minute.
type comparison struct {
	sides [2]side
	total time.Duration // for each side
	done  [][2]sum
}

// bench is the sub-benchmark of side n.
func (c *comparison) bench(n int) func(*testing.B) {
	taken := 0
	var current *testing.B
	return func(b *testing.B) {
		if b != current { // the next of -count; else the framework tries a larger b.N
			current = b
			taken++
		}
		if taken > len(c.done) {
			sums, err := takeTurns(c.sides, c.total)
			if err != nil {
				b.Fatal(err)
			}
			c.done = append(c.done, sums)
		}
		report(b, c.done[taken-1], n, c.sides[0].impl)
	}
}

// report gives the figures of side n, and, of the second, how they compare to those
// of the first, called base.
func report(b *testing.B, sums [2]sum, n int, base string) {
	own := sums[n]
	b.N = own.requests //nolint:staticcheck // that many there were; nothing is timed by b
	b.ReportMetric(float64(own.elapsed.Nanoseconds())/float64(own.requests), "ns/op")
	b.ReportMetric(own.rate(), "req/s")
	if own.cpu > 0 {
		b.ReportMetric(own.cpuEach(), "cpu-µs/req")
	}
	if n == 1 {
		b.ReportMetric(own.rate()/sums[0].rate(), "×"+base+"-req/s")
		if own.cpu > 0 {
			b.ReportMetric(own.cpuEach()/sums[0].cpuEach(), "×"+base+"-cpu")
		}
	}
}
