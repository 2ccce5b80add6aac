package telemetry

// Type is the type of a metric, in Prometheus' words.
type Type string

// The types in use.
const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
)

// Description is what there is to know of a metric. The reference in docs/metrics.md,
// the exposition and the tests of dashboard and rules are made of these.
type Description struct {
	Name   string
	Type   Type
	Labels []string
	Help   string // one sentence or two; it says the unit where the name does not
	When   string // when there is a series; "": always
}

// The names of the metrics.
const (
	callsTotal    = "recloser_calls_total"
	attemptsTotal = "recloser_attempts_total"
	retriesTotal  = "recloser_retries_total"
	fallbacks     = "recloser_fallbacks_total"
	rescuedTotal  = "recloser_rescued_calls_total"
	tokensTotal   = "recloser_tokens_total"
	savedTokens   = "recloser_saved_tokens_total"
	callTime      = "recloser_call_duration_seconds"
	attemptTime   = "recloser_attempt_duration_seconds"
	firstContent  = "recloser_first_content_seconds"

	circuitState       = "recloser_circuit_state"
	circuitMode        = "recloser_circuit_mode"
	circuitTransitions = "recloser_circuit_transitions_total"
	circuitPermits     = "recloser_circuit_permits_total"
	circuitFailures    = "recloser_circuit_failures_total"
	circuitRefusals    = "recloser_circuit_refusals_total"
	circuitWouldRefuse = "recloser_circuit_would_refuse_total"
	circuitRun         = "recloser_circuit_consecutive_failures"
	circuitPeriods     = "recloser_circuit_open_periods"
	circuitProbes      = "recloser_circuit_probes"
	circuitRamp        = "recloser_circuit_ramp_limit"
	circuitSince       = "recloser_circuit_state_since_timestamp_seconds"
	circuitDown        = "recloser_circuit_down_since_timestamp_seconds"
	circuitUntil       = "recloser_circuit_until_timestamp_seconds"
	circuitLastFailure = "recloser_circuit_last_failure_timestamp_seconds"
	circuitsBypassed   = "recloser_circuits_bypassed"

	inFlight    = "recloser_in_flight_attempts"
	maxInFlight = "recloser_max_in_flight_attempts"
	queued      = "recloser_queued_calls"
	turnedAway  = "recloser_turned_away_total"
	retryBudget = "recloser_retry_budget"

	gateState    = "recloser_gate_state"
	gateRate     = "recloser_gate_rate"
	gateWaiting  = "recloser_gate_waiting_calls"
	gateReports  = "recloser_gate_reports_total"
	gateRefusals = "recloser_gate_refusals_total"
	gateUntil    = "recloser_gate_until_timestamp_seconds"

	historyState   = "recloser_history_state"
	historyLost    = "recloser_history_lost_total"
	historyPending = "recloser_history_pending"
	historySize    = "recloser_history_size_bytes"
	historyWritten = "recloser_history_written_timestamp_seconds"

	alertsFiring  = "recloser_alerts_firing"
	notifications = "recloser_notifications_total"
	buildInfo     = "recloser_build_info"
)

// of are the labels of a circuit, and any further ones.
func of(more ...string) []string { return append([]string{"upstream", "model"}, more...) }

// Descriptions are all metrics of our own, in the order of the reference.
func Descriptions() []Description {
	all := append(trafficMetrics(), circuitMetrics()...)
	all = append(all, boundMetrics()...)
	all = append(all, gateMetrics()...)
	return append(all, processMetrics()...)
}

const notYetCalled = "once a call or an attempt of that circuit has ended"

func trafficMetrics() []Description {
	return []Description{
		{callsTotal, Counter, of("kind"), "Calls that have ended, by what the caller got; refused means that no target let the call through. A call counts at the circuit of its first target, whoever answered.", notYetCalled},
		{attemptsTotal, Counter, of("kind"), "HTTP exchanges with the service that have ended, by what came back. An attempt counts where it was made.", notYetCalled},
		{retriesTotal, Counter, of(), "Attempts that were another try at the same target, and have ended.", notYetCalled},
		{fallbacks, Counter, of(), "Attempts that were made here because another target had failed, or let nothing through, and have ended.", notYetCalled},
		{rescuedTotal, Counter, of("by"), "Calls that were answered after a failure, by a retry or by a fallback.", notYetCalled},
		{tokensTotal, Counter, of("direction"), "Tokens that answers told of: input was read by the model, output was written by it.", notYetCalled},
		{savedTokens, Counter, of(), "Tokens of the requests that were refused and so never sent, an estimate.", notYetCalled},
		{callTime, Histogram, of(), "Duration of calls with all their attempts, from the request to the end of the answer, whatever became of them. Calls that were refused are not in it.", notYetCalled},
		{attemptTime, Histogram, of(), "Duration of attempts that succeeded, from the request to the end of the answer.", notYetCalled},
		{firstContent, Histogram, of(), "Time to the first content of attempts that succeeded: of a stream to its first event with content, of another answer to its beginning.", notYetCalled},
	}
}

