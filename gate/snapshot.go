package gate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"
)

// Snapshot is all that a gate must remember over a restart. It can be written as
// JSON. It never holds the key.
type Snapshot struct {
	Metrics
	At time.Time

	Hit     time.Time // the last limit, or when calls were let through after it; zero: none
	Cut     time.Time // when the rate was last set or cut
	Tokens  float64   // in the bucket of a limit
	Base    float64   // the rate when it was last set or cut
	Trust   int       // in Base: 0 from answers, 1 from a wait, 2 measured, 3 from headers
	Guesses int       // 429s in a row that did not say how long to wait

	AskedSince, AnsweredSince time.Time // of Asked and Answered; zero: for long

	ParkedSince time.Time     // zero: not parked
	Retest      time.Duration // between the tests of a parked key, at present
}

// Snapshot returns the gate as it is at one moment.
func (g *Gate) Snapshot() Snapshot { return g.snapshot(g.now()) }

// SnapshotAt is Snapshot at the instant now.
func (g *Gate) SnapshotAt(now time.Time) Snapshot { return g.snapshot(g.at(now)) }

func (g *Gate) snapshot(t instant) Snapshot {
	defer g.enter(t)()
	s := Snapshot{
		Metrics: g.figures(t), At: g.time(t), Tokens: max(g.law.tokens, 0), Guesses: g.guesses,
		Base: g.law.base, Trust: int(g.law.trust),
		AskedSince: g.timeOf(g.asked.from, g.asked.seen), AnsweredSince: g.timeOf(g.answered.from, g.answered.seen),
		Hit: g.timeOf(g.law.hit, g.law.struck), Cut: g.timeOf(g.law.cut, g.law.rate > 0),
		ParkedSince: g.timeOf(g.park.since, g.park.on), Retest: time.Duration(g.park.every),
	}
	if g.state == Parked {
		s.Until = g.time(g.park.due)
	}
	return s
}

// Restore brings a new gate to where the snapshot was taken: one that was closed
// is closed for the rest of its time, at most MaxClosed from now, a limit goes on,
// and a parked key stays parked. Label and Model are not looked at. OnTransition
// is told if the gate is not open. An error says what makes no sense and changes
// nothing.
func (g *Gate) Restore(s Snapshot) error { return g.restore(g.now(), s) }

// RestoreAt is Restore at the instant now.
func (g *Gate) RestoreAt(now time.Time, s Snapshot) error { return g.restore(g.at(now), s) }

func (g *Gate) restore(t instant, s Snapshot) error {
	if err := s.validate(); err != nil {
		return err
	}
	defer g.deliver()
	g.bring(t, s)
	return nil
}

// bring is restore of what makes sense, without telling the observer.
func (g *Gate) bring(t instant, s Snapshot) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.look(t)
	g.rateLimits += s.RateLimits
	g.overloads += s.Overloads
	g.quotas += s.Quotas
	g.badKeys += s.BadKeys
	g.refused += s.Refused
	g.outbox.panics += s.ObserverPanics
	g.lastLimit, g.guesses = min(g.at(s.LastLimit), t), s.Guesses
	then := min(g.at(s.At), t)
	g.asked, g.answered = g.meterOf(s.Asked, then, s.AskedSince), g.meterOf(s.Answered, then, s.AnsweredSince)
	if s.State == Closed {
		g.until = max(g.until, g.at(s.Until))
	}
	if !s.Hit.IsZero() {
		g.law.hit, g.law.struck = g.at(s.Hit), true
	}
	if s.Rate > 0 && !g.cfg().NoRate {
		g.law.rate, g.law.tokens, g.law.began, g.law.cut, g.law.upTo = max(s.Rate, slowest/100), s.Tokens, t, g.at(s.Cut), then
		g.law.base, g.law.trust = s.Base, trust(s.Trust)
		if s.Base == 0 { // it is from before there was one
			g.law.trust = fromAnswers
		}
	}
	if !s.ParkedSince.IsZero() {
		every := min(max(instant(s.Retest), instant(g.cfg().Retest)), instant(g.cfg().MaxRetest))
		why := cmp.Or(s.ParkedFor, OutOfQuota)
		g.park = park{on: true, why: why, since: g.at(s.ParkedSince), due: g.at(s.Until), every: every, tests: s.Tests}
	}
	g.notFarOff(t)
	g.law.advance(t, g.demand(t))
	g.settle(t, Restored)
}

// meterOf is a meter of a mean at t since some time.
func (g *Gate) meterOf(mean float64, t instant, since time.Time) meter {
	from := t - 10*memory*second
	if !since.IsZero() {
		from = min(g.at(since), t)
	}
	m := meter{at: t, from: from, seen: mean > 0}
	m.rate = mean * m.share(t)
	return m
}

func (s Snapshot) validate() error {
	var errs []error
	for _, f := range []struct {
		name string
		n    int64
	}{
		{"RateLimits", s.RateLimits}, {"Overloads", s.Overloads}, {"Quotas", s.Quotas}, {"BadKeys", s.BadKeys}, {"Refused", s.Refused},
		{"ObserverPanics", s.ObserverPanics}, {"Guesses", int64(s.Guesses)}, {"Tests", int64(s.Tests)},
	} {
		if f.n < 0 || f.n > 1<<52 {
			errs = append(errs, &ConfigError{"Snapshot." + f.name, f.n, "0 to 2^52"})
		}
	}
	for _, f := range []struct {
		name string
		x    float64
	}{{"Rate", s.Rate}, {"Base", s.Base}, {"Tokens", s.Tokens}, {"Asked", s.Asked}, {"Answered", s.Answered}} {
		if !(f.x >= 0 && f.x <= math.MaxInt32) { // so that NaN is wrong too
			errs = append(errs, &ConfigError{"Snapshot." + f.name, f.x, "0 to 2^31"})
		}
	}
	if s.Trust < 0 || s.Trust > int(fromHeaders) {
		errs = append(errs, &ConfigError{"Snapshot.Trust", s.Trust, "0 to 3"})
	}
	if s.State > Parked {
		errs = append(errs, &ConfigError{"Snapshot.State", uint8(s.State), "Open, Limited, Closed or Parked"})
	}
	if s.ParkedFor != "" && s.ParkedFor != OutOfQuota && s.ParkedFor != KeyRefused {
		errs = append(errs, &ConfigError{"Snapshot.ParkedFor", s.ParkedFor, fmt.Sprintf("%q, %q or none", OutOfQuota, KeyRefused)})
	}
	if s.Retest < 0 {
		errs = append(errs, &ConfigError{"Snapshot.Retest", s.Retest, "a duration that is not negative"})
	}
	return errors.Join(errs...)
}
