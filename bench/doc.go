// Package bench measures Recloser beside what does its job without protecting
// anything. It has no code of its own; see its tests. Ratios are benchstat's,
// between sub-benchmarks that end in impl=plain and impl=recloser: "make
// bench-core" and "make bench-proxy".
//
// BenchmarkProxy drives whole programs, each a process of its own, so that the
// CPU time of a proxy is its own: the client (this process) over 64 connections
// in a closed loop, a proxy, and an upstream that answers at once. One proxy is
// "recloser serve"; the other is a httputil.ReverseProxy with the same duty: it
// holds the body and parses model and stream. They take turns in slices of an
// eighth of a second, so that what else the machine does hits both alike.
//
// BenchmarkRoundTrip is the guard alone, as a Go program has it.
package bench
