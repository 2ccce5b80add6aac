package openaitest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

// A Fault answers an attempt in place of the healthy service, or lets the
// service answer and spoils what it says.
//
// One value serves many attempts at once, so it must not change while it does,
// or guard what changes.
// Everything that wants to wait should wait for r.Context() too: it ends when
// the client leaves and when the server is closed.
type Fault interface {
	// Name is the kind under which Counts files the attempt: one short word in
	// lower case, such as "down".
	Name() string
	// Serve answers one attempt. The healthy answer, or that of the faults
	// behind this one in an All, is next. To break the connection without an
	// answer, panic with http.ErrAbortHandler.
	Serve(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// A Chooser is a Fault that stands for others and decides anew for each attempt
// which of them it is to suffer. The server asks once for each attempt, and
// files it under the name of what was chosen.
type Chooser interface {
	Fault
	// Choose returns the fault for attempt a; nil means healthy. It should
	// depend on a only, or runs cannot be repeated.
	Choose(a Attempt) Fault
}

// An Attempt is what a Chooser may know about one request.
type Attempt struct {
	// N is the ordinal number among all attempts at the server, from 1.
	N uint64
	// Turn is the ordinal number since the fault in force was set, from 1.
	Turn uint64
	// Elapsed is how long the fault in force has been set.
	Elapsed time.Duration
	// Seed is Config.Seed.
	Seed uint64
	// Endpoint is the path without the /v1 prefix and ids, such as
	// "chat/completions"; "other" for a path that the API does not have.
	Endpoint string
	// Model and Stream are what the body asks for; zero if it does not say.
	Model  string
	Stream bool
	// Client is the label of the sender, see Config.ClientHeader.
	Client string

	salt uint64
}

// AttemptOf returns the attempt that r is; the zero Attempt if r did not come
// through a Server.
func AttemptOf(r *http.Request) Attempt {
	if c := callOf(r.Context()); c != nil {
		return c.attempt
	}
	return Attempt{}
}

// Luck returns a number in [0, 1) that depends on the seed, on N and, for faults
// inside faults, on the place of the one that asks. Asked twice, it says the
// same.
func (a Attempt) Luck() float64 {
	return float64(a.hash()>>11) / (1 << 53)
}

// Rand returns a new generator that depends on the same things as Luck.
func (a Attempt) Rand() *rand.Rand {
	h := a.hash()
	return rand.New(rand.NewPCG(h, scramble(h)))
}

func (a Attempt) hash() uint64 {
	return scramble(scramble(scramble(a.Seed)+a.N) + a.salt)
}

// inside returns a as the i-th fault within the present one sees it, so that
// nested choices are independent of each other.
func (a Attempt) inside(i int) Attempt {
	a.salt = scramble(a.salt + uint64(i) + 1)
	return a
}

// scramble is the finishing step of SplitMix64: each bit of x moves about half
// of the result's.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// maxDepth bounds choosers within choosers, in case one chooses itself.
const maxDepth = 16

// resolve follows choosers to the fault that attempt a suffers.
func resolve(f Fault, a Attempt) Fault {
	for range maxDepth {
		c, ok := f.(Chooser)
		if !ok {
			break
		}
		f = c.Choose(a)
		a = a.inside(0)
	}
	if _, unsettled := f.(Chooser); f == nil || unsettled {
		return Healthy{}
	}
	return f
}

// serveChoice is the Serve of every chooser: it matters only where one is used
// outside a Server, which resolves choosers itself.
func serveChoice(c Chooser, w http.ResponseWriter, r *http.Request, next http.Handler) {
	resolve(c, AttemptOf(r)).Serve(w, r, next)
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}
