//go:build unix

package history

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
)

func openBench(b *testing.B, c Config) *History {
	b.Helper()
	if c.Path == "" {
		c.Path = filepath.Join(b.TempDir(), "recloser.db")
	}
	h, err := Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { h.Close(context.WithoutCancel(b.Context())) })
	return h
}

func circuitNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("openai/gpt-%d-2026-preview", i)
	}
	return names
}

// lognormal is an answer time of some seconds.
func lognormal(luck *rand.Rand) time.Duration {
	return time.Duration(math.Exp(luck.NormFloat64()*0.8+0.5) * float64(time.Second))
}

func BenchmarkAttempt(b *testing.B) {
	for _, record := range []bool{false, true} {
		b.Run(fmt.Sprintf("record=%v", record), func(b *testing.B) {
			h := openBench(b, Config{Record: record})
			names := circuitNames(50)
			now := time.Now()
			var caller atomic.Int64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				i := int(caller.Add(17))
				for pb.Next() {
					i++
					h.Attempt(Attempt{At: now, Circuit: names[i%50], Duration: time.Duration(i%1000+500) * time.Millisecond, Input: 10, Call: uint64(i), Number: 1})
				}
			})
		})
	}
}

// cpu is what this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRecord5000 is what 5,000 calls a second at 50 circuits cost: %core is the
// share of a core that the process used, that of making the calls included, which
// load=none shows alone. Run it with -benchtime 10s or more.
func BenchmarkRecord5000(b *testing.B) {
	const perSecond, circuits = 5000, 50
	names := circuitNames(circuits)
	luck := rand.New(rand.NewPCG(1, 2))
	times := make([]time.Duration, 1<<12)
	for i := range times {
		times[i] = lognormal(luck)
	}
	var snapshots []breaker.Snapshot
	for _, name := range names {
		snapshots = append(snapshots, breaker.Snapshot{Metrics: breaker.Metrics{Name: name, Parent: "openai"}, Times: make([]uint32, 60)})
	}
	for _, mode := range []string{"none", "rollups", "rollups+records"} {
		b.Run("load="+mode, func(b *testing.B) {
			h := openBench(b, Config{Record: mode == "rollups+records"})
			h.SetSnapshots(func() ([]breaker.Snapshot, []gate.Snapshot) {
				for i := range snapshots {
					snapshots[i].TotalCalls += 100
				}
				return snapshots, nil
			})
			b.ResetTimer()
			used, begin, done := cpu(), time.Now(), 0
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for done < b.N {
				<-tick.C
				for due := min(int(time.Since(begin)*perSecond/time.Second), b.N); done < due; done++ {
					if mode == "none" {
						continue
					}
					now := time.Now()
					name := names[done%circuits]
					h.Attempt(Attempt{At: now, Circuit: name, Status: 200, Duration: times[done%len(times)], Content: times[done%len(times)] / 8, Input: 812, Output: 345, Call: uint64(done), Number: 1})
					h.Call(Call{At: now, Circuit: name})
				}
			}
			b.StopTimer()
			share := 100 * float64(cpu()-used) / float64(time.Since(begin))
			b.ReportMetric(share, "%core")
			if s := h.Status(); s.Dropped != (Loss{}) {
				b.Errorf("dropped %+v", s.Dropped)
			}
			b.ReportMetric(float64(h.Status().Size)/1e6, "MB")
		})
	}
}

// past makes 90 days of circuits with 100 calls a minute each, as they would be kept.
func past(now time.Time, names []string, yield func(Item, error) bool) {
	luck := rand.New(rand.NewPCG(3, 4))
	make100 := func(calls int) []report.Cell {
		cells := make([]report.Cell, 100)
		for i := range cells {
			c := &cells[i]
			for range calls {
				d := lognormal(luck)
				c.Latency.Add(d)
				c.Content.Add(d / 8)
			}
			c.Attempts[fault.Success], c.Calls[fault.Success] = int64(calls), int64(calls)
			c.Attempts[fault.Service], c.Retries, c.ByRetry = 3, 3, 3
			c.InputTokens, c.OutputTokens = int64(calls)*800, int64(calls)*300
		}
		return cells
	}
	at := now.Add(-90 * day).Truncate(day)
	for _, part := range []struct {
		level, calls int
		until        time.Time
	}{{2, 6000, now.Add(-7 * day).Truncate(time.Hour)}, {1, 100, now.Add(-6 * time.Hour).Truncate(time.Minute)}, {0, 17, now}} {
		cells := make100(part.calls)
		for ; at.Before(part.until); at = at.Add(onDisk[part.level].span) {
			for _, name := range names {
				c := cells[luck.IntN(len(cells))]
				c.Circuit, c.Start, c.Span = name, at, onDisk[part.level].span
				if !yield(Item{Cell: &c}, nil) {
					return
				}
			}
		}
	}
	for i := range 90 * len(names) * 4 { // a trip a day and circuit, of four events
		e := report.Event{
			At: now.Add(-90 * day).Add(time.Duration(i) * 6 * time.Hour / time.Duration(len(names))), Kind: report.CircuitEvent, Circuit: names[i/4%len(names)],
			Seq: uint64(i), From: "closed", To: "open", Reason: "consecutive failures", Why: "5 failures in a row within 3.2 s",
			Cause: "3 × 503, 2 × timeout", Failures: 5, Down: now, Until: now, Openings: 1,
		}
		if !yield(Item{Event: &e}, nil) {
			return
		}
	}
}

