package tune

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/recloser/recloser/replay"
)

// Source is a trace with the name that people know it by.
type Source struct {
	Name  string
	Trace *replay.Trace
}

// Budget bounds a search.
type Budget struct {
	Candidates int
	Time       time.Duration // more than zero: it ends then, and is another one each time
}

// Input is what a search is about.
type Input struct {
	Sources []Source
	Options []Option // of the configuration
	// Build makes circuits and gates of settings, as a configuration would. It may
	// be called concurrently.
	Build   func(Settings) (replay.Circuits, error)
	Limit   Limit
	Holdout float64 // share of the attempts of each trace, from above 0 to below 1
	Seed    uint64
	Budget  Budget

	// Begun is told how many requests will be played, about; and Played how many more
	// have been. It may be called concurrently. Nil: nobody wants to
	// know. If the budget is a time, neither is called.
	Begun  func(requests int)
	Played func(requests int)
}

// The least that is needed to say anything.
const (
	leastRequests = 200
	leastPart     = 20 // requests of a part, to be of use
)

// How often candidates are played, with different luck of what is guessed and of what
// policies draw.
const (
	seedsAtFirst = 2
	seedsAtLast  = 6
)

// finalists are judged on what was held out; batch are tried between two looks at what
// has been found, whatever the number of processors, so that the result does not
// depend on it.
const (
	finalists = 5
	batch     = 16
)

// ErrTooLittle is that the traces are not enough to recommend anything.
var ErrTooLittle = errors.New("nothing can be recommended")

// candidate is a point of the search.
type candidate struct {
	settings Settings
	train    measure
	held     measure
	all      measure // both
}

// search is one at work.
type search struct {
	Input

	space  space
	luck   *rand.Rand
	until  time.Time
	player *player
	train  []int // of player.parts
	held   []int
	splits []Split
	seen   map[string]bool
	tried  int
	found  []candidate // the best first
}

// Run searches. The error is ErrTooLittle, wrapped with what is missing, if the traces
// say too little; or that of ctx.
func Run(ctx context.Context, in Input) (*Result, error) {
	s := &search{
		Input: in, space: spaceOf(in.Options), luck: rand.New(rand.NewPCG(in.Seed, 1)), seen: make(map[string]bool),
		player: &player{build: in.Build, seed: in.Seed, done: func(int) {}},
	}
	if in.Budget.Time > 0 {
		s.until = time.Now().Add(in.Budget.Time)
	}
	s.divide()
	if err := s.enough(); err != nil {
		return nil, err
	}
	if s.Begun != nil && s.Played != nil && s.until.IsZero() {
		s.begin()
		s.player.done = s.Played
	}
	if err := s.player.ask(ctx, seedsAtLast); err != nil {
		return nil, err
	}
	if err := s.explore(ctx); err != nil {
		return nil, err
	}
	return s.judge(ctx)
}

// divide makes the parts.
func (s *search) divide() {
	for _, source := range s.Sources {
		train, held, at := split(source.Trace, s.Holdout)
		s.splits = append(s.splits, splitOf(source, &train, &held, at))
		for _, p := range []struct {
			part part
			into *[]int
		}{{train, &s.train}, {held, &s.held}} {
			if p.part.requests > 0 {
				*p.into = append(*p.into, len(s.player.parts))
				s.player.parts = append(s.player.parts, p.part)
			}
		}
	}
}

// enough reports what is missing.
func (s *search) enough() error {
	var requests, outages, trained, held, before int
	for _, x := range s.splits {
		outages += x.Outages
		before += x.Training.Outages
		trained, held = trained+x.Training.Requests, held+x.HeldOut.Requests
	}
	requests = trained + held
	const collect = "Collect more: run \"recloser serve --record on\" in front of your traffic for some\n" +
		"weeks, through some outages, and tune on \"recloser export\". Several traces can be\ngiven at once"
	switch {
	case requests < leastRequests:
		return fmt.Errorf("%w: there are %d requests, and it takes %d at least.\n%s", ErrTooLittle, requests, leastRequests, collect)
	case outages == 0:
		return fmt.Errorf("%w: no outage is on record, five failures in a row.\n"+
			"What settings do in one nobody knows: stay with the defaults.\n%s", ErrTooLittle, collect)
	case trained < leastPart || held < leastPart:
		return fmt.Errorf("%w: %d requests are searched and %d held out,\n"+
			"and it takes %d of each at least: use another --holdout.\n%s", ErrTooLittle, trained, held, leastPart, collect)
	case before == 0:
		return fmt.Errorf("%w: all outages are in the part that is held out.\nUse a smaller --holdout.\n%s", ErrTooLittle, collect)
	}
	return nil
}

// begin tells how much there is to do.
func (s *search) begin() {
	total := 0
	for _, i := range s.train {
		total += s.player.parts[i].requests * seedsAtFirst * s.Budget.Candidates
	}
	for i := range s.player.parts {
		total += s.player.parts[i].requests * seedsAtLast * 3 * finalists
	}
	s.Begun(total)
}
