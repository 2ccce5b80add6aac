package history

import (
	"context"
	"maps"
	"slices"
	"time"
)

// What is too old is deleted in small steps, one after a batch, once in a while all
// around.
const (
	tidyEvery = 30 * time.Second
	tidySlots = 32  // circuits and levels in a step
	tidyRows  = 200 // of one of them
	tidyPages = 256 // given back to the disk in a round
)

// tidier is where the round of deleting is.
type tidier struct {
	next time.Time // by the real clock
	todo []tidyJob
}

// tidyJob deletes some rows, and tells whether more are left.
type tidyJob func(ctx context.Context) (more bool, err error)

// tidy takes a step. Its failure is not that of the batch: the next write will tell.
func (h *History) tidy(ctx context.Context) {
	t := &h.tidier
	if len(t.todo) == 0 {
		if time.Now().Before(t.next) {
			return
		}
		t.next, t.todo = time.Now().Add(tidyEvery), h.tidyJobs()
	}
	err := inTransaction(ctx, h.f.conn, func() error {
		for range min(tidySlots, len(t.todo)) {
			more, err := t.todo[0](ctx)
			if err != nil {
				return err
			}
			if more {
				return nil
			}
			t.todo = t.todo[1:]
		}
		return nil
	})
	if err != nil {
		h.cfg.Log.Warn("history: what is too old could not be deleted", "path", h.cfg.Path, "error", err)
		t.todo = nil
	}
}

// tidyJobs is one round.
func (h *History) tidyJobs() []tidyJob {
	var jobs []tidyJob
	for _, id := range slices.Sorted(maps.Values(h.f.ids)) {
		for lv := range h.levels {
			if keep := h.levels[lv].keep; keep > 0 {
				first, last := cellKey(lv, id, 0), cellKey(lv, id, slotOf(h.cfg.Now().Add(-keep), h.levels[lv].span))
				jobs = append(jobs, h.deleting(tidyRows, "cells", "key", "key >= ? AND key < ?", "key", first, last))
			}
		}
	}
	return append(jobs, h.tidyEvents, h.tidyOldRecords(), h.tidyManyRecords, h.vacuum)
}

// deleting deletes rows of a table, at most so many in a step.
func (h *History) deleting(limit int, table, id, where, order string, args ...any) tidyJob {
	text := "DELETE FROM " + table + " WHERE " + id + " IN (SELECT " + id + " FROM " + table + " WHERE " + where + " ORDER BY " + order + " LIMIT ?)"
	args = append(args, limit)
	return func(ctx context.Context) (bool, error) {
		result, err := h.f.conn.ExecContext(ctx, text, args...)
		if err != nil {
			return false, err
		}
		n, err := result.RowsAffected()
		return n == int64(limit), err
	}
}

// tidyEvents keeps the latest.
func (h *History) tidyEvents(ctx context.Context) (bool, error) {
	return h.deleting(tidyRows, "events", "id", "id <= (SELECT max(id) FROM events) - ?", "id", h.cfg.EventMax)(ctx)
}

func (h *History) tidyOldRecords() tidyJob {
	before := h.cfg.Now().Add(-h.cfg.RecordKeep).UnixNano()
	return h.deleting(tidyRows/10, "attempts", "id", "first < ? AND last < ?", "first", before, before)
}

// tidyManyRecords deletes the oldest lists of those that are too many.
func (h *History) tidyManyRecords(ctx context.Context) (bool, error) {
	var n int64
	err := h.f.conn.QueryRowContext(ctx, "SELECT coalesce(sum(n), 0) FROM attempts INDEXED BY attempts_at").Scan(&n)
	if err != nil || n <= h.cfg.RecordMax {
		return false, err
	}
	more := h.deleting(tidyRows/10, "attempts", "id", "true", "first")
	_, err = more(ctx)
	return true, err
}

// vacuum gives free pages back, as far as they are more than will soon be used again.
func (h *History) vacuum(ctx context.Context) (bool, error) {
	var free, pages int64
	err := h.f.conn.QueryRowContext(ctx, "SELECT freelist_count, page_count FROM pragma_freelist_count, pragma_page_count").Scan(&free, &pages)
	if err != nil || free < max(tidyPages, pages/10) {
		return false, err
	}
	_, err = h.f.conn.ExecContext(ctx, "PRAGMA incremental_vacuum(256)")
	return false, err
}
