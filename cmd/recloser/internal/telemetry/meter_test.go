package telemetry

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// ended are the events of a call that succeeded at its first attempt.
func ended(circuit string) (attempt, call guard.Event) {
	attempt = guard.Event{
		Type: guard.AttemptEnded, Circuit: circuit, Attempt: 1, Duration: 300 * time.Millisecond, Content: 100 * time.Millisecond,
		InputTokens: 20, OutputTokens: 5,
	}
	call = guard.Event{Type: guard.CallEnded, Circuit: circuit, Asked: circuit, Attempt: 1, Duration: 310 * time.Millisecond}
	return attempt, call
}

// kinds are counts as text: "success 2, service 1".
func kinds(k report.Kinds) string {
	var parts []string
	for kind, n := range k {
		if n > 0 {
			parts = append(parts, fmt.Sprint(fault.Kind(kind), " ", n)) //nolint:gosec // a handful
		}
	}
	return strings.Join(parts, ", ")
}

func each(m *Meter) map[string]string {
	all := make(map[string]string)
	m.Each(func(circuit string, attempts, calls report.Kinds, refused int64) {
		all[circuit] = fmt.Sprintf("attempts %s; calls %s; refused %d", kinds(attempts), kinds(calls), refused)
	})
	return all
}

func TestEachTellsWhatCameOfCalls(t *testing.T) {
	m := NewMeter(MeterConfig{})
	for _, e := range []guard.Event{
		{Type: guard.AttemptEnded, Circuit: "api/a", Kind: fault.Service},
		{Type: guard.Retrying, Circuit: "api/a", Kind: fault.Service},
		{Type: guard.AttemptEnded, Circuit: "api/a", Kind: fault.Timeout, Retries: 1},
		{Type: guard.FallingBack, Circuit: "api/a"},
		{Type: guard.AttemptEnded, Circuit: "api/b", Fallbacks: 1},
		{Type: guard.CallEnded, Circuit: "api/b", Asked: "api/a", Retries: 1, Fallbacks: 1},
		{Type: guard.Gated, Circuit: "api/a", Kind: fault.RateLimit},
		{Type: guard.CallEnded, Circuit: "api/a", Asked: "api/a", Kind: fault.RateLimit, Refused: true, RequestTokens: 7},
		{Type: guard.CallEnded, Kind: fault.Caller}, // got to no circuit
	} {
		m.Observe(t.Context(), e)
	}
	m.Transition(breaker.Transition{Name: "api", From: breaker.Closed, To: breaker.Open})
	want := map[string]string{
		"api/a": "attempts service 1, timeout 1; calls success 1; refused 1",
		"api/b": "attempts success 1; calls ; refused 0",
	}
	if got := each(m); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// Nothing is lost, and nothing counted twice, however many come at once.
func TestCountsAreExact(t *testing.T) {
	m := NewMeter(MeterConfig{})
	const goroutines, rounds = 8, 500
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range rounds {
				attempt, call := ended(fmt.Sprintf("api/m%d", i%7))
				attempt.Kind = fault.Kind(i % len(report.Kinds{})) //nolint:gosec // a handful
				call.Refused = g == 0
				m.Observe(t.Context(), attempt)
				m.Observe(t.Context(), call)
				m.Each(func(string, report.Kinds, report.Kinds, int64) {})
			}
		})
	}
	wg.Wait()
	var attempts, successes, calls, refused int64
	m.Each(func(_ string, a, c report.Kinds, r int64) {
		for _, n := range a {
			attempts += n
		}
		successes += a[fault.Success]
		calls += c[fault.Success]
		refused += r
	})
	if attempts != goroutines*rounds || calls != (goroutines-1)*rounds || refused != rounds {
		t.Errorf("%d attempts, %d calls, %d refused", attempts, calls, refused)
	}
	var counted uint64
	for _, f := range gather(t, rigOf(t, m)) {
		if f.GetName() == attemptTime {
			for _, one := range f.GetMetric() {
				counted += one.GetHistogram().GetSampleCount()
			}
		}
	}
	if counted != uint64(successes) { //nolint:gosec // counts
		t.Errorf("the histogram has %d attempts, not %d", counted, successes)
	}
}

func TestCircuitsAreBounded(t *testing.T) {
	m := NewMeter(MeterConfig{MaxCircuits: 100})
	for i := range 10_000 {
		attempt, call := ended(fmt.Sprintf("api/invented-%d", i))
		m.Observe(t.Context(), attempt)
		m.Observe(t.Context(), call)
	}
	all := each(m)
	if len(all) != 101 || all[Overflow] != "attempts success 9900; calls success 9900; refused 0" {
		t.Errorf("%d circuits, %q", len(all), all[Overflow])
	}
}

// A name that is no text shares its cell with the text that it becomes.
func TestNamesThatBecomeTheSame(t *testing.T) {
	m := NewMeter(MeterConfig{})
	for _, name := range []string{"api/\xff", "api/\xfe", "api/\uFFFD"} {
		attempt, _ := ended(name)
		m.Observe(t.Context(), attempt)
	}
	if all := each(m); len(all) != 1 || !strings.HasPrefix(all["api/\uFFFD"], "attempts success 3;") {
		t.Errorf("%q", all)
	}
	gather(t, rigOf(t, m))
}

func TestSplit(t *testing.T) {
	for circuit, want := range map[string][2]string{
		"api.openai.com/gpt-5":      {"api.openai.com", "gpt-5"},
		"api.openai.com/org/model":  {"api.openai.com", "org/model"},
		"api.openai.com":            {"api.openai.com", ""},
		"api.openai.com/":           {"api.openai.com/", ""}, // and not the same as the one before
		"127.0.0.1:8486/no-model":   {"127.0.0.1:8486", "no-model"},
		"":                          {"", ""},
		breaker.OverflowName + "/x": {"other", "x"},
	} {
		if upstream, model := split(circuit); want != [2]string{upstream, model} {
			t.Errorf("%q: %q, %q", circuit, upstream, model)
		}
	}
}

func TestObservingDoesNotAllocate(t *testing.T) {
	for name, c := range map[string]MeterConfig{
		"classic": {}, "native": {NativeHistograms: true}, "no trace": {TraceID: func(context.Context) string { return "" }},
	} {
		m := NewMeter(c)
		attempt, call := ended("api/gpt-5")
		ctx := t.Context()
		if n := testing.AllocsPerRun(1000, func() {
			m.Observe(ctx, attempt)
			m.Observe(ctx, call)
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// BenchmarkObserve is what a call adds: an attempt and its end.
func BenchmarkObserve(b *testing.B) {
	for _, impl := range []struct {
		name string
		MeterConfig
	}{{"classic", MeterConfig{}}, {"native", MeterConfig{NativeHistograms: true}}} {
		b.Run("impl="+impl.name, func(b *testing.B) {
			b.ReportAllocs()
			m := NewMeter(impl.MeterConfig)
			attempt, call := ended("api/gpt-5")
			b.SetParallelism(max(1, 8/runtime.GOMAXPROCS(0)))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					m.Observe(b.Context(), attempt)
					m.Observe(b.Context(), call)
				}
			})
		})
	}
}
