package demo

import (
	"fmt"

	"github.com/recloser/recloser/breaker"
)

// bars draws the last seconds, one column each: the circuit's state and how many
// attempts of either crowd reached the service.
func bars(all []second, columns int) []line {
	if room := columns - labelColumns - len(" to 100/s"); len(all) > room {
		all = all[len(all)-room:]
	}
	var most int64 = 1
	for _, s := range all {
		most = max(most, s.with, s.without)
	}
	scale := fmt.Sprintf(" to %d/s", most)
	with := label("attempts, Recloser")
	without := label("attempts, bare")
	circuit := label(fmt.Sprintf("circuit, last %d s", shownSeconds))
	for _, s := range all {
		symbol, st := mark(s.state)
		if s.state == breaker.Closed {
			st = faint
		}
		circuit = circuit.and(symbol, st)
		with = with.and(bar(s.with, most), plain)
		without = without.and(bar(s.without, most), plain)
	}
	return []line{circuit, with, without.and(scale, faint)}
}

// bar is one column that shows n of most; nothing for 0.
func bar(n, most int64) string {
	steps := []rune(" ▁▂▃▄▅▆▇█")
	if n <= 0 {
		return " "
	}
	return string(steps[1+(n*7)/most])
}
