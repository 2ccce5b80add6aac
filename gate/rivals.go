package gate

// rivals are others who use up the same bucket: other processes with the same key,
// or other models whose limit it is, too. A gate that has some cannot measure how
// fast the bucket fills, nor take the rate that headers tell for its own. It has no
// clock and no lock.
type rivals struct {
	until         instant // they are taken to be there until then
	early, misled signs
}

const (
	rivalry = 300 * second // how long they are remembered
	// A wait as long as this is not used up by calls of one's own that were under way.
	ownCalls = second / 4
)

func (r *rivals) there(t instant) bool { return t < r.until }

// suspect takes in a sign of them, and that so many are no accident.
func (r *rivals) suspect(t instant, s *signs, enough int) {
	if s.add(t) >= enough {
		r.until = t + rivalry
	}
}

// signs are counted as long as they follow each other, and not all at once.
type signs struct {
	n  int
	at instant // of the last one
}

func (s *signs) add(t instant) int {
	switch since := t - s.at; {
	case s.n == 0 || since > repeats:
		*s = signs{1, t}
	case since >= second:
		*s = signs{s.n + 1, t}
	}
	return s.n
}

// notFarOff is for a clock that was set back.
func (r *rivals) notFarOff(t instant) {
	r.until = min(r.until, t+rivalry)
	r.early.at, r.misled.at = min(r.early.at, t), min(r.misled.at, t)
}

// suspect takes in what a 429 says of others. It reports whether the call came when
// the service had said it might, and none has been answered since it said so.
func (g *Gate) suspect(t, begun instant) (inVain bool) {
	l := &g.law
	inVain = g.promised && begun >= g.until
	switch told := l.found.lately(t); {
	case inVain && l.wait >= ownCalls:
		l.rivals.suspect(t, &l.rivals.early, 2)
	case l.rate > 0 && l.rate <= told && begun > l.began:
		l.rivals.suspect(t, &l.rivals.misled, 3)
	}
	return inVain
}
