package tune

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Limit is how many false trips there may be in a time.
type Limit struct {
	Trips float64
	In    time.Duration
}

const day = 24 * time.Hour

// periods are the words for the time of a Limit.
func periods() map[string]time.Duration {
	return map[string]time.Duration{"hour": time.Hour, "day": day, "week": 7 * day, "month": 30 * day, "year": 365 * day}
}

// ParseLimit reads "1/month", or 0 for none at all.
func ParseLimit(text string) (Limit, error) {
	count, word, found := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(strings.TrimSpace(count), 64)
	in, known := periods()[strings.TrimSpace(word)]
	switch {
	case err != nil || !(n >= 0) || math.IsInf(n, 0), found && !known, !found && n > 0:
		return Limit{}, errors.New("use a number and a time, such as 1/month or 2/week; or 0")
	case !found:
		in = 30 * day
	}
	return Limit{n, in}, nil
}

// String is as it is read.
func (l Limit) String() string {
	for word, in := range periods() {
		if in == l.In {
			return fmt.Sprintf("%v/%s", l.Trips, word)
		}
	}
	return fmt.Sprintf("%v in %v", l.Trips, l.In)
}

// obeyed reports whether so many false trips are few enough. In a time that is shorter
// than the limit's it takes less than one, on the average of seeds.
func (l Limit) obeyed(m *measure) bool {
	return m.false <= l.Trips*float64(m.length)/float64(l.In)+1e-9
}
