package report

import "github.com/recloser/recloser/breaker"

// EventOf is how a circuit's transition is recorded.
func EventOf(tr breaker.Transition) Event {
	e := Event{
		At: tr.At, Kind: CircuitEvent, Circuit: tr.Name, Seq: tr.Seq, From: tr.From.String(), To: tr.To.String(),
		Mode: tr.Mode.String(), Reason: string(tr.Reason), Openings: tr.Openings, Until: tr.Until,
	}
	if tr.To == breaker.Open && tr.From != tr.To {
		e.Why, e.Cause, e.Failures = tr.Why(), tr.Causes, tr.Failures
		if tr.Failures > 0 {
			e.Down = tr.At.Add(-tr.Lasted)
		}
	}
	return e
}
