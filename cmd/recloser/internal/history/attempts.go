package history

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"
)

// listsAtOnce is how many rows are read in a transaction, so that none is long.
const listsAtOnce = 16

// Attempts returns the recorded attempts that ended in [from, to), in the order of
// their times. They are read while they are asked for, some thousand at a time; after
// an error comes nothing more.
func (r *Reader) Attempts(ctx context.Context, from, to time.Time) iter.Seq2[Attempt, error] {
	return func(yield func(Attempt, error) bool) {
		w := attemptWalk{r: r, from: from, to: to, at: from.Add(-listTime).UnixNano(), id: -1}
		for !w.done {
			ready, err := w.more(ctx)
			if err != nil {
				yield(Attempt{}, fmt.Errorf("history: %w", err))
				return
			}
			for _, a := range ready {
				if !yield(a, nil) {
					return
				}
			}
		}
	}
}

// attemptWalk goes through the lists in the order of their first times. Attempts wait
// until no later list can hold one before them.
type attemptWalk struct {
	r        *Reader
	from, to time.Time
	at, id   int64 // the list that was read last
	waiting  []Attempt
	names    map[int64]string
	done     bool
}

// more reads some lists and returns what can be told now.
func (w *attemptWalk) more(ctx context.Context) ([]Attempt, error) {
	if err := w.read(ctx); err != nil {
		return nil, err
	}
	byTime(w.waiting)
	n := len(w.waiting)
	if !w.done {
		n = 0
		for n < len(w.waiting) && w.waiting[n].At.UnixNano() <= w.at {
			n++
		}
	}
	ready := w.waiting[:n:n]
	w.waiting = append([]Attempt(nil), w.waiting[n:]...)
	return ready, nil
}

func (w *attemptWalk) read(ctx context.Context) error {
	tx, err := w.r.begin(ctx)
	if err != nil {
		return err
	}
	defer finish(tx)
	if err := w.readNames(ctx, tx); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT first, id, list FROM attempts
		WHERE (first, id) > (?, ?) AND first < ? ORDER BY first, id LIMIT ?`, w.at, w.id, w.to.UnixNano(), listsAtOnce)
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	var list []Attempt
	for ; rows.Next(); n++ {
		var blob sql.RawBytes
		if err := rows.Scan(&w.at, &w.id, &blob); err != nil {
			return err
		}
		if list, err = readAttempts(list[:0], blob, timeOf(w.at), w.name); err != nil {
			return err
		}
		for _, a := range list {
			if !a.At.Before(w.from) && a.At.Before(w.to) {
				w.waiting = append(w.waiting, a)
			}
		}
	}
	w.done = n < listsAtOnce
	return rows.Err()
}

// readNames reads them anew: a list may name a circuit that came after the last look.
func (w *attemptWalk) readNames(ctx context.Context, tx *sql.Tx) error {
	ids, err := circuitIDs(ctx, tx)
	if err != nil {
		return err
	}
	w.names = make(map[int64]string, len(ids))
	for name, id := range ids {
		w.names[id] = name
	}
	return nil
}

func (w *attemptWalk) name(id int64) string { return w.names[id] }
