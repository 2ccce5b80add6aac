package history

import (
	"context"
	"fmt"
	"iter"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// Item is one thing of the past: one of the fields is set.
type Item struct {
	Attempt *Attempt      // is recorded, and counted as by History.Attempt
	Call    *Call         // is counted as by History.Call
	Cell    *report.Cell  // its Span is one of those that are kept; it is added to these and all wider ones
	Event   *report.Event // gets the next ID
}

// Imported is how much was taken.
type Imported struct{ Attempts, Calls, Cells, Events int64 }

// importAtOnce is how many items are written in a transaction.
const importAtOnce = 20_000

// Import takes the past, quickest in the order of time, whether Config.Record is set
// or not. What is so old by Config.Now that it would be deleted is left out of the
// finer cells. After an error, that of items included, what was taken before remains.
func (h *History) Import(ctx context.Context, items iter.Seq2[Item, error]) (Imported, error) {
	var done Imported
	b := newImportBatch(h)
	for item, err := range items {
		if err == nil {
			err = b.add(item)
		}
		if err == nil && b.n == importAtOnce {
			err = h.importBatch(ctx, b, &done)
			b = newImportBatch(h)
		}
		if err != nil {
			return done, err
		}
	}
	return done, h.importBatch(ctx, b, &done)
}

// importBatch is what is written at once.
type importBatch struct {
	queue *queue // without bounds, to sum up
	cells []*report.Cell
	next  func() int64
	n     int
	count Imported
}

func newImportBatch(h *History) *importBatch {
	return &importBatch{queue: &queue{}, next: h.queue.nextID}
}

func (b *importBatch) add(item Item) error {
	b.n++
	switch {
	case item.Attempt != nil:
		b.count.Attempts++
		d := delta{slot: slotOf(item.Attempt.At, onDisk[0].span)}
		d.attempt(item.Attempt)
		b.queue.merge(d.slot, item.Attempt.Circuit, &d)
		b.queue.waiting.records = append(b.queue.waiting.records, *item.Attempt)
	case item.Call != nil:
		b.count.Calls++
		d := delta{slot: slotOf(item.Call.At, onDisk[0].span)}
		d.call(item.Call)
		b.queue.merge(d.slot, item.Call.Circuit, &d)
	case item.Cell != nil:
		b.count.Cells++
		if _, err := levelOf(item.Cell); err != nil {
			return err
		}
		b.cells = append(b.cells, item.Cell)
	case item.Event != nil:
		b.count.Events++
		e := *item.Event
		e.ID = b.next()
		b.queue.waiting.events = append(b.queue.waiting.events, e)
	}
	return nil
}

func levelOf(c *report.Cell) (int, error) {
	for lv, l := range onDisk {
		if c.Span == l.span {
			return lv, nil
		}
	}
	return 0, fmt.Errorf("history: there are no cells of %v", c.Span)
}

func (h *History) importBatch(ctx context.Context, b *importBatch, done *Imported) error {
	h.disk.Lock()
	defer h.disk.Unlock()
	if err := h.reopen(ctx); err != nil {
		return err
	}
	err := inTransaction(ctx, h.f.conn, func() error {
		now := h.cfg.Now()
		for _, c := range b.cells {
			lv, err := levelOf(c)
			if err != nil {
				return err
			}
			s := sums{Counts: c.Counts, latency: c.Latency, content: c.Content}
			if err := h.account(ctx, c.Circuit, lv, slotOf(c.Start, onDisk[0].span), &s, now); err != nil {
				return err
			}
		}
		return h.put(ctx, b.queue.take())
	})
	if err != nil {
		_ = h.forget(ctx) // the next write will tell
		return fmt.Errorf("history: %w", err)
	}
	done.Attempts += b.count.Attempts
	done.Calls += b.count.Calls
	done.Cells += b.count.Cells
	done.Events += b.count.Events
	return nil
}
