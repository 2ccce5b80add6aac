package main

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/recloser/recloser/replay"
)

// plays are runs that are made at the same time, as many as there are processors. What
// comes of each does not depend on the others, nor on their order.
type plays struct {
	jobs []playing
	logs bool // openings are kept one by one
	bar  *progress
	stop atomic.Bool
}

// playing is one run.
type playing struct {
	stage  replay.Stage
	policy replay.Policy
	into   *replay.Score
}

// add plans a run, whose score goes where into says.
func (p *plays) add(stage replay.Stage, policy replay.Policy, into *replay.Score) {
	p.jobs = append(p.jobs, playing{stage, policy, into})
}

// shown is run with the bar, which has a total in requests.
func (p *plays) shown(ctx context.Context, what string, total int) error {
	p.bar.begin(what, int64(total))
	defer p.bar.end()
	return p.run(ctx)
}

// run makes all runs. It returns the first error, or that of ctx.
func (p *plays) run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { p.stop.Store(true) })()
	errs := make([]error, len(p.jobs))
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(p.jobs)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(p.jobs)) && !p.stop.Load(); i = next.Add(1) - 1 {
				if errs[i] = p.one(&p.jobs[i]); errs[i] != nil {
					p.stop.Store(true)
				}
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *plays) one(job *playing) (err error) {
	stage := job.stage
	world := stage.World
	stage.World = func() replay.World { return &stoppable{World: world(), plays: p} }
	if *job.into, err = replay.Run(stage, job.policy); !p.logs {
		job.into.Log = nil
	}
	return err
}

// stoppable is a world that ends when nobody wants to see the rest, and tells how far
// it is.
type stoppable struct {
	replay.World

	plays  *plays
	passed int64
}

// countEach is how many requests are told at once: the count is shared.
const countEach = 1024

func (w *stoppable) Next() (replay.Request, bool) {
	if w.plays.stop.Load() {
		return replay.Request{}, false
	}
	q, more := w.World.Next()
	if w.passed++; w.passed == countEach || !more {
		w.plays.bar.add(w.passed)
		w.passed = 0
	}
	return q, more
}
