package history

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// maxText bounds each of the words of an event, in bytes.
const maxText = 1000

// separator is between the details of an event, and in none of them.
const separator = '\x1f'

func addEvent(ctx context.Context, stmt *sql.Stmt, e *report.Event) error {
	var d details
	d.text(e.Key)
	d.number(int64(e.Seq)) //nolint:gosec // and back
	d.text(e.From)
	d.text(e.To)
	d.text(e.Mode)
	d.text(e.Reason)
	d.text(e.Why)
	d.text(e.Cause)
	d.number(int64(e.Failures))
	d.time(e.Down)
	d.time(e.Until)
	d.number(int64(e.Openings))
	d.text(e.Actor)
	_, err := stmt.ExecContext(ctx, e.ID, e.At.UnixNano(), string(e.Kind), short(e.Circuit), string(d))
	return err
}

// read reads what addEvent wrote. Details that are missing are zero; those beyond are
// passed over.
func (d details) read(e *report.Event, words interner) {
	e.Key = words.word(d.next())
	e.Seq = uint64(d.nextNumber()) //nolint:gosec // as it was written
	e.From = words.word(d.next())
	e.To = words.word(d.next())
	e.Mode = words.word(d.next())
	e.Reason = words.word(d.next())
	e.Why = string(d.next())
	e.Cause = string(d.next())
	e.Failures = int(d.nextNumber())
	e.Down = d.nextTime()
	e.Until = d.nextTime()
	e.Openings = int(d.nextNumber())
	e.Actor = words.word(d.next())
}

// details are those of an event in the file, or the rest of them.
type details []byte

func (d *details) text(s string) {
	*d = append(*d, strings.ReplaceAll(short(s), string(separator), " ")...)
	*d = append(*d, separator)
}

func (d *details) number(n int64) {
	if n != 0 {
		*d = strconv.AppendInt(*d, n, 10)
	}
	*d = append(*d, separator)
}

func (d *details) time(t time.Time) {
	if t.IsZero() {
		d.number(0)
		return
	}
	d.number(t.UnixNano())
}

func (d *details) next() []byte {
	field, rest, _ := bytes.Cut(*d, []byte{separator})
	*d = rest
	return field
}

// nextNumber is 0 if it is none.
func (d *details) nextNumber() int64 {
	n, err := strconv.ParseInt(string(d.next()), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (d *details) nextTime() time.Time {
	n := d.nextNumber()
	if n == 0 {
		return time.Time{}
	}
	return timeOf(n)
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

func timeOf(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }

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
	defer finish(tx)
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
	n := len(events)
	var more int // so that they are not copied over and over
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM events WHERE "+where, args...).Scan(&more); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	events = slices.Grow(events, more)
	if events, err = appendEvents(ctx, tx, events, "WHERE "+where, args...); err != nil {
		return nil, err
	}
	byID(events[n:])
	return events, nil
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
		FROM names WHERE circuit IS NOT NULL)`
	const running = `WHERE id = (SELECT id FROM events WHERE kind IN ('start', 'stop') AND at < ? ORDER BY at DESC, id DESC LIMIT 1)`

	asked := func(kind report.EventKind) bool {
		return len(kinds) == 0 || slices.Contains(kinds, kind)
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
	// A BLOB comes without a copy.
	rows, err := db.QueryContext(ctx, "SELECT id, at, CAST(kind AS BLOB), CAST(circuit AS BLOB), CAST(details AS BLOB) FROM events "+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer rows.Close()
	words := interner{}
	for rows.Next() {
		var e report.Event
		var at int64
		var kind, circuit, more sql.RawBytes
		if err := rows.Scan(&e.ID, &at, &kind, &circuit, &more); err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		e.At, e.Kind, e.Circuit = timeOf(at), report.EventKind(words.word(kind)), words.word(circuit)
		details(more).read(&e, words)
		to = append(to, e)
	}
	return to, rows.Err()
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
