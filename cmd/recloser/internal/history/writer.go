package history

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// Events that come together are written together: an event waits a moment for others,
// and a batch of them for the one before.
const (
	eventDelay = 10 * time.Millisecond
	eventPause = 80 * time.Millisecond
)

// gatherLoop takes what came from the calls. It never waits for the disk, so that what
// waits is bounded although the disk hangs.
func (h *History) gatherLoop() {
	tick := time.NewTicker(h.cfg.Flush)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			h.queue.gather(h.meter)
			if waiting, _ := h.queue.state(); waiting != (Backlog{}) {
				notify(h.calls)
			}
		case <-h.closing:
			return
		}
	}
}

// writeLoop writes batches, and after a failure tries again, less and less often.
func (h *History) writeLoop() {
	var patience time.Duration
	var last time.Time
	for {
		select {
		case <-h.events:
			h.pause(max(eventDelay, eventPause-time.Since(last)))
		case <-h.calls:
		case <-h.closing:
			h.last = h.flush()
			return
		}
		last = time.Now()
		if h.flush() == nil {
			patience = 0
			continue
		}
		patience = min(max(2*patience, h.cfg.Flush), 10*h.cfg.Flush)
		h.pause(patience)
	}
}

// pause waits, but not longer than until Close.
func (h *History) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.closing:
	}
}

// flush writes all that came until now, or keeps it. When it returns without an error,
// all that came before is written, by whomever.
func (h *History) flush() error {
	h.disk.Lock()
	defer h.disk.Unlock()
	h.queue.gather(h.meter)
	b := h.queue.take()
	if b.empty() {
		return nil
	}
	h.health.writing(time.Now())
	defer h.health.wrote() // tidying is the disk's work, too
	err := h.write(h.ctx, b)
	if err != nil {
		h.queue.giveBack(b)
		h.failed(err)
		return err
	}
	h.queue.written()
	h.succeeded()
	h.tidy(h.ctx)
	return nil
}

func (h *History) failed(err error) {
	if h.health.fail(h.cfg.Now(), err) {
		h.cfg.Log.Error("history: not written, kept in memory for now", "path", h.cfg.Path, "reason", Why(err), "error", err)
	}
}

func (h *History) succeeded() {
	if since, again := h.health.succeed(h.cfg.Now(), h.size()); again {
		_, lost := h.queue.state()
		h.cfg.Log.Info("history: written again", "path", h.cfg.Path, "not_since", since,
			"events_lost", lost.Events, "cells_lost", lost.Cells, "records_lost", lost.Records)
	}
}

// write writes a batch wholly or not at all. A file that turns out to be damaged is
// set aside, one that was deleted begun anew. The caller holds disk.
func (h *History) write(ctx context.Context, b batch) error {
	if h.f != nil && h.f.gone() {
		h.cfg.Log.Warn("history: the file was deleted or replaced, beginning anew", "path", h.cfg.Path)
		was := h.f
		h.closeFile()
		was.dropJournal()
	}
	if err := h.reopen(ctx); err != nil {
		return err
	}
	err := h.tryWrite(ctx, b)
	if err == nil || !isDamage(err) || h.lock == nil {
		return err
	}
	if err := h.replaceFile(ctx, err); err != nil {
		return err
	}
	return h.tryWrite(ctx, b)
}

func (h *History) tryWrite(ctx context.Context, b batch) error {
	last := h.f.lastID
	err := inTransaction(ctx, h.f.conn, func() error { return h.put(ctx, b) })
	if err != nil {
		h.f.lastID = last
		return errors.Join(err, h.forget(ctx))
	}
	return nil
}

// forget drops what is known of the rows, after they were rolled back.
func (h *History) forget(ctx context.Context) error {
	h.ledger = newLedger(h.f, h.levels)
	h.saved = nil
	ids, err := circuitIDs(ctx, h.f.conn)
	if err != nil {
		h.closeFile() // and try with a new connection
		return err
	}
	h.f.ids = ids
	return nil
}

