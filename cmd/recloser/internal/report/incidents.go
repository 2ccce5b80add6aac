package report

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/recloser/recloser/breaker"
)

// incident is a row of an incident history.
type incident struct {
	start, end    time.Time
	impact, title string
}

// EventsOfIncidents reads a history of incidents, as the providers' status pages
// have them, for a report on them: CSV with a header that names at least start and
// end (RFC 3339) and perhaps impact and title. Each incident opens the circuit at
// its start, with the impact as the cause, and closes it at its end. Incidents that
// overlap are one outage, with the cause of the first. An incident that ends when it
// starts was only written down afterwards: its length is not known.
func EventsOfIncidents(r io.Reader, circuit string) ([]Event, error) {
	rows, err := incidents(r)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b incident) int {
		return cmp.Or(a.start.Compare(b.start), b.end.Compare(a.end))
	})
	var events []Event
	for len(rows) > 0 {
		first, end := rows[0], rows[0].end
		rows = rows[1:]
		for len(rows) > 0 && !rows[0].start.After(end) {
			end, rows = later(end, rows[0].end), rows[1:]
		}
		events = append(events, first.events(circuit, end)...)
	}
	for i := range events {
		events[i].ID = int64(i + 1)
	}
	return events, nil
}

func (i incident) events(circuit string, end time.Time) []Event {
	opened := Event{
		At: i.start, Kind: CircuitEvent, Circuit: circuit,
		From: breaker.Closed.String(), To: breaker.Open.String(), Mode: breaker.Normal.String(),
		Reason: "incident", Why: i.title, Cause: i.impact,
	}
	closed := Event{
		At: end, Kind: CircuitEvent, Circuit: circuit,
		From: breaker.Open.String(), To: breaker.Closed.String(), Mode: breaker.Normal.String(),
		Reason: "resolved",
	}
	return []Event{opened, closed}
}

func incidents(r io.Reader) ([]incident, error) {
	in := csv.NewReader(r)
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("an incident history begins with the names of its columns: %w", err)
	}
	column := func(name string) int { return slices.Index(head, name) }
	start, end := column("start"), column("end")
	if start < 0 || end < 0 {
		return nil, errors.New("an incident history has the columns start and end")
	}
	var all []incident
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		i := incident{impact: field(row, column("impact")), title: field(row, column("title"))}
		if i.start, err = time.Parse(time.RFC3339, row[start]); err == nil {
			i.end, err = time.Parse(time.RFC3339, row[end])
		}
		if err != nil {
			line, _ := in.FieldPos(0)
			return nil, fmt.Errorf("line %d: a time is not like 2026-01-31T12:00:00Z", line)
		}
		i.end = later(i.start, i.end)
		all = append(all, i)
	}
}

func field(row []string, at int) string {
	if at < 0 {
		return ""
	}
	return row[at]
}
