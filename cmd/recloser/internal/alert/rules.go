package alert

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// The rules, by name.
const (
	CircuitOpened  = "circuit-opened"
	CircuitOpen    = "circuit-open"
	RepeatedTrips  = "repeated-trips"
	Flapping       = "flapping"
	Brownout       = "brownout"
	ErrorBudget    = "error-budget"
	QuotaExhausted = "quota-exhausted"
	KeyRefused     = "key-refused"
	Degraded       = "degraded"
	TestPage       = "test"
)

// Rules say what is a trouble, and how often people hear of it. A rule whose number is
// zero is off.
type Rules struct {
	// Opened: a circuit is not closed, a Warning. Forced open by an operator is no
	// trouble, here and below.
	Opened bool
	// OpenFor: it has not been closed for so long. Critical.
	OpenFor time.Duration
	// Trips in TripsWithin: it has opened so often, and closed again. A Warning.
	Trips       int
	TripsWithin time.Duration
	// Flaps in FlapsWithin: so often that users get hardly more than when it is open.
	// Critical.
	Flaps       int
	FlapsWithin time.Duration

	// Brownout: such a share of the attempts at a circuit has failed for BrownoutFor, and
	// still fails, while the circuit has stayed closed. A Warning.
	Brownout    float64
	BrownoutFor time.Duration

	// SLO is the share of calls that users are to get an answer to, such as 0.99. What
	// is lacking burns the error budget; see burns.
	SLO float64
	// MinCalls is how many there must be before a share says anything.
	MinCalls int64

	// Quota: a key has no quota left. Critical.
	Quota bool
	// BadKeys: so many calls of a key in a row were refused with 401, for a minute at
	// least, a Warning; or a key of the configuration was. Critical.
	BadKeys int

	// DegradedFor: a part of the process has not been as it should be for so long. A
	// Warning.
	DegradedFor time.Duration

	// Repeat is how long after a page another one says that the trouble goes on.
	Repeat time.Duration
	// Settle is how long nothing must have been found before a trouble is over.
	Settle time.Duration
	// MuteUntil: until then no page is sent but those that a trouble is over.
	MuteUntil time.Time
	// Ignore are the circuits of which no trouble is made; * stands for any text.
	Ignore []string
	// Link is what the addresses of the dashboard begin with; "": none is known.
	Link string
}

// patterns are texts in which * stands for any text.
type patterns []*regexp.Regexp

func newPatterns(texts []string) (p patterns) {
	for _, text := range texts {
		quoted := strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, `.*`)
		p = append(p, regexp.MustCompile(`(?s)^`+quoted+`$`))
	}
	return p
}

// fit reports whether one of them fits.
func (p patterns) fit(s string) bool {
	return slices.ContainsFunc(p, func(one *regexp.Regexp) bool { return one.MatchString(s) })
}
