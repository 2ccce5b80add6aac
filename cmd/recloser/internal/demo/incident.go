package demo

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/replay"
)

// Recording is a trace of which the stand-in plays an incident.
type Recording struct {
	Name  string
	Trace *replay.Trace
	// Speed is how many recorded seconds pass in one, more than zero. Zero: so many
	// that the incident takes about forty seconds, but one at least; and one if it is
	// a limit of rate, of which a part is played.
	Speed float64
}

const (
	usualOutage = 16 * time.Second // of the forty: the fourth test call or the fifth comes after it
	longestPart = 10 * time.Minute // is played, at whatever speed
	// longestPause is what a pause without calls is cut to: there is nothing to see.
	longestPause = 2 * time.Minute
)

// row is an attempt on record.
type row struct {
	at     time.Duration // pauses are cut
	began  time.Duration // as the trace has it
	answer replay.Answer
}

// bad reports whether the service failed; a caller's own mistake is none.
func (r *row) bad() bool {
	return r.answer.Class != breaker.Answer && r.answer.Class != breaker.Nothing
}

// down reports whether it failed by more than a limit of rate.
func (r *row) down() bool { return r.bad() && r.answer.Class != breaker.Quota }

// incident is the part of a recording that is played, of one model.
type incident struct {
	name     string
	rows     []row         // of the model, all of them
	from, to time.Duration // which of them
	speed    float64
}

// stretch are rows from which an incident is made.
type stretch struct{ first, last, worth int }

// choose finds the incident: the densest failing stretch, with what led to it and how
// it ended.
func choose(r Recording) (*incident, error) {
	byModel := rowsOf(r.Trace)
	for _, counts := range []func(*row) bool{(*row).down, (*row).bad} { // an outage is more of an incident than a limit of rate
		var rows []row
		var best stretch
		for _, all := range byModel {
			if s := densest(all, counts); s.worth > best.worth {
				rows, best = all, s
			}
		}
		limited := counts(&row{answer: replay.Answer{Class: breaker.Quota}})
		if limited && best.worth > 0 && r.Speed == 0 {
			r.Speed = 1 // clients and Recloser answer a limit in their own time
			best.last = best.until(rows, rows[best.first].at+usualOutage)
		}
		if best.worth >= worthwhile || best.worth > 0 && limited {
			return newIncident(r, rows, best), nil
		}
	}
	return nil, errors.New("no call fails in it: there is no incident to play")
}

// rowsOf are the attempts by model; or together, if one of the models was never
// answered: then its name is that of what was asked for while nothing was there.
func rowsOf(t *replay.Trace) [][]row {
	byModel := make([][]row, len(t.Models()))
	var all []row
	for a, answer := range t.Attempts() {
		x := row{began: a.Begin, answer: answer}
		byModel[a.Model], all = following(byModel[a.Model], x), following(all, x)
	}
	for _, rows := range byModel {
		if !slices.ContainsFunc(rows, func(r row) bool { return !r.bad() }) {
			return [][]row{all}
		}
	}
	return byModel
}

// following appends a row, with a pause that may be cut.
func following(rows []row, x row) []row {
	if n := len(rows); n > 0 {
		x.at = rows[n-1].at + min(x.began-rows[n-1].began, longestPause)
	}
	return append(rows, x)
}

// until is the last row of a stretch before an instant.
func (s stretch) until(rows []row, at time.Duration) int {
	i := s.first
	for i < s.last && rows[i+1].at < at {
		i++
	}
	return i
}

// worthwhile is the worth of five failures in a row, and more than that of some here
// and there.
const worthwhile = 10

// densest is the stretch in which failures exceed answers most. An answer weighs half,
// since a third of failures is bad enough.
func densest(rows []row, counts func(*row) bool) (best stretch) {
	var s stretch
	for i := range rows {
		r := &rows[i]
		if s.worth <= 0 {
			s = stretch{first: i}
		}
		if s.worth--; counts(r) {
			s.worth += 3
		}
		if s.last = i; s.worth > best.worth {
			best = s
		}
	}
	return best
}

// newIncident adds a lead-in and a recovery.
func newIncident(r Recording, rows []row, s stretch) *incident {
	in := &incident{name: r.Name, rows: rows, speed: r.Speed}
	begin := rows[s.first].at
	core := max(rows[s.last].at-begin, 5*time.Second)
	if in.speed == 0 {
		in.speed = max(float64(core)/float64(usualOutage), 1)
	}
	in.from = max(begin-core*3/8, 0)
	in.to = min(begin+core+core*9/8, in.from+time.Duration(float64(longestPart)*in.speed))
	return in
}

// lasting is how long it is played.
func (in *incident) lasting() time.Duration {
	return time.Duration(float64(in.to-in.from) / in.speed)
}

// at is the recorded instant at a time of the run.
func (in *incident) at(elapsed time.Duration) time.Duration {
	return in.from + time.Duration(float64(elapsed)*in.speed)
}

// words say which part is played.
func (in *incident) words() string {
	n, failed, first, last := 0, 0, time.Duration(0), time.Duration(0)
	for i := range in.rows {
		if r := &in.rows[i]; r.at >= in.from && r.at < in.to {
			if last = r.began; n == 0 {
				first = r.began
			}
			if n++; r.bad() {
				failed++
			}
		}
	}
	speed := fmt.Sprintf("%.3g times as fast", in.speed)
	if in.speed == 1 {
		speed = "as fast as it was"
	}
	return fmt.Sprintf("%s from %s to %s, %s: of %d attempts %d failed", in.name, stamp(first), stamp(last), speed, n, failed)
}

// stamp is an instant of a trace: "2d 03:04:05".
func stamp(at time.Duration) string {
	s := int64(at / time.Second)
	text := fmt.Sprintf("%02d:%02d:%02d", s/3600%24, s/60%60, s%60)
	if days := s / 86400; days > 0 {
		return fmt.Sprintf("%dd %s", days, text)
	}
	return text
}
