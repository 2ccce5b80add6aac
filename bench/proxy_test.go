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
	compare(b, "plain", plain, "recloser", recloser)
}

// BenchmarkProxyMetrics is recloser serve with metrics beside one without. Both have an
// admin listener, as by default, and so count for the dashboard.
func BenchmarkProxyMetrics(b *testing.B) {
	off, on := startMetrics(b)
	compare(b, "off", off, "on", on)
}

// compare loads two proxies in turns.
func compare(b *testing.B, name string, first *process, other string, second *process) {
	b.Helper()
	for _, kind := range kinds {
		b.Run("answer="+kind.name, func(b *testing.B) {
			c := &comparison{sides: load(b, first, second, kind.stream), total: benchtime()}
			c.sides[0].impl, c.sides[1].impl = name, other
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
	recloser = startRecloser(tb, binary, upstream+"/v1", nil, "--admin", "off")
	return plain, recloser
}

// startMetrics runs two reclosers with an upstream behind them.
func startMetrics(tb testing.TB) (off, on *process) {
	tb.Helper()
	binary := buildRecloser(tb)
	upstream := "http://" + startSelf(tb, "upstream").addr + "/v1"
	off = startRecloser(tb, binary, upstream, nil, "--admin", "127.0.0.1:0", "--metrics", "off")
	on = startRecloser(tb, binary, upstream, nil, "--admin", "127.0.0.1:0", "--metrics", "on")
	return off, on
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