func circuitMetrics() []Description {
	return []Description{
		{circuitState, Gauge, of("state"), "Whether the circuit is in that state (1) or not (0).", ""},
		{circuitMode, Gauge, of("mode"), "Whether an operator or the configuration has set that mode over the circuit (1) or not (0).", ""},
		{circuitTransitions, Counter, of("from", "to"), "Changes of the circuit's state. From closed to open is a trip, from half-open to open a test call that failed.", "once the circuit has changed its state, or has been called"},
		{circuitPermits, Counter, of(), "Attempts that the circuit let through; calls, with --count call. It goes on after a restart.", ""},
		{circuitFailures, Counter, of(), "Failures that count against the circuit. Against the circuit of an upstream all failures of its models count with the policy adaptive, and with classic failures to reach the host. It goes on after a restart.", ""},
		{circuitRefusals, Counter, of(), "Attempts that the circuit refused. It goes on after a restart.", ""},
		{circuitWouldRefuse, Counter, of(), "Attempts that were let through only because of a mode or the bypass. It goes on after a restart.", ""},
		{circuitRun, Gauge, of(), "Failures in a row since the last success.", ""},
		{circuitPeriods, Gauge, of(), "Open periods in a row since the circuit was last closed; each follows a test call that failed.", ""},
		{circuitProbes, Gauge, of(), "Test calls that are out.", ""},
		{circuitRamp, Gauge, of(), "Calls that may be out at once while callers are let back in step by step; 0: any number.", ""},
		{circuitSince, Gauge, of(), "When the circuit entered its state, in seconds since 1970.", ""},
		{circuitDown, Gauge, of(), "When the circuit first opened since it was last closed, in seconds since 1970.", "while it is not closed"},
		{circuitUntil, Gauge, of(), "When the test call is due, or, half-open, when the next one is if none of those out comes back, in seconds since 1970.", "while that is known"},
		{circuitLastFailure, Gauge, of(), "When the last failure was counted, in seconds since 1970.", "once there was one"},
		{circuitsBypassed, Gauge, nil, "Whether the bypass is on, which lets all calls through whatever the circuits say (1) or not (0).", ""},
	}
}

const hasTraffic = "once a call has come to that circuit itself"

func boundMetrics() []Description {
	return []Description{
		{inFlight, Gauge, of(), "Attempts that are out, their answers included.", hasTraffic},
		{maxInFlight, Gauge, of(), "Attempts that may be out at once.", "if --max-in-flight bounds them"},
		{queued, Gauge, of(), "Calls that wait for an attempt in flight to end.", hasTraffic},
		{turnedAway, Counter, of(), "Attempts that found no place in flight, neither at once nor in line. A reload of other limits begins anew.", hasTraffic},
		{retryBudget, Gauge, of(), "Retries that the retry budget still allows.", "if there is a budget"},
	}
}

func gateMetrics() []Description {
	labels := func(more ...string) []string { return append([]string{"key", "model"}, more...) }
	const held = "once something was held against that key and model; gates that are long idle are given up"
	return []Description{
		{gateState, Gauge, labels("state"), "Whether the gate is in that state (1) or not (0). The key is a label that does not tell the API key; without a model it is the gate of the key as such.", held},
		{gateRate, Gauge, labels(), "Calls a second that the gate lets through.", "while it is limited"},
		{gateWaiting, Gauge, labels(), "Calls that wait in line at the gate.", held},
		{gateReports, Counter, labels("report"), "What the service said about the key's limits.", held},
		{gateRefusals, Counter, labels(), "Calls that the gate refused.", held},
		{gateUntil, Gauge, labels(), "When the gate opens, or a parked key is tested, in seconds since 1970.", "while it is closed or parked"},
	}
}

func processMetrics() []Description {
	const has = "if there is a history"
	return []Description{
		{historyState, Gauge, []string{"state"}, "Whether the history is written (ok), kept for now because the disk does not take it (degraded), or in memory only (memory): 1 or 0.", has},
		{historyLost, Counter, []string{"what"}, "What the history lost as too much waited for the disk: cells are the sums of a circuit over 10 s.", has},
		{historyPending, Gauge, []string{"what"}, "What waits to be written.", has},
		{historySize, Gauge, nil, "Size of the history's file and its journal.", has},
		{historyWritten, Gauge, nil, "When the history was last written, in seconds since 1970.", "if it was"},
		{alertsFiring, Gauge, []string{"alert", "severity"}, "Troubles that Recloser's own alerts have found and that are not over.", "if alerts are on"},
		{notifications, Counter, []string{"target", "result"}, "Notifications of Recloser's own alerts, by where they were to go and what became of them.", "if there are targets"},
		{buildInfo, Gauge, []string{"version", "go_version"}, "Always 1; its labels say what runs.", ""},
	}
}
