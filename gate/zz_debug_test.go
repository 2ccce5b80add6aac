package gate

import (
	"fmt"
	"os"
	"testing"
	"time"
)

func TestZZ(t *testing.T) {
	want := os.Getenv("ROW")
	if want == "" {
		t.Skip()
	}
	for _, r := range simRows() {
		if r.String() != want {
			continue
		}
		g, _ := NewAt(time.Unix(1e9, 0), "key", "m", Config{Seed: 1})
		s := &sim{bucketKind: r.bucketKind, hints: r.hints, clients: r.clients, delay: r.delay, g: g}
		simTrace = func(rep Report) {
			if rep.Kind == RateLimit {
				fmt.Printf("%7.3f 429 RA %6v until %7.3f rate %6.3f sure %v base %6.3f tok %6.2f meas %6.3f calls %5.1f/%5.1f told %.3f demand %.2f real %.2f n=%d line %d\n", s.now.seconds(), rep.RetryAfter, g.until.seconds(), g.law.rate, g.law.trust, g.law.base, g.law.tokens, 0., g.law.found.passed, (s.now - g.law.found.mark).seconds(), g.law.found.told, g.demand(s.now), s.tokens, s.answered, len(g.line))
			}
		}
		s.run()
		simTrace = nil
	}
}
