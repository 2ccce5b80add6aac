package dashboard

import (
	"strconv"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// instant is a time in JSON: RFC 3339, in UTC, with milliseconds, or null where
// it is zero.
type instant time.Time

// MarshalJSON implements json.Marshaler.
func (t instant) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return time.Time(t).UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`), nil
}

// transition is a change of a circuit's state or mode.
type transition struct {
	ID      string  `json:"id"`
	At      instant `json:"at"`
	Circuit string  `json:"circuit,omitempty"` // of the event stream
	From    string  `json:"from"`
	To      string  `json:"to"`
	Mode    string  `json:"mode"`
	Reason  string  `json:"reason"`
	Why     string  `json:"why"`
	Until   instant `json:"until"`
}

func newTransition(e *report.Event) transition {
	why := e.Why
	if why == "" { // a history keeps the words of openings only
		why = e.Reason
	}
	return transition{idOf(e), instant(e.At), e.Circuit, e.From, e.To, e.Mode, e.Reason, why, instant(e.Until)}
}

// audit is what somebody did.
type audit struct {
	ID      string  `json:"id"`
	At      instant `json:"at"`
	Action  string  `json:"action"`
	Circuit string  `json:"circuit"` // of a gate: its model; of all: empty
	Actor   string  `json:"actor"`
}

func newAudit(e *report.Event) audit {
	return audit{idOf(e), instant(e.At), e.Reason, e.Circuit, e.Actor}
}

// idOf is the same for an event from the history and from memory, which has it first.
func idOf(e *report.Event) string {
	return strconv.FormatInt(e.At.UnixNano(), 36) + "-" + strconv.FormatUint(e.Seq, 36)
}
