package bench

import (
	"flag"
	"testing"
	"time"
)

// kinds are the answers that are measured.
var kinds = [...]struct {
	name   string
	stream bool
}{
	{"json", false},
	{"stream", true},
}

// BenchmarkProxy is recloser serve beside a plain reverse proxy. -benchtime is
// the time for each of the two.
func BenchmarkProxy(b *testing.B) {
	plain, recloser := startProxies(b)
	for _, kind := range kinds {
		b.Run("answer="+kind.name, func(b *testing.B) {
			c := &comparison{sides: load(b, plain, recloser, kind.stream), total: benchtime()}
			if _, err := takeTurns(c.sides, c.total/4); err != nil { // to warm up
				b.Fatal(err)
			}
			for n, side := range c.sides {
				b.Run("impl="+side.impl, c.bench(n))
			}
		})
	}
}

// benchtime is the time that -benchtime asks for, or, if it counts iterations,
// the least that can be done.
func benchtime() time.Duration {
	d, _ := time.ParseDuration(flag.Lookup("test.benchtime").Value.String())
	return d
}

// startProxies runs both proxies with an upstream behind them.
func startProxies(tb testing.TB) (plain, recloser *process) {
	tb.Helper()
	binary := buildRecloser(tb)
	upstream := "http://" + startSelf(tb, "upstream").addr
	plain = startSelf(tb, "plain", upstreamVariable+"="+upstream)
	recloser = startRecloser(tb, binary, upstream+"/v1")
	return plain, recloser
}

func load(tb testing.TB, plain, recloser *process, stream bool) [2]side {
	tb.Helper()
	return [2]side{
		{"plain", plain, newClient(tb, plain.addr, stream)},
		{"recloser", recloser, newClient(tb, recloser.addr, stream)},
	}
}

// TestProxies shows that what BenchmarkProxy does works, and that it measures
// what it says.
func TestProxies(t *testing.T) {
	plain, recloser := startProxies(t)
	if get(t, plain).Header.Get("Recloser-Kind") != "" || get(t, recloser).Header.Get("Recloser-Kind") != "success" {
		t.Fatal("the proxies are not what they should be")
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			sides := load(t, plain, recloser, kind.stream)
			sums, err := takeTurns(sides, 0)
			if err != nil {
				t.Fatal(err)
			}
			for n, side := range sides {
				if sums[n].requests != rounds*connections || sums[n].elapsed <= 0 {
					t.Errorf("%s did %+v, want %d requests", side.impl, sums[n], rounds*connections)
				}
			}
		})
	}
}
