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
	_, err := do(ctx, clock{b: b}, withoutValue(fn))
	return err
}

// RunAt is Run with the clock now, which is read once before and once after fn.
func RunAt(ctx context.Context, b *Breaker, now func() time.Time, fn func(context.Context) error) error {
	_, err := do(ctx, clock{b, now}, withoutValue(fn))
	return err
}

func withoutValue(fn func(context.Context) error) func(context.Context) (struct{}, error) {
	return func(ctx context.Context) (struct{}, error) { return struct{}{}, fn(ctx) }
}

func do[T any](ctx context.Context, c clock, fn func(context.Context) (T, error)) (v T, err error) {
	if err := ctx.Err(); err != nil {
		return v, err
	}
	var p Permit
	if err := p.ask(c.b, c.now()); err != nil {
		return v, err
	}
	outcome := Failure // stays, if fn does not return
	defer func() {
		if outcome != Success || c.source != nil || !p.succeed() {
			p.record(c.now(), Result{Outcome: outcome})
		}
	}()
	v, err = fn(ctx)
	outcome = c.b.cfg().Classify(ctx, err)
	return v, err
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

// classify judges the error of a two-step call.
func (b *Breaker) classify(errp *error) Outcome {
	var err error
	if errp != nil {
		err = *errp
	}
	return b.cfg().Classify(context.Background(), err)
}
