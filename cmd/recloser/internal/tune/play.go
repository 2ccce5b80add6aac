package tune

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/recloser/recloser/replay"
)

// measure is how settings have fared on some parts of traces.
type measure struct {
	requests int
	length   time.Duration
	excess   []float64 // what was lost more than by the oracle, by block, mean over seeds
	false    float64   // false trips, mean over seeds

	// The rest too are means over seeds.
	unanswered, failed, wasted, refusedGood, openings float64
}

// regret is what 1000 requests have lost more than with the oracle.
func (m *measure) regret() float64 {
	var sum float64
	for _, x := range m.excess {
		sum += x
	}
	return 1000 * sum / float64(max(m.requests, 1))
}

// and is both measures as one.
func (m measure) and(o measure) measure {
	m.requests += o.requests
	m.length += o.length
	m.excess = append(append([]float64(nil), m.excess...), o.excess...)
	m.false += o.false
	m.unanswered += o.unanswered
	m.failed += o.failed
	m.wasted += o.wasted
	m.refusedGood += o.refusedGood
	m.openings += o.openings
	return m
}

// player plays settings on parts.
type player struct {
	build func(Settings) (replay.Circuits, error)
	parts []part
	seed  uint64
	done  func(requests int)

	oracle [][]ledger // by part and seed
}

// stage is a part with one seed. Its client waits as long as was recorded, as that of
// "recloser replay": otherwise answers that took longer than its patience would be
// failures.
func (p *player) stage(of *part, seed int) replay.Stage {
	client := replay.SpecClient()
	client.GiveUp = 0
	return of.trace.Stage(replay.Likely, client, p.seed+uint64(seed))
}

// ask plays the oracle with so many seeds.
func (p *player) ask(ctx context.Context, seeds int) error {
	p.oracle = make([][]ledger, len(p.parts))
	for i := range p.parts {
		p.oracle[i] = make([]ledger, seeds)
	}
	return each(ctx, len(p.parts)*seeds, func(n int) error {
		part, seed := n/seeds, n%seeds
		l := &p.oracle[part][seed]
		l.cuts = p.parts[part].cuts
		_, err := replay.Run(p.stage(&p.parts[part], seed), l.watch(replay.Oracle(replay.SpecCosts())))
		return err
	})
}

// play plays settings on one part, with so many seeds. It returns an error for
// settings of which nothing can be built.
func (p *player) play(ctx context.Context, of Settings, at, seeds int) (measure, error) {
	circuits, err := p.build(of)
	if err != nil {
		return measure{}, fmt.Errorf("%s: %w", of.key(), err)
	}
	part := &p.parts[at]
	m := measure{requests: part.requests, length: part.length, excess: make([]float64, len(part.cuts)+1)}
	share := 1 / float64(seeds)
	for seed := range seeds {
		if err := ctx.Err(); err != nil {
			return measure{}, err
		}
		l := ledger{cuts: part.cuts, outages: part.trace.Facts().Outages}
		s, err := replay.Run(p.stage(part, seed), l.watch(circuits.Policy("", "")))
		if err != nil {
			return measure{}, err
		}
		for i, lost := range l.lost {
			m.excess[i] += share * (lost - p.oracle[at][seed].lost[i])
		}
		m.false += share * float64(l.false)
		m.unanswered += share * float64(s.RefusedAtOnce+s.WaitedThenFailed)
		m.failed += share * float64(s.Failed)
		m.wasted += share * float64(s.Wasted)
		m.refusedGood += share * s.RefusedGood
		m.openings += share * float64(s.Openings)
		p.done(part.requests)
	}
	return m, nil
}

// each calls f with 0 to n-1, on all processors. It returns the error of the least
// number, or that of ctx.
func each(ctx context.Context, n int, f func(int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				errs[i] = f(i)
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
