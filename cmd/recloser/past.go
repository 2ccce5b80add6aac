package main

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/history"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/cmd/recloser/internal/trace"
	"github.com/recloser/recloser/fault"
)

// past makes of a file what a history can take in.
func past(r io.ReadSeeker, circuit string, begin time.Time) (iter.Seq2[history.Item, error], error) {
	table, err := trace.Open(r)
	if err != nil {
		return nil, err
	}
	if table.Has("start") && table.Has("end") {
		return incidents(r, circuit)
	}
	var rows []trace.Row
	for row, err := range table.Rows() {
		if err != nil {
			return nil, err
		}
		row.Circuit = cmp.Or(row.Circuit, row.Model, circuit)
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, errors.New("there are no rows")
	}
	slices.SortStableFunc(rows, func(a, b trace.Row) int { return cmp.Compare(a.At, b.At) })
	if begin.IsZero() {
		begin = time.Now().Add(-rows[len(rows)-1].At)
	}
	return play(rows, begin), nil
}

// incidents reads a history of incidents.
func incidents(r io.ReadSeeker, circuit string) (iter.Seq2[history.Item, error], error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	plain, err := trace.Plain(r)
	if err != nil {
		return nil, err
	}
	events, err := report.EventsOfIncidents(plain, circuit)
	if err != nil {
		return nil, err
	}
	return func(yield func(history.Item, error) bool) {
		for i := range events {
			if !yield(history.Item{Event: &events[i]}, nil) {
				return
			}
		}
	}, nil
}

// player goes through a trace. Circuits that refuse nothing are told of all of it,
// so that they say when they would have opened.
type player struct {
	yield    func(history.Item, error) bool
	begin    time.Time
	circuits map[string]*breaker.Breaker
	calls    map[string]*playedCall // by what the trace calls them
	last     map[string]int         // the last row of a call
	events   []report.Event         // since the last row
}

// playedCall is a call of which more attempts may come.
type playedCall struct {
	history.Call

	last string // the circuit of the attempt before
}

// play yields the attempts, calls and transitions of a trace in the order of time.
func play(rows []trace.Row, begin time.Time) iter.Seq2[history.Item, error] {
	return func(yield func(history.Item, error) bool) {
		p := &player{yield, begin, make(map[string]*breaker.Breaker), make(map[string]*playedCall), make(map[string]int), nil}
		for i, row := range rows {
			if row.Call != "" {
				p.last[row.Call] = i
			}
		}
		for i := range rows {
			if err := p.row(&rows[i]); err != nil {
				yield(history.Item{}, err)
				return
			} else if !p.flush(i, &rows[i]) {
				return
			}
		}
	}
}

// row takes in a row.
func (p *player) row(row *trace.Row) error {
	at := p.begin.Add(row.At)
	b, ok := p.circuits[row.Circuit]
	if !ok {
		var err error
		b, err = breaker.NewAt(at, row.Circuit, breaker.Config{Mode: breaker.Observe, OnTransition: p.note})
		if err != nil {
			return fmt.Errorf("circuit %.70q: %w", row.Circuit, err)
		}
		p.circuits[row.Circuit] = b
	}
	permit, err := b.AllowAt(at)
	if err != nil {
		return fmt.Errorf("circuit %.70q: %w", row.Circuit, err) // one that observes refuses nothing
	}
	permit.RecordResultAt(at, verdict(row))
	return nil
}

// note keeps a transition.
func (p *player) note(tr breaker.Transition) { p.events = append(p.events, report.EventOf(tr)) }

// flush yields what came of a row.
func (p *player) flush(i int, row *trace.Row) bool {
	a := attemptOf(row, p.begin.Add(row.At))
	if before, ok := p.calls[row.Call]; ok && row.Call != "" {
		a.Retry, a.Fallback = before.last == row.Circuit, before.last != row.Circuit
	}
	if !p.yield(history.Item{Attempt: &a}, nil) {
		return false
	}
	for i := range p.events {
		if !p.yield(history.Item{Event: &p.events[i]}, nil) {
			return false
		}
	}
	p.events = p.events[:0]
	call, known := p.calls[row.Call]
	switch {
	case row.Call == "":
		call = &playedCall{Call: history.Call{Circuit: row.Circuit}}
	case !known:
		call = &playedCall{Call: history.Call{Circuit: row.Circuit}}
		p.calls[row.Call] = call
	case a.Retry:
		call.Retries++
	default:
		call.Fallbacks++
	}
	call.last = row.Circuit
	if row.Call != "" && p.last[row.Call] != i {
		return true // more of it follows
	}
	delete(p.calls, row.Call)
	call.At, call.Kind = a.At, a.Kind
	return p.yield(history.Item{Call: &call.Call}, nil)
}

func attemptOf(row *trace.Row, at time.Time) history.Attempt {
	number, err := strconv.ParseUint(row.Call, 16, 64)
	if err != nil && row.Call != "" { // any name will do
		sum := fnv.New64a()
		_, _ = sum.Write([]byte(row.Call))
		number = sum.Sum64()
	}
	return history.Attempt{
		At: at, Circuit: row.Circuit, Kind: kindOf(row), Status: max(row.Status, 0), Duration: max(row.Latency, 0),
		Input: max(row.RequestTokens, 0), Output: max(row.ResponseTokens, 0), Call: number, Number: max(row.Attempt, 1),
	}
}

// kindOf is what came back: as the trace says, else by its status.
func kindOf(row *trace.Row) fault.Kind {
	var k fault.Kind
	switch {
	case row.Kind != "" && k.UnmarshalText([]byte(row.Kind)) == nil:
		return k
	case row.OK:
		return fault.Success
	case row.Status >= http.StatusBadRequest:
		return fault.Classify(row.Status, nil, nil, time.Time{}).Kind
	}
	return fault.Service // no answer, or nobody knows
}

// verdict is what a circuit records of a row.
func verdict(row *trace.Row) breaker.Result {
	r := breaker.Result{Outcome: breaker.Ignored, Reach: breaker.Answered}
	switch k := kindOf(row); k {
	case fault.Success:
		r.Outcome = breaker.Success
	case fault.Service, fault.Timeout, fault.Overload:
		r.Outcome, r.Class, r.Cause = breaker.Failure, breaker.QuickFailure, k.String()
		if k == fault.Timeout {
			r.Class = breaker.Hang
		}
		if row.Status > 0 {
			r.Cause = strconv.Itoa(row.Status)
		}
	case fault.RateLimit, fault.Quota:
		r.Class = breaker.Quota
	case fault.Caller, fault.Cancelled:
	}
	return r
}
