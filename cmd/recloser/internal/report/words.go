package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// none stands for what is not known or has no meaning.
const none = "–"

// count writes a number in groups of three: "12,345".
func count(n int64) string {
	text := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, text = "−", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// many writes "1 call", "2 calls".
func many(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return count(n) + " " + what + "s"
}

// percent cuts rather than rounds: only what is whole is 100 %.
func percent(share *float64) string {
	if share == nil {
		return none
	}
	if *share >= 1 {
		return "100 %"
	}
	return fmt.Sprintf("%.3f %%", math.Floor(*share*1e5+1e-6)/1e3)
}

// length writes a time: "4.2 s", "12 min", "3 h 05 min", "2.5 d".
func length(s *Seconds) string {
	if s == nil {
		return none
	}
	return lengthOf(*s)
}

func lengthOf(s Seconds) string {
	d := s.Duration()
	switch {
	case d <= 0:
		return "0 s"
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second-time.Millisecond/2:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 100*time.Second-time.Second/2:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 100*time.Minute-time.Minute/2:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 2*day:
		m := int(math.Round(d.Minutes()))
		return strings.TrimSuffix(fmt.Sprintf("%d h %02d min", m/60, m%60), " 00 min")
	default:
		return strings.Replace(fmt.Sprintf("%.1f d", d.Hours()/24), ".0 d", " d", 1)
	}
}

// inWords is lengthOf in a sentence: "30 days".
func inWords(s Seconds) string {
	if d := s.Duration(); d >= 2*day && d%day == 0 {
		return count(int64(d/day)) + " days"
	}
	return lengthOf(s)
}

// moment writes a time to the minute; the head of the report says that it is UTC.
func moment(t time.Time) string { return t.Format("2006-01-02 15:04") }

// plain writes a number that may have a fraction: "12.4", "1,204".
func plain(x float64) string {
	if math.Abs(x) < 100 && x != math.Trunc(x) {
		return strings.Replace(strconv.FormatFloat(x, 'f', 1, 64), "-", "−", 1)
	}
	return count(int64(math.Round(min(max(x, -1e15), 1e15))))
}

// sentence joins what is not empty: "a, b".
func sentence(parts ...string) string {
	var some []string
	for _, p := range parts {
		if p != "" {
			some = append(some, p)
		}
	}
	return strings.Join(some, ", ")
}

// ifAny is text where there is something to count, else "".
func ifAny(n int64, text string) string {
	if n == 0 {
		return ""
	}
	return text
}
