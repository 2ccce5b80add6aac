package history

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/gate"
)

const (
	circuitSnapshot = iota
	gateSnapshot
)

type snapshotKey struct {
	kind int
	name string
}

// savedSnapshots are those in the file, so that only what changed is written; nil:
// not known.
type savedSnapshots map[snapshotKey][]byte

// saveSnapshots writes the circuits and gates as they are.
func (h *History) saveSnapshots(ctx context.Context) error {
	f := h.snapshots.Load()
	if f == nil {
		return nil
	}
	if h.saved == nil {
		if err := h.knowSnapshots(ctx); err != nil {
			return err
		}
	}
	circuits, gates := (*f)()
	left := make(map[snapshotKey]bool, len(h.saved))
	for k := range h.saved {
		left[k] = true
	}
	save := func(k snapshotKey, at time.Time, s any) error {
		for n := 2; !left[k] && h.saved[k] != nil; n++ { // two of a name
			k.name = fmt.Sprintf("%s #%d", k.name, n)
		}
		delete(left, k)
		return h.saveSnapshot(ctx, k, at, s)
	}
	for _, s := range circuits {
		at := s.At
		s.At = time.Time{} // else each would have changed
		if err := save(snapshotKey{circuitSnapshot, s.Name}, at, s); err != nil {
			return err
		}
	}
	for _, s := range gates {
		at := s.At
		s.At = time.Time{}
		if err := save(snapshotKey{gateSnapshot, s.Label + " " + s.Model}, at, s); err != nil {
			return err
		}
	}
	for k := range left {
		if _, err := h.f.stmts.dropSnapshot.ExecContext(ctx, k.kind, k.name); err != nil {
			return err
		}
		delete(h.saved, k)
	}
	return nil
}

func (h *History) saveSnapshot(ctx context.Context, k snapshotKey, at time.Time, s any) error {
	body, err := json.Marshal(s)
	if err != nil {
		h.cfg.Log.Error("history: a snapshot cannot be saved", "name", k.name, "error", err)
		return nil // the rest must be saved
	}
	if bytes.Equal(h.saved[k], body) {
		return nil
	}
	h.saved[k] = body
	_, err = h.f.stmts.putSnapshot.ExecContext(ctx, k.kind, k.name, at.UnixNano(), body)
	return err
}

// knowSnapshots looks which are in the file.
func (h *History) knowSnapshots(ctx context.Context) error {
	rows, err := h.f.conn.QueryContext(ctx, "SELECT kind, name FROM snapshots")
	if err != nil {
		return err
	}
	defer rows.Close()
	h.saved = savedSnapshots{}
	for rows.Next() {
		var k snapshotKey
		if err := rows.Scan(&k.kind, &k.name); err != nil {
			return err
		}
		h.saved[k] = []byte{}
	}
	return rows.Err()
}

// Snapshots returns circuits and gates as they were last saved, to restore them.
// Those that cannot be read are left out and in the error.
func (r *Reader) Snapshots(ctx context.Context) ([]breaker.Snapshot, []gate.Snapshot, error) {
	db := r.pool.Load()
	if db == nil {
		return nil, nil, ErrClosed
	}
	rows, err := db.QueryContext(ctx, "SELECT kind, name, at, body FROM snapshots ORDER BY kind, name")
	if err != nil {
		return nil, nil, fmt.Errorf("history: %w", err)
	}
	defer rows.Close()
	var circuits []breaker.Snapshot
	var gates []gate.Snapshot
	var errs []error
	for rows.Next() {
		var kind int
		var name string
		var at int64
		var body []byte
		if err := rows.Scan(&kind, &name, &at, &body); err != nil {
			return nil, nil, fmt.Errorf("history: %w", err)
		}
		if kind == circuitSnapshot {
			circuits, err = appendSnapshot(circuits, body, func(s *breaker.Snapshot) { s.At = timeOf(at) })
		} else {
			gates, err = appendSnapshot(gates, body, func(s *gate.Snapshot) { s.At = timeOf(at) })
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("history: the snapshot of %q: %w", name, err))
		}
	}
	return circuits, gates, errors.Join(append(errs, rows.Err())...)
}

func appendSnapshot[S any](to []S, body []byte, finish func(*S)) ([]S, error) {
	var s S
	if err := json.Unmarshal(body, &s); err != nil {
		return to, err
	}
	finish(&s)
	return append(to, s), nil
}
