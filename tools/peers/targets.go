package main

import (
	"fmt"
	"io"
)

// target is what issue 4 demands: that a takes at least so many times as long
// as b; with most, that it takes at most so many times as long.
type target struct {
	what  string
	a, b  benchmark
	least float64
	most  float64
}

func targets() []target {
	var all []target
	for _, form := range []string{"do", "permit"} {
		closed := func(impl, cores string) benchmark { return benchmark{"Closed", form, impl, cores} }
		all = append(all,
			target{what: form + ", closed, 1 core: gobreaker to recloser", a: closed("gobreaker", "1"), b: closed(ours, "1"), least: 4},
			target{what: form + ", the same with latency", a: closed("gobreaker", "1"), b: closed(ours+"-latency", "1"), least: 2},
			target{what: form + ", closed, 2 cores: gobreaker to recloser", a: closed("gobreaker", "2"), b: closed(ours, "2"), least: 8},
			target{what: form + ", the same with latency", a: closed("gobreaker", "2"), b: closed(ours+"-latency", "2"), least: 4},
			target{what: form + ", closed: recloser on 1 core to 2", a: closed(ours, "1"), b: closed(ours, "2"), least: 1},
		)
	}
	return append(all,
		target{what: "at, closed, 1 core: recloser to two striped additions", a: benchmark{"Closed", "at", ours, "1"}, b: benchmark{"Closed", "at", "floor-adds", "1"}, most: 2},
		target{what: "permit, open, 1 core: gobreaker to recloser", a: benchmark{"Open", "permit", "gobreaker", "1"}, b: benchmark{"Open", "permit", ours, "1"}, least: 2},
		target{what: "open, 1 core: gobreaker (permit) to recloser (at)", a: benchmark{"Open", "permit", "gobreaker", "1"}, b: benchmark{"Open", "at", ours, "1"}, least: 8},
	)
}

func (r *runs) targets(out io.Writer) {
	fmt.Fprintln(out, "| what | × | wanted | |")
	fmt.Fprintln(out, "| --- | ---: | ---: | --- |")
	for _, t := range targets() {
		got, wanted := divide(r.ns(t.a), r.ns(t.b)), fmt.Sprintf("≥ %.0f", t.least)
		met := got >= t.least
		if t.most > 0 {
			wanted, met = fmt.Sprintf("≤ %.0f", t.most), got > 0 && got <= t.most
		}
		verdict := "no"
		if met {
			verdict = "met"
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s |\n", t.what, figure(got), wanted, verdict)
	}
}
