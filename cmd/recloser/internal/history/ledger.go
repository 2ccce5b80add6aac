package history

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// ledger brings sums into the rows of the four levels. It knows the rows of the slots
// that circuits are in, so that it seldom asks the file. After a transaction that
// failed it must be forgotten.
type ledger struct {
	f    *file
	keep [levelCount]time.Duration
	rows map[int64]*[levelCount]row // by circuit: what is in open
	late map[int64]*row             // by key: what this transaction changes in cells
	out  blobs
}

// row is a slot of a circuit and level.
type row struct {
	slot  int64
	known bool // else there is none
	dirty bool // not written yet
	sums
}

func newLedger(f *file, levels [levelCount]level) *ledger {
	l := &ledger{f: f, rows: map[int64]*[levelCount]row{}, late: map[int64]*row{}}
	for i, lv := range levels {
		l.keep[i] = lv.keep
	}
	return l
}

// lateLimit bounds how many rows of the past a transaction holds in memory.
const lateLimit = 4096

// add brings sums into the slots of levels that are at least as wide as the one in
// which they were made, as far as these are kept.
func (l *ledger) add(ctx context.Context, circuit int64, finest int, slot int64, s *sums, now time.Time) error {
	rows, err := l.open(ctx, circuit)
	if err != nil {
		return err
	}
	for lv := finest; lv < levelCount; lv++ {
		wide := widen(slot, lv)
		if keep := l.keep[lv]; keep > 0 && startOf(wide, onDisk[lv].span).Before(now.Add(-keep)) {
			continue
		}
		to, err := l.row(ctx, rows, circuit, lv, wide)
		if err != nil {
			return err
		}
		to.merge(s)
		to.dirty = true
	}
	if len(l.late) > lateLimit {
		return l.writeLate(ctx)
	}
	return nil
}

// row is the one to add to.
func (l *ledger) row(ctx context.Context, rows *[levelCount]row, circuit int64, lv int, slot int64) (*row, error) {
	r := &rows[lv]
	switch {
	case r.known && slot == r.slot:
		return r, nil
	case r.known && slot < r.slot: // the clock went back, or a past is imported
		return l.past(ctx, cellKey(lv, circuit, slot), slot)
	case r.known:
		if err := l.putCell(ctx, cellKey(lv, circuit, r.slot), r); err != nil {
			return nil, err
		}
	}
	return r, l.enter(ctx, r, cellKey(lv, circuit, slot), slot)
}

// enter begins a slot in open. If the clock was ahead before, it is in cells already.
func (l *ledger) enter(ctx context.Context, r *row, key, slot int64) error {
	if was := l.late[key]; was != nil {
		delete(l.late, key)
		if err := l.putCell(ctx, key, was); err != nil {
			return err
		}
	}
	found, err := l.getCell(ctx, key, r)
	if err != nil {
		return err
	}
	if found {
		if _, err := l.f.stmts.dropCell.ExecContext(ctx, key); err != nil {
			return err
		}
	}
	r.slot, r.known = slot, true
	return nil
}

// past is a row of cells.
func (l *ledger) past(ctx context.Context, key, slot int64) (*row, error) {
	if r := l.late[key]; r != nil {
		return r, nil
	}
	r := &row{slot: slot, known: true}
	if _, err := l.getCell(ctx, key, r); err != nil {
		return nil, err
	}
	l.late[key] = r
	return r, nil
}

// open is what the circuit has in open.
func (l *ledger) open(ctx context.Context, circuit int64) (*[levelCount]row, error) {
	if rows := l.rows[circuit]; rows != nil {
		return rows, nil
	}
	rows := new([levelCount]row)
	for lv := range rows {
		r := &rows[lv]
		var b blobs
		err := l.f.stmts.getOpen.QueryRowContext(ctx, openKey(lv, circuit)).Scan(&r.slot, &b.counts, &b.latency, &b.content)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := b.read(&r.sums); err != nil {
			return nil, errors.Join(errDamaged, err)
		}
		r.known = true
	}
	l.rows[circuit] = rows
	return rows, nil
}

func (l *ledger) getCell(ctx context.Context, key int64, to *row) (bool, error) {
	var b blobs
	err := l.f.stmts.getCell.QueryRowContext(ctx, key).Scan(&b.counts, &b.latency, &b.content)
	if errors.Is(err, sql.ErrNoRows) {
		to.reset()
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := b.read(&to.sums); err != nil {
		return false, errors.Join(errDamaged, err)
	}
	return true, nil
}

func (l *ledger) putCell(ctx context.Context, key int64, r *row) error {
	if err := l.out.write(&r.sums); err != nil {
		return err
	}
	_, err := l.f.stmts.putCell.ExecContext(ctx, key, l.out.counts, l.out.latency, l.out.content)
	return err
}

// write writes what changed.
func (l *ledger) write(ctx context.Context) error {
	for circuit, rows := range l.rows {
		for lv := range rows {
			r := &rows[lv]
			if !r.dirty {
				continue
			}
			if err := l.out.write(&r.sums); err != nil {
				return err
			}
			if _, err := l.f.stmts.putOpen.ExecContext(ctx, openKey(lv, circuit), r.slot, l.out.counts, l.out.latency, l.out.content); err != nil {
				return err
			}
			r.dirty = false
		}
	}
	return l.writeLate(ctx)
}

func (l *ledger) writeLate(ctx context.Context) error {
	for key, r := range l.late {
		if err := l.putCell(ctx, key, r); err != nil {
			return err
		}
	}
	clear(l.late)
	return nil
}
