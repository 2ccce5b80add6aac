package dashboard

import (
	"fmt"
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// crowd is a dashboard of 1,000 circuits that had calls of all lengths for an hour.
func crowd(tb testing.TB) (*Dashboard, *Live) {
	c := noon()
	l := NewLive(c.now)
	g, err := guard.New(nil, guard.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	for i := range 999 {
		g.Circuits().Child("host", fmt.Sprint(i))
	}
	for range 60 {
		for i := range 999 {
			for n := range 10 {
				l.Observe(tb.Context(), guard.Event{
					Type: guard.AttemptEnded, Circuit: fmt.Sprint("host/", i), Kind: fault.Kind(n / 9), Duration: time.Duration(n+1) * 300 * time.Millisecond, Content: time.Duration(n+1) * 10 * time.Millisecond,
				})
			}
		}
		c.add(time.Minute)
	}
	return New(Config{Live: l, Guard: g, Now: c.now}), l
}

// What a look at 1,000 circuits costs, if nothing has changed, if one has, and if all
// have.
func BenchmarkScan(b *testing.B) {
	for _, changed := range []int{0, 1, 999} {
		b.Run(fmt.Sprintf("changed=%d", changed), func(b *testing.B) {
			d, l := crowd(b)
			d.feed.tell(true)
			b.ReportAllocs()
			for b.Loop() {
				for i := range changed {
					l.Observe(b.Context(), guard.Event{Type: guard.AttemptEnded, Circuit: fmt.Sprint("host/", i), Duration: time.Second})
				}
				d.feed.tell(true)
			}
			b.ReportMetric(float64(len(d.feed.backlog[len(d.feed.backlog)-1].text)), "bytes/event")
		})
	}
}
