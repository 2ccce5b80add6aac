package breaker

import (
	"context"
	"errors"
	"time"
)

// Do calls fn if b allows it and records how it ended. It returns what fn
// returned; *OpenError without calling fn if b refuses; and ctx's error,
// without asking b, if ctx is already done. If fn panics or calls
// runtime.Goexit, a failure is recorded and that goes on.
func Do[T any](ctx context.Context, b *Breaker, fn func(context.Context) (T, error)) (T, error) {
	return do(ctx, clock{b: b}, fn)
}

// DoAt is Do with the clock now, which is read once before and once after fn.
func DoAt[T any](ctx context.Context, b *Breaker, now func() time.Time, fn func(context.Context) (T, error)) (T, error) {
	return do(ctx, clock{b, now}, fn)
}

// Run is Do for a call that returns only an error.
func Run(ctx context.Context, b *Breaker, fn func(context.Context) error) error {
	return callGuarded(ctx, clock{b: b}, fn)
}

// RunAt is Run with the clock now, which is read once before and once after fn.
func RunAt(ctx context.Context, b *Breaker, now func() time.Time, fn func(context.Context) error) error {
	return callGuarded(ctx, clock{b, now}, fn)
}

func do[T any](ctx context.Context, c clock, fn func(context.Context) (T, error)) (v T, err error) {
	g := guarded{clock: c}
	if err := g.begin(ctx); err != nil {
		return v, err
	}
	defer g.end()
	v, err = fn(ctx)
	g.judge(ctx, err)
	return v, err
}

func callGuarded(ctx context.Context, c clock, fn func(context.Context) error) error {
	g := guarded{clock: c}
	if err := g.begin(ctx); err != nil {
		return err
	}
	defer g.end()
	err := fn(ctx)
	g.judge(ctx, err)
	return err
}

// guarded is one call of a function.
type guarded struct {
	clock
	p       Permit
	outcome Outcome // 0 stays, and is a failure, if the function does not return
	class   Class
}

func (g *guarded) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return g.p.ask(g.b, g.now())
}

func (g *guarded) judge(ctx context.Context, err error) {
	g.outcome = Success
	if err != nil || g.b.word.Load()&classifyBit != 0 {
		g.outcome = 0
		g.outcome = g.b.cfg().Classify(ctx, err)
		g.class = classOf(g.outcome, err)
	}
}

func (g *guarded) end() {
	if g.outcome != Success || g.source != nil || !g.p.succeed() {
		g.p.record(g.now(), Result{Outcome: g.outcome, Class: g.class})
	}
}

// DefaultClassify is the judgement of a call's error unless Config.Classify
// says otherwise: nil is a success; context.Canceled, because the caller left,
// and the refusal of another circuit, because nothing was called, are ignored;
// all else is a failure, the caller's deadline included.
func DefaultClassify(_ context.Context, err error) Outcome {
	switch {
	case err == nil:
		return Success
	case errors.Is(err, context.Canceled), errors.Is(err, ErrOpen):
		return Ignored
	}
	return Failure
}

// classOf tells failures whose deadline passed from those that came at once.
func classOf(o Outcome, err error) Class {
	if o != Failure {
		return 0
	}
	if late, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && late.Timeout() {
		return Hang
	}
	return QuickFailure
}

// classify judges the error of a two-step call.
func (b *Breaker) classify(errp *error) (Outcome, Class) {
	var err error
	if errp != nil {
		err = *errp
	}
	o := b.cfg().Classify(context.Background(), err)
	return o, classOf(o, err)
}