// put writes a batch into the transaction. Snapshots come last: they must not be older
// than the events.
func (h *History) put(ctx context.Context, b batch) error {
	last := h.f.lastID
	for i := range b.events {
		// Those that waited while the file was replaced by another go on after its own.
		b.events[i].ID = max(b.events[i].ID, last+1)
		last = b.events[i].ID
		if err := addEvent(ctx, h.f.stmts.addEvent, &b.events[i]); err != nil {
			return err
		}
	}
	now := h.cfg.Now()
	for _, slot := range slices.Sorted(maps.Keys(b.cells)) {
		for circuit, d := range b.cells[slot] {
			if err := h.account(ctx, circuit, 0, slot, &d.sums, now); err != nil {
				return err
			}
		}
	}
	if err := h.ledger.write(ctx); err != nil {
		return err
	}
	if err := addAttempts(ctx, h.f.stmts.addAttempts, b.records, func(name string) (int64, error) { return h.id(ctx, name) }); err != nil {
		return err
	}
	h.f.lastID = last
	return h.saveSnapshots(ctx)
}

// account brings sums into the rows of a circuit, and of all circuits.
func (h *History) account(ctx context.Context, circuit string, finest int, slot int64, s *sums, now time.Time) error {
	id, err := h.id(ctx, circuit)
	if err != nil {
		return err
	}
	if err := h.ledger.add(ctx, id, finest, slot, s, now); err != nil {
		return err
	}
	return h.ledger.add(ctx, allCircuits, finest, slot, s, now)
}

// allCircuits is the id of the sum of all circuits.
const allCircuits = 0

// id is the number of a circuit; a new one gets the next, if there is room.
func (h *History) id(ctx context.Context, name string) (int64, error) {
	name = cmp.Or(short(name), Other)
	if id, ok := h.f.ids[name]; ok {
		return id, nil
	}
	if h.named() >= h.cfg.CircuitMax && name != Other {
		return h.id(ctx, Other)
	}
	id := int64(len(h.f.ids)) // none is ever deleted
	if _, err := h.f.stmts.addCircuit.ExecContext(ctx, id, name); err != nil {
		return 0, err
	}
	h.f.ids[name] = id
	return id, nil
}

// named is how many circuits the file knows, Other and the sum of all aside.
func (h *History) named() int {
	n := len(h.f.ids) - 1
	if _, ok := h.f.ids[Other]; ok {
		n--
	}
	return n
}

// openFile opens the file, and sets a damaged one aside. The caller holds disk.
func (h *History) openFile(ctx context.Context) error {
	f, err := openFile(ctx, h.cfg)
	if err != nil && isDamage(err) && h.lock != nil {
		if err := h.aside(err); err != nil {
			return err
		}
		f, err = openFile(ctx, h.cfg)
	}
	if err != nil {
		return err
	}
	var last int64
	if err := f.conn.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM events").Scan(&last); err != nil {
		return errors.Join(err, f.close())
	}
	for name, secret := range h.known {
		if err := f.keepSecret(ctx, name, secret); err != nil {
			return errors.Join(err, f.close())
		}
	}
	f.lastID = last
	h.queue.continueAfter(last)
	h.f, h.ledger, h.saved, h.tidier = f, newLedger(f, h.levels), nil, tidier{}
	h.pool.Store(f.read)
	return nil
}

// reopen opens the file again, if it could not be opened the last time.
func (h *History) reopen(ctx context.Context) error {
	select {
	case <-h.done:
		return ErrClosed
	default:
	}
	if h.f != nil {
		return nil
	}
	return h.openFile(ctx)
}

func (h *History) closeFile() {
	if h.f != nil {
		_ = h.f.close() // it is given up
		h.f = nil
	}
}

func (h *History) replaceFile(ctx context.Context, why error) error {
	h.closeFile()
	if err := h.aside(why); err != nil {
		return err
	}
	return h.openFile(ctx)
}

func (h *History) aside(why error) error {
	to, err := setAside(h.cfg.Path, h.cfg.Now())
	if err != nil {
		return err
	}
	h.health.setAside(to)
	h.cfg.Log.Error("history: the file is damaged, it was set aside and a new one begun", "path", h.cfg.Path, "set_aside", to, "error", why)
	return nil
}

func (h *History) size() int64 {
	if h.lock != nil {
		return h.f.size()
	}
	var n int64
	_ = h.f.conn.QueryRowContext(h.ctx, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&n)
	return n
}

func byID(events []report.Event) {
	slices.SortFunc(events, func(a, b report.Event) int { return cmp.Compare(a.ID, b.ID) })
}
