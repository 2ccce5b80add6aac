package history

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// Cells returns what happened at a circuit in the slots of a span that touch [from,
// to), in the order of time; "" is every circuit for itself, one after the other in
// the order of their names. Slots in which nothing happened are left out. Slots of a
// day are those of UTC.
//
// The span is 10 s, 1 min, 1 h or 24 h. With 0 it is the finest that is still kept at
// from and makes no more than about 2,400 slots.
func (r *Reader) Cells(ctx context.Context, from, to time.Time, span time.Duration, circuit string) ([]report.Cell, error) {
	return r.cells(ctx, from, to, span, func(name string) bool {
		return name != "" && (circuit == "" || name == circuit)
	})
}

// Total is Cells of all circuits together: their Circuit is "".
func (r *Reader) Total(ctx context.Context, from, to time.Time, span time.Duration) ([]report.Cell, error) {
	return r.cells(ctx, from, to, span, func(name string) bool { return name == "" })
}

func (r *Reader) cells(ctx context.Context, from, to time.Time, span time.Duration, want func(name string) bool) ([]report.Cell, error) {
	lv, err := r.level(from, to, span)
	if err != nil {
		return nil, err
	}
	tx, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer finish(tx)
	ids, err := circuitIDs(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	ask, err := tx.PrepareContext(ctx, `SELECT key & 0xffffffff, counts, latency, content FROM cells WHERE key >= ? AND key <= ?
		UNION ALL SELECT slot, counts, latency, content FROM open WHERE key = ? AND slot >= ? AND slot <= ?`)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer ask.Close()
	first, last := slotOf(from, onDisk[lv].span), slotOf(to.Add(-1), onDisk[lv].span)
	maps.DeleteFunc(ids, func(name string, _ int64) bool { return !want(name) })
	// Room for all of them, so that they are not copied over and over.
	cells := make([]report.Cell, 0, min(max(last-first+1, 0)*int64(len(ids)), manyCells))
	for _, name := range slices.Sorted(maps.Keys(ids)) {
		id := ids[name]
		n := len(cells)
		cells, err = appendCells(ctx, cells, name, lv, ask, cellKey(lv, id, first), cellKey(lv, id, last), openKey(lv, id), first, last)
		if err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		slices.SortFunc(cells[n:], func(a, b report.Cell) int { return a.Start.Compare(b.Start) }) // the open one may be anywhere
	}
	return cells, nil
}

func appendCells(ctx context.Context, to []report.Cell, circuit string, lv int, ask *sql.Stmt, args ...any) ([]report.Cell, error) {
	rows, err := ask.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var scratch sums // has room after the first row: a cell then takes its memory at once
	for rows.Next() {
		var slot int64
		var counts, latency, content sql.RawBytes
		if err := rows.Scan(&slot, &counts, &latency, &content); err != nil {
			return nil, err
		}
		b := blobs{counts, latency, content}
		if err := b.read(&scratch); err != nil {
			return nil, err
		}
		to = append(to, report.Cell{Circuit: circuit, Start: startOf(slot, onDisk[lv].span), Span: onDisk[lv].span, Counts: scratch.Counts})
		cell := &to[len(to)-1]
		cell.Latency.Merge(&scratch.latency)
		cell.Content.Merge(&scratch.content)
	}
	return to, rows.Err()
}

// manyCells is how many there is room for at once, 10 MB.
const manyCells = 25_000

// manySlots is more than a plot can show.
const manySlots = 2400

// level is the one with the span, or that suits the range.
func (r *Reader) level(from, to time.Time, span time.Duration) (int, error) {
	for lv, l := range r.levels {
		fits := !from.Before(r.now().Add(-l.keep)) && to.Sub(from) <= manySlots*l.span
		if l.span == span || span == 0 && (fits || l.keep == 0) {
			return lv, nil
		}
	}
	return 0, fmt.Errorf("history: there are no cells of %v", span)
}
