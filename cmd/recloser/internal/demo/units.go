package demo

import (
	"fmt"
	"time"
)

// seconds writes a length of time for people: "1.6 s".
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// span does the same where milliseconds matter: "3 ms".
func span(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second/10:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return seconds(d)
}

// after says when something came.
func after(d time.Duration) string {
	if d < 20*time.Millisecond {
		return "at once"
	}
	return "after " + span(d)
}

// clock writes a moment of the run, in a column: " 12.4s".
func clock(at time.Duration) string { return fmt.Sprintf("%5.1fs", at.Seconds()) }

func quoted(text string) string { return "\"" + text + "\"" }

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}
