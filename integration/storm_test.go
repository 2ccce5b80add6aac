package integration

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

var stormTime = flag.Duration("storm", 4*time.Second, "how long the service is down for TestRetryStorm")

// 500 clients, each with retries of its own, meet a service that is down. What
// reaches it stays within the retry budget: ten retries and a tenth of the calls.
// If the circuit may open that is all, and without it there are the calls' first
// attempts.
func TestRetryStorm(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 10 s")
	}
	const clients = 500
	budget := func(calls int64) int64 { return 10 + calls/10 }
	probes := int64(*stormTime/time.Second) + 1 // at most one a second, by the base timeout
	for _, row := range []struct {
		name string
		args []string // nil: no proxy
		most func(calls int64) int64
	}{
		{"the bare client", nil, func(calls int64) int64 { return 3 * calls }},
		{"Recloser", []string{}, func(calls int64) int64 { return budget(calls) + probes }},
		{
			"Recloser, circuits do not open", []string{"--failure-threshold", "1000000"},
			func(calls int64) int64 { return calls + budget(calls) },
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			api := openaitest.Start(t, openaitest.Config{LogSize: -1})
			c := &crowd{
				URL: api.BaseURL, clients: clients, params: chatParams("m"),
				think: func(rng *rand.Rand, _ error) time.Duration {
					return time.Duration((0.5 + rng.Float64()) * float64(time.Second))
				},
			}
			if row.args != nil {
				c.URL = startServe(t, append([]string{"--upstream", api.BaseURL}, row.args...)...).URL()
			}
			down := time.Now().Add(time.Second) // until then all is well
			c.from = down
			timer := time.AfterFunc(time.Until(down), func() { api.Set(openaitest.Down{}) })
			defer timer.Stop()
			c.run(t, down.Add(*stormTime))
			idle(t, api)
			calls, attempts := c.calls.Load(), api.Counts().ByFault["down"]
			t.Logf("down for %v: %d calls, %d attempts reached the service, %.2f a call", *stormTime, calls, attempts, float64(attempts)/float64(calls))
			if most := row.most(calls); attempts > most || calls < clients {
				t.Errorf("%d attempts for %d calls, more than %d", attempts, calls, most)
			}
		})
	}
}
