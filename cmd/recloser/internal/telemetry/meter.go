package telemetry

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// Overflow is the circuit of what came at circuits for which there was no room: the
// guard's own, if it has no room for an upstream either.
const Overflow = breaker.OverflowName + "/" + breaker.OverflowName

// DefaultMaxCircuits is that of a guard, for models and for upstreams, and their
// overflow.
const DefaultMaxCircuits = 2*breaker.DefaultMaxCircuits + 2

// MeterConfig says what a Meter counts. The zero value is usable.
type MeterConfig struct {
	// MaxCircuits bounds how many circuits are told apart; what comes at further ones
	// is counted as Overflow's. 0: DefaultMaxCircuits.
	MaxCircuits int
	// NativeHistograms keeps native histograms beside those with fixed buckets.
	NativeHistograms bool
	// TraceID returns the trace that a request belongs to, which durations then carry
	// as an exemplar; empty: none. Nil: there are no traces.
	TraceID func(context.Context) string
}

// Meter counts what happens to calls, exactly, as an observer of a guard. Make it
// with NewMeter. Its methods are safe for concurrent use. Those that observe neither
// block nor allocate, but for a circuit that is new, and for the exemplar of a trace.
type Meter struct {
	max   int
	trace func(context.Context) string

	circuits atomic.Pointer[circuits] // replaced, never changed
	mu       sync.Mutex               // of those who replace it

	callTime, attemptTime, firstContent *prometheus.HistogramVec
}

// circuits are those that are known.
type circuits struct {
	byName map[string]*cell // a cell can have several names
	cells  []*cell
}

// cell is what is counted for one circuit.
type cell struct {
	name            string
	upstream, model string

	attempts, calls      [len(report.Kinds{})]atomic.Int64
	refused              atomic.Int64
	retries, fallbacks   atomic.Int64
	byRetry, byFallback  atomic.Int64
	input, output, saved atomic.Int64
	transitions          [len(states)][len(states)]atomic.Int64 // from, to

	times atomic.Pointer[times] // nil: nothing has ended here yet
}

// times are a circuit's histograms.
type times struct{ call, attempt, firstContent prometheus.Observer }

// states are those of a circuit.
var states = [...]breaker.State{breaker.Closed, breaker.Open, breaker.HalfOpen}

// NewMeter returns one that has counted nothing.
func NewMeter(c MeterConfig) *Meter {
	m := &Meter{
		max: cmp.Or(c.MaxCircuits, DefaultMaxCircuits), trace: c.TraceID,
		callTime: newHistogram(callTime, c.NativeHistograms), attemptTime: newHistogram(attemptTime, c.NativeHistograms),
		firstContent: newHistogram(firstContent, c.NativeHistograms),
	}
	m.circuits.Store(&circuits{byName: make(map[string]*cell)})
	return m
}

// Observe is a guard.Config.Observe.
func (m *Meter) Observe(ctx context.Context, e guard.Event) {
	switch e.Type {
	case guard.AttemptEnded:
		m.attempt(ctx, &e)
	case guard.CallEnded:
		m.call(ctx, &e)
	case guard.AttemptBegun, guard.Retrying, guard.FallingBack, guard.Gated:
	}
}

// Transition is a breaker.Config.OnTransition.
func (m *Meter) Transition(tr breaker.Transition) {
	if tr.From != tr.To && int(tr.From) < len(states) && int(tr.To) < len(states) {
		m.of(tr.Name).transitions[tr.From][tr.To].Add(1)
	}
}

// Each calls f with what was counted for each circuit since the start: attempts where
// they were made, calls that were let through at the circuit of their first target, by
// what came of them, and calls refused. Calls that never got as far as to a circuit
// are left out.
func (m *Meter) Each(f func(circuit string, attempts, calls report.Kinds, refused int64)) {
	for _, c := range m.circuits.Load().cells {
		if c.name == "" || c.times.Load() == nil {
			continue
		}
		var attempts, calls report.Kinds
		for k := range attempts {
			attempts[k], calls[k] = c.attempts[k].Load(), c.calls[k].Load()
		}
		f(c.name, attempts, calls, c.refused.Load())
	}
}

func (m *Meter) attempt(ctx context.Context, e *guard.Event) {
	c := m.of(e.Circuit)
	t := c.histograms(m)
	kind := known(e.Kind)
	c.attempts[kind].Add(1)
	if e.Retries > 0 {
		c.retries.Add(1)
	}
	if e.Fallbacks > 0 {
		c.fallbacks.Add(1)
	}
	add(&c.input, e.InputTokens)
	add(&c.output, e.OutputTokens)
	if kind != fault.Success {
		return
	}
	trace := m.traceOf(ctx)
	observe(t.attempt, e.Duration, trace)
	if e.Content > 0 {
		observe(t.firstContent, e.Content, trace)
	}
}

// call counts what a caller asked for, at the circuit of its first target.
func (m *Meter) call(ctx context.Context, e *guard.Event) {
	c := m.of(e.Asked)
	t := c.histograms(m)
	kind := known(e.Kind)
	add(&c.saved, e.RequestTokens)
	switch {
	case e.Refused:
		c.refused.Add(1)
		return
	case kind == fault.Success && e.Fallbacks > 0:
		c.byFallback.Add(1)
	case kind == fault.Success && e.Retries > 0:
		c.byRetry.Add(1)
	}
	c.calls[kind].Add(1)
	observe(t.call, e.Duration, m.traceOf(ctx))
}

// add counts what a service or a client says, which may be nonsense.
func add(to *atomic.Int64, n int64) {
	if n > 0 {
		to.Add(n)
	}
}

// of is the cell of a circuit, new if there was none.
func (m *Meter) of(name string) *cell {
	if c := m.circuits.Load().byName[name]; c != nil {
		return c
	}
	return m.meet(name)
}

// meet makes a cell, if there is room. Names that come to the same text share one.
func (m *Meter) meet(name string) *cell {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.circuits.Load()
	if c := old.byName[name]; c != nil {
		return c
	}
	plain := strings.ToValidUTF8(name, "\uFFFD")
	if len(old.byName) >= m.max {
		plain, name = Overflow, Overflow
	}
	if c := old.byName[Overflow]; c != nil && plain == Overflow {
		return c
	}
	next := &circuits{byName: maps.Clone(old.byName), cells: old.cells}
	c := old.byName[plain]
	if c == nil {
		c = &cell{name: plain}
		c.upstream, c.model = split(plain)
		next.byName[plain] = c
		next.cells = append(slices.Clip(next.cells), c)
	}
	next.byName[name] = c
	m.circuits.Store(next)
	return c
}

// histograms are those of a circuit, which are made once something has ended there.
func (c *cell) histograms(m *Meter) *times {
	if t := c.times.Load(); t != nil {
		return t
	}
	t := &times{
		call:         m.callTime.WithLabelValues(c.upstream, c.model),
		attempt:      m.attemptTime.WithLabelValues(c.upstream, c.model),
		firstContent: m.firstContent.WithLabelValues(c.upstream, c.model),
	}
	c.times.Store(t) // another's is the same
	return t
}

// split returns the two labels of a circuit. One without a model is an upstream's.
func split(circuit string) (upstream, model string) {
	upstream, model, _ = strings.Cut(circuit, "/")
	if model == "" {
		return circuit, ""
	}
	return upstream, model
}

// known is k, or what comes nearest to a kind that does not exist.
func known(k fault.Kind) fault.Kind {
	if int(k) >= len(report.Kinds{}) {
		return fault.Service
	}
	return k
}
