package gate

import "time"

// Kind is what the end of an attempt says about limits.
type Kind uint8

const (
	// Nothing: no word about limits: another failure, or the caller has left.
	Nothing Kind = iota
	// Answer: the service did what was asked.
	Answer
	// RateLimit: the key's own limit is used up, and fills again by itself.
	RateLimit
	// Overload: the service sheds load, or the traffic rose too fast (slow_down,
	// server_is_overloaded).
	Overload
	// Quota: the key's money or allowance is used up, until a human acts.
	Quota
	// BadKey: the service does not take the key (401, 403), until a human acts.
	BadKey
)

// Report is how an attempt ended. Fields that are not known are zero.
type Report struct {
	Kind Kind

	// Begun is when the attempt was let through: when Allow or Wait returned.
	// What began before the gate closed says nothing about what came of it since.
	// Zero: after whatever the gate knows.
	Begun time.Time

	// RetryAfter is how long the service asked to wait.
	RetryAfter time.Duration

	// Requests and Tokens are what the service said of its limits, see
	// [ReadLimits].
	Requests, Tokens Limit

	// Needed is how many tokens the attempt needs, an estimate.
	Needed int64
}

// Limit is one limit as x-ratelimit-* headers tell it. It says nothing if Limit
// or Reset is not above 0.
type Limit struct {
	Limit     int64         // the most
	Remaining int64         // of it, now; negative: not known
	Reset     time.Duration // until all of it is there again
}

// refill is how long one unit takes to come back, in seconds, or 0 if the limit
// does not say.
func (l Limit) refill() float64 {
	if l.Limit <= 0 || l.Remaining < 0 || l.Remaining >= l.Limit || l.Reset <= 0 {
		return 0
	}
	return l.Reset.Seconds() / float64(l.Limit-l.Remaining)
}

// wait is how many seconds it takes until needed has come back, or 0 if the limit
// does not say. What remains is left out of account: the limit is also enforced
// over shorter times, and a 429 says that what remains was not to be had. More
// than all of it is never waited for.
func (l Limit) wait(needed int64) float64 {
	return float64(min(max(needed, 0), l.Limit)) * l.refill()
}

// scarce is the part of a limit below which calls slow down.
const scarce = 0.1

// Scarce reports whether less than a tenth of the limit remains. Only then does
// an [Answer] need to say how many tokens it has needed.
func (l Limit) Scarce() bool {
	return l.refill() > 0 && float64(l.Remaining) < scarce*float64(l.Limit)
}

// pace is how many calls a second the limit allows in the long run, and how many
// at once, if little of it remains; else 0.
func (l Limit) pace(needed int64) (rate, tokens float64) {
	if needed <= 0 || !l.Scarce() {
		return 0, 0
	}
	each := l.refill() * float64(needed)
	return 1 / each, float64(l.Remaining) / float64(needed)
}

// wait is how long the service wants this attempt to wait, or 0 if it does not
// say.
func (r Report) wait() instant {
	if r.RetryAfter > 0 {
		return min(instant(r.RetryAfter), farthest)
	}
	if s := max(r.Requests.wait(1), r.Tokens.wait(r.Needed)); s > 0 {
		return span(s)
	}
	return 0
}

// told is how many calls a second the limits allow in the long run, however much
// of them remains, or 0 if they do not say.
func (r Report) told() float64 {
	if each := max(r.Requests.refill(), r.Tokens.refill()*float64(max(r.Needed, 0))); each > 0 {
		return 1 / each
	}
	return 0
}

// pace is the slower of the two limits', if little remains of one; else 0.
func (r Report) pace() (rate, tokens float64) {
	rate, tokens = r.Requests.pace(1)
	if slow, few := r.Tokens.pace(r.Needed); slow > 0 && (rate == 0 || slow < rate) {
		rate, tokens = slow, few
	}
	return rate, tokens
}
