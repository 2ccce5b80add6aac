package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// score writes a regret: "7.4", "128".
func score(x float64) string {
	if x > -9.95 && x < 9.95 {
		text := strconv.FormatFloat(x, 'f', 1, 64)
		return strings.Replace(strings.Replace(text, "-0.0", "0.0", 1), "-", "−", 1)
	}
	return count(int64(math.Round(x)))
}

// figureOf writes a regret with its standard error, if there is one: "28 ±1.2".
func figureOf(x float64, e *float64) string {
	if e == nil {
		return score(x)
	}
	return score(x) + " ±" + score(*e)
}

func number(x *float64) string {
	if x == nil {
		return none
	}
	return score(*x)
}

func ratio(x *float64) string {
	if x == nil {
		return none
	}
	return fmt.Sprintf("%.2f", *x)
}

// part1 writes a share to a tenth of a percent. Neither nothing nor all is said of a
// part.
func part1(n, of int) string {
	if of == 0 {
		return none
	}
	tenths := math.Round(1000 * float64(n) / float64(of))
	if n > 0 {
		tenths = max(tenths, 1)
	}
	if n < of {
		tenths = min(tenths, 999)
	}
	return strconv.FormatFloat(tenths/10, 'f', 1, 64) + " %"
}

// sinceStart writes a time since the start: "1:02:03".
func sinceStart(s Seconds) string {
	n := int64(s)
	if n < 3600 {
		return fmt.Sprintf("%d:%02d", n/60, n%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
}
