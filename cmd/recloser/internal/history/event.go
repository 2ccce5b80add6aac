package history

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

const eventColumns = "id, at, kind, circuit, key, seq, from_, to_, mode, reason, why, cause, failures, down, until, openings, actor"

// maxText bounds the words of an event, in bytes.
const maxText = 1000

func addEvent(ctx context.Context, stmt *sql.Stmt, e *report.Event) error {
	_, err := stmt.ExecContext(ctx, e.ID, e.At.UnixNano(), string(e.Kind), short(e.Circuit), short(e.Key),
		int64(e.Seq), short(e.From), short(e.To), short(e.Mode), short(e.Reason), short(e.Why), short(e.Cause), //nolint:gosec // and back
		e.Failures, nanos(e.Down), nanos(e.Until), e.Openings, short(e.Actor))
	return err
}

// short cuts a text that is too long.
func short(s string) string {
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

func nanos(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}

func timeOf(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }

func timeOrNone(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return timeOf(n.Int64)
}

// Events returns what happened in [from, to), in the order of recording, which is that
// of the IDs; no kinds are all kinds.
//
// Before them come those that tell how it was at from: for each circuit the latest
// CircuitEvent before from, and the latest StartEvent or StopEvent, as far as these
// kinds are asked for. Their time is before from.
func (r *Reader) Events(ctx context.Context, from, to time.Time, kinds ...report.EventKind) ([]report.Event, error) {
	tx, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	events, err := eventsBefore(ctx, tx, from, kinds)
	if err != nil {
		return nil, err
	}
	where, args := "at >= ? AND at < ?", []any{from.UnixNano(), to.UnixNano()}
	if len(kinds) > 0 {
		where += " AND kind IN (?" + strings.Repeat(", ?", len(kinds)-1) + ")"
		for _, k := range kinds {
			args = append(args, string(k))
		}
	}
	return appendEvents(ctx, tx, events, "WHERE "+where+" ORDER BY id", args...)
}

// eventsBefore returns those that tell how it was at from.
func eventsBefore(ctx context.Context, tx *sql.Tx, from time.Time, kinds []report.EventKind) ([]report.Event, error) {
	// A walk from circuit to circuit in the index, and for each the event before from.
	const before = `WHERE id IN (
		WITH RECURSIVE names(circuit) AS (
			SELECT min(circuit) FROM events WHERE kind = 'circuit'
			UNION ALL
			SELECT (SELECT min(circuit) FROM events WHERE kind = 'circuit' AND circuit > names.circuit) FROM names WHERE circuit IS NOT NULL)
		SELECT (SELECT id FROM events e WHERE kind = 'circuit' AND e.circuit = names.circuit AND at < ? ORDER BY at DESC, id DESC LIMIT 1)
		FROM names WHERE circuit IS NOT NULL) ORDER BY id`
	const running = `WHERE id = (SELECT id FROM events WHERE kind IN ('start', 'stop') AND at < ? ORDER BY at DESC, id DESC LIMIT 1)`

	asked := func(kind report.EventKind) bool {
		for _, k := range kinds {
			if k == kind {
				return true
			}
		}
		return len(kinds) == 0
	}
	var events []report.Event
	var err error
	if asked(report.StartEvent) || asked(report.StopEvent) {
		if events, err = appendEvents(ctx, tx, events, running, from.UnixNano()); err != nil {
			return nil, err
		}
	}
	if asked(report.CircuitEvent) {
		if events, err = appendEvents(ctx, tx, events, before, from.UnixNano()); err != nil {
			return nil, err
		}
	}
	byID(events)
	return events, nil
}

// appendEvents appends the rows that the rest of the question chooses.
func appendEvents(ctx context.Context, db querier, to []report.Event, rest string, args ...any) ([]report.Event, error) {
	rows, err := db.QueryContext(ctx, "SELECT "+eventColumns+" FROM events "+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer rows.Close()
	words := interner{}
	for rows.Next() {
		e, err := scanEvent(rows, words)
		if err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		to = append(to, e)
	}
	return to, rows.Err()
}

func scanEvent(rows *sql.Rows, words interner) (report.Event, error) {
	var e report.Event
	var at, seq int64
	var down, until sql.NullInt64
	var kind, circuit, key, from, to, mode, reason, why, cause, actor sql.RawBytes
	err := rows.Scan(&e.ID, &at, &kind, &circuit, &key, &seq, &from, &to, &mode, &reason, &why, &cause,
		&e.Failures, &down, &until, &e.Openings, &actor)
	e.At, e.Seq, e.Down, e.Until = timeOf(at), uint64(seq), timeOrNone(down), timeOrNone(until) //nolint:gosec // as it was written
	e.Kind, e.Circuit, e.Key = report.EventKind(words.word(kind)), words.word(circuit), words.word(key)
	e.From, e.To, e.Mode = words.word(from), words.word(to), words.word(mode)
	e.Reason, e.Why, e.Cause, e.Actor = words.word(reason), string(why), string(cause), words.word(actor)
	return e, err
}

// interner keeps one copy of each word.
type interner map[string]string

func (i interner) word(b []byte) string {
	if s, ok := i[string(b)]; ok {
		return s
	}
	s := string(b)
	i[s] = s
	return s
}
