package report

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// MaxAge is the longest time that ParseAge reads: about ten years.
const MaxAge = 3660 * 24 * time.Hour

// ParseAge reads a length of time, which may be in days: 30d, 12h, 1d12h. The error says
// what to write.
func ParseAge(text string) (time.Duration, error) {
	days, rest, found := strings.Cut(text, "d")
	if !found {
		days, rest = "0", text
	}
	n, err := strconv.Atoi(days)
	d := time.Duration(0)
	if err == nil && rest != "" {
		d, err = time.ParseDuration(rest)
	}
	const most = int(MaxAge / (24 * time.Hour))
	if err != nil || n < 0 || n > most || d < 0 || d > MaxAge || d+time.Duration(n)*24*time.Hour <= 0 {
		return 0, errors.New("use a time such as 30d, 12h or 90m")
	}
	return d + time.Duration(n)*24*time.Hour, nil
}
