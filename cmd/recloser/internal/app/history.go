package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/history"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
)

// openHistory opens the history of cfg. One that was named must be had; the default
// one may be another process's, or the disk may be read-only: then what happens is
// kept in memory, and the log says so. Nil: there is to be none.
func openHistory(ctx context.Context, cfg *config.Serve, log *slog.Logger) (*history.History, error) {
	c := history.Config{Path: cfg.History, Log: log, Record: cfg.Record}
	if cfg.History == "" && cfg.HistoryGiven {
		return nil, nil //nolint:nilnil // see above
	}
	h, err := history.Open(ctx, c)
	if err == nil {
		return h, nil
	}
	if cfg.HistoryGiven {
		return nil, fmt.Errorf("%s: %w", cfg.Settings.Get("history").Origin, err)
	}
	log.Warn("there is no history on disk: what happens is remembered until the end of this process", "problem", err.Error())
	c.Reason = err.Error()
	return history.Memory(c), nil
}

// hashKeyName is the name of the secret by which gates know API keys.
const hashKeyName = "gates"

// keyOfGates returns the key of the hash by which gates know API keys, which must be
// the same after a restart. Nil: any.
func (a *App) keyOfGates(ctx context.Context) []byte {
	if a.history == nil {
		return nil
	}
	key, err := a.history.Secret(ctx, hashKeyName, 32)
	if err != nil {
		a.log.Warn("gates will not be known after a restart", "problem", err.Error())
		return nil
	}
	return key
}

// remember brings circuits and gates to where they were, and saves them from now
// on.
func (a *App) remember(ctx context.Context) {
	h := a.history
	if h == nil {
		return
	}
	// First, since what is restored belongs to this run.
	h.Event(report.Event{At: time.Now(), Kind: report.StartEvent, Reason: a.opts.Version})
	circuits, gates, err := h.Snapshots(ctx)
	if err != nil {
		a.log.Error("the circuits of the last run cannot be read", "problem", err.Error())
	}
	if err := a.guard.Circuits().Restore(circuits); err != nil {
		a.log.Warn("some circuits are not as they were", "problem", err.Error())
	}
	if err := a.guard.Gates().Restore(gates); err != nil {
		a.log.Warn("some gates are not as they were", "problem", err.Error())
	}
	h.SetSnapshots(func() ([]breaker.Snapshot, []gate.Snapshot) {
		return a.guard.Circuits().Snapshot(), a.guard.Gates().Snapshot()
	})
}

// recordTransition returns an observer that tells the history.
func recordTransition(h *history.History) func(breaker.Transition) {
	return func(tr breaker.Transition) { h.Event(report.EventOf(tr)) }
}

// recordGate returns an observer that tells the history.
func recordGate(h *history.History) func(gate.Transition) {
	return func(tr gate.Transition) {
		h.Event(report.Event{
			At: tr.At, Kind: report.GateEvent, Circuit: tr.Model, Key: tr.Label, From: tr.From.String(), To: tr.To.String(),
			Reason: string(tr.Reason), Why: tr.String(), Until: tr.Until,
		})
	}
}

// recordCalls returns an observer that tells the history.
func recordCalls(h *history.History) func(context.Context, guard.Event) {
	return func(_ context.Context, e guard.Event) {
		now := time.Now()
		switch e.Type {
		case guard.AttemptEnded:
			h.Attempt(history.Attempt{
				At: now, Circuit: e.Circuit, Kind: e.Kind, Status: e.Status, Duration: e.Duration, Content: e.Content,
				Input: e.InputTokens, Output: e.OutputTokens, Call: e.Call, Number: e.Attempt, Retry: e.Retries > 0, Fallback: e.Fallbacks > 0,
			})
		case guard.CallEnded:
			h.Call(history.Call{
				At: now, Circuit: e.Asked, Kind: e.Kind, Refused: e.Refused, Retries: e.Retries, Fallbacks: e.Fallbacks, Saved: e.RequestTokens,
			})
		case guard.AttemptBegun, guard.Retrying, guard.FallingBack, guard.Gated:
		}
	}
}

// all tells several observers, those that are nil aside.
func all[T any](observers ...func(T)) func(T) {
	return func(v T) {
		for _, o := range observers {
			if o != nil {
				o(v)
			}
		}
	}
}

// allObservers tells several observers of calls, those that are nil aside. Pairs of
// pairs would need room for a copy of the event at each level, more than the stack of a
// connection has, which then grew again and again.
func allObservers(observers ...func(context.Context, guard.Event)) func(context.Context, guard.Event) {
	return func(ctx context.Context, e guard.Event) {
		for _, o := range observers {
			if o != nil {
				o(ctx, e)
			}
		}
	}
}

// historyTime is how long the history may take to write what is left at the end.
const historyTime = 5 * time.Second

// closeHistory writes what is left.
func (a *App) closeHistory() error {
	if a.history == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), historyTime)
	defer cancel()
	a.history.Event(report.Event{At: time.Now(), Kind: report.StopEvent})
	return a.history.Close(ctx)
}

// trouble says in words what is not as it should be although calls go on.
func (a *App) trouble() (notes []string) {
	if a.history == nil {
		return nil
	}
	s := a.history.Status()
	if d := s.Dropped; d.Cells+d.Records+d.Events > 0 {
		notes = append(notes, fmt.Sprintf("history: lost, as too much waited for the disk: %d cells, %d recorded attempts, %d events", d.Cells, d.Records, d.Events))
	}
	switch {
	case s.State == history.InMemory:
		notes = append(notes, "history: only in memory: "+s.Reason)
	case s.State != history.Good:
		notes = append(notes, fmt.Sprintf("history: not written since %s: %s", s.Since.UTC().Format(time.RFC3339), s.Reason))
	case s.SetAside != "":
		notes = append(notes, "history: a damaged file was set aside as "+s.SetAside)
	}
	return notes
}