func BenchmarkQueries(b *testing.B) {
	now := time.Date(2026, 3, 4, 15, 4, 5, 0, time.UTC)
	clock := func() time.Time { return now }
	h := openBench(b, Config{Now: clock})
	names := circuitNames(50)
	begin := time.Now()
	done, err := h.Import(b.Context(), func(yield func(Item, error) bool) { past(now, names, yield) })
	if err != nil {
		b.Fatal(err)
	}
	var rows, bytes int64
	h.f.conn.QueryRowContext(b.Context(), "SELECT count(*), sum(length(counts)+length(latency)+length(content)) FROM cells").Scan(&rows, &bytes)
	h.f.conn.ExecContext(b.Context(), "PRAGMA wal_checkpoint(truncate)")
	size := h.f.size()
	b.Logf("%+v in %v, %d rows of %d bytes on average, file %.1f MB: %.0f bytes a row",
		done, time.Since(begin).Round(time.Second), rows, bytes/rows, float64(size)/1e6, float64(size)/float64(rows))
	r, err := Read(b.Context(), h.cfg.Path, clock)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, q := range []struct {
		name string
		ask  func(ctx context.Context) (int, error)
	}{
		{"90d-at-1h-of-one-circuit", func(ctx context.Context) (int, error) {
			return length(r.Cells(ctx, ago(90*day), now, time.Hour, names[7]))
		}},
		{"90d-at-1d-in-total", func(ctx context.Context) (int, error) { return length(r.Total(ctx, ago(90*day), now, day)) }},
		{"90d-at-1h-in-total", func(ctx context.Context) (int, error) { return length(r.Total(ctx, ago(90*day), now, time.Hour)) }},
		{"90d-at-1d-of-each-circuit", func(ctx context.Context) (int, error) { return length(r.Cells(ctx, ago(90*day), now, day, "")) }},
		{"6h-at-1min-of-one-circuit", func(ctx context.Context) (int, error) {
			return length(r.Cells(ctx, ago(6*time.Hour), now, time.Minute, names[7]))
		}},
		{"6h-at-1min-in-total", func(ctx context.Context) (int, error) {
			return length(r.Total(ctx, ago(6*time.Hour), now, time.Minute))
		}},
		{"6h-at-1min-of-each-circuit", func(ctx context.Context) (int, error) {
			return length(r.Cells(ctx, ago(6*time.Hour), now, time.Minute, ""))
		}},
		{"90d-of-events", func(ctx context.Context) (int, error) { return length(r.Events(ctx, ago(90*day), now)) }},
		{"7d-of-events", func(ctx context.Context) (int, error) { return length(r.Events(ctx, ago(7*day), now)) }},
		{"circuits", func(ctx context.Context) (int, error) { return length(r.Circuits(ctx)) }},
		{"bounds", func(ctx context.Context) (int, error) { _, _, err := r.Bounds(ctx); return 0, err }},
	} {
		b.Run(q.name, func(b *testing.B) {
			n, used := 0, cpu()
			for b.Loop() {
				if n, err = q.ask(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu()-used).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(n), "rows")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/op")
			b.ReportMetric(float64(size)/1e6, "file-MB")
		})
	}
}

func length[T any](list []T, err error) (int, error) { return len(list), err }

// The size is what doc.go says.
func TestSizeIsAsStated(t *testing.T) {
	now := time.Date(2026, 3, 4, 15, 4, 5, 0, time.UTC)
	r := newRig(t, Config{Now: func() time.Time { return now }})
	_, err := r.Import(t.Context(), func(yield func(Item, error) bool) { past(now, circuitNames(1), yield) })
	if err != nil {
		t.Fatal(err)
	}
	stated, rows := 0.0, 0
	for lv, want := range [levelCount]struct{ rows, bytes int }{{6 * 360, 105}, {7 * 1440, 325}, {83 * 24, 580}, {90, 1020}} {
		var n int
		var mean float64
		row := r.f.conn.QueryRowContext(t.Context(), "SELECT count(*), avg(length(counts) + length(latency) + length(content)) FROM cells WHERE key >= ? AND key < ?", cellKey(lv, 1, 0), cellKey(lv, 2, 0))
		if err := row.Scan(&n, &mean); err != nil {
			t.Fatal(err)
		}
		if n > want.rows+want.rows/10+2 || mean > 1.1*float64(want.bytes) || mean < 0.9*float64(want.bytes) {
			t.Errorf("%v: %d rows of %.0f bytes, not %+v", onDisk[lv].span, n, mean, want)
		}
		rows += n
		stated += 1.2 * 2 * float64(n) * mean // the circuit, and all circuits
	}
	stated += 90 * 4 * 250
	r.f.conn.ExecContext(t.Context(), "PRAGMA wal_checkpoint(truncate)")
	if size := float64(r.f.size()); size > 1.1*stated || size < 0.7*stated {
		t.Errorf("%.2f MB instead of %.2f, %d rows", size/1e6, stated/1e6, 2*rows)
	}
}
