package telemetry

import (
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// collector reads at scrape time what others count.
type collector struct {
	cfg   MetricsConfig
	descs map[string]desc
}

type desc struct {
	*prometheus.Desc

	kind prometheus.ValueType
}

func newCollector(cfg MetricsConfig) *collector {
	c := &collector{cfg: cfg, descs: make(map[string]desc)}
	for _, d := range Descriptions() {
		kind := prometheus.GaugeValue
		switch d.Type {
		case Histogram:
			continue // the Meter's own
		case Counter:
			kind = prometheus.CounterValue
		case Gauge:
		}
		c.descs[d.Name] = desc{prometheus.NewDesc(d.Name, d.Help, d.Labels, nil), kind}
	}
	return c
}

// described is the description of that name.
func described(name string) Description {
	for _, d := range Descriptions() {
		if d.Name == name {
			return d
		}
	}
	return Description{Name: name}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d.Desc
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	w := writer{out, c.descs}
	w.traffic(c.cfg.Meter)
	w.circuits(c.cfg.Guard)
	w.gates(c.cfg.Guard)
	w.process(&c.cfg)
}

// writer hands over samples.
type writer struct {
	out   chan<- prometheus.Metric
	descs map[string]desc
}

func (w *writer) put(name string, value float64, labels ...string) {
	d := w.descs[name]
	w.out <- prometheus.MustNewConstMetric(d.Desc, d.kind, value, labels...)
}

// set hands over a sample for each of the states that there are: 1 for the one that
// holds. A number for each state would be one series in place of several, but it means
// nothing without a legend and cannot be averaged; of these, avg_over_time is the
// share of time in a state, and sum how many circuits are in it.
func (w *writer) set(name, holds string, all []string, labels ...string) {
	labels = append(labels, "")
	for _, one := range all {
		labels[len(labels)-1] = one
		w.put(name, oneIf(one == holds), labels...)
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// moment hands over an instant, if there is one.
func (w *writer) moment(name string, at time.Time, labels ...string) {
	if !at.IsZero() {
		w.put(name, float64(at.UnixMilli())/1000, labels...)
	}
}

// traffic hands over what the meter has counted. All kinds are there from the
// beginning, so that the first failure is an increase.
func (w *writer) traffic(m *Meter) {
	for _, c := range m.circuits.Load().cells {
		w.transitions(c)
		if c.times.Load() == nil {
			continue
		}
		for k := range c.attempts {
			kind := fault.Kind(k).String() //nolint:gosec // a handful
			w.put(attemptsTotal, float64(c.attempts[k].Load()), c.upstream, c.model, kind)
			w.put(callsTotal, float64(c.calls[k].Load()), c.upstream, c.model, kind)
		}
		w.put(callsTotal, float64(c.refused.Load()), c.upstream, c.model, "refused")
		w.put(retriesTotal, float64(c.retries.Load()), c.upstream, c.model)
		w.put(fallbacks, float64(c.fallbacks.Load()), c.upstream, c.model)
		w.put(rescuedTotal, float64(c.byRetry.Load()), c.upstream, c.model, "retry")
		w.put(rescuedTotal, float64(c.byFallback.Load()), c.upstream, c.model, "fallback")
		w.put(tokensTotal, float64(c.input.Load()), c.upstream, c.model, "input")
		w.put(tokensTotal, float64(c.output.Load()), c.upstream, c.model, "output")
		w.put(savedTokens, float64(c.saved.Load()), c.upstream, c.model)
	}
}

func (w *writer) transitions(c *cell) {
	if c.name == "" {
		return
	}
	for from := range c.transitions {
		for to := range c.transitions[from] {
			if from != to {
				w.put(circuitTransitions, float64(c.transitions[from][to].Load()), c.upstream, c.model, states[from].String(), states[to].String())
			}
		}
	}
}

// circuits hands over how the guard's circuits are.
func (w *writer) circuits(g *guard.Guard) {
	w.put(circuitsBypassed, oneIf(g.Circuits().Bypassed()))
	for _, b := range g.Circuits().All() {
		m := b.Metrics()
		if !utf8.ValidString(m.Name) {
			continue // no guard lets such a name in
		}
		upstream, model := split(m.Name)
		w.set(circuitState, m.State.String(), []string{"closed", "open", "half-open"}, upstream, model)
		w.set(circuitMode, m.Mode.String(), []string{"normal", "observe", "forced-open", "disabled"}, upstream, model)
		w.circuit(&m, upstream, model)
		if u, ok := g.Usage(b); ok {
			w.usage(&u, upstream, model)
		}
	}
}

func (w *writer) circuit(m *breaker.Metrics, upstream, model string) {
	for name, value := range map[string]float64{
		circuitPermits: float64(m.Calls.Begun), circuitFailures: float64(m.FailedCalls),
		circuitRefusals: float64(m.RefusedCalls), circuitWouldRefuse: float64(m.WouldRefuse),
		circuitRun: float64(m.ConsecutiveFailures), circuitPeriods: float64(m.Openings),
		circuitProbes: float64(m.Probes), circuitRamp: float64(m.Ramp),
	} {
		w.put(name, value, upstream, model)
	}
	w.moment(circuitSince, m.Since, upstream, model)
	w.moment(circuitDown, m.Down, upstream, model)
	w.moment(circuitUntil, m.Until, upstream, model)
	w.moment(circuitLastFailure, m.LastFailure, upstream, model)
}

func (w *writer) usage(u *guard.Usage, upstream, model string) {
	w.put(inFlight, float64(u.InFlight), upstream, model)
	w.put(queued, float64(u.Queued), upstream, model)
	w.put(turnedAway, float64(u.TurnedAway), upstream, model)
	if u.MaxInFlight > 0 {
		w.put(maxInFlight, float64(u.MaxInFlight), upstream, model)
	}
	if u.RetriesLeft >= 0 {
		w.put(retryBudget, u.RetriesLeft, upstream, model)
	}
}
