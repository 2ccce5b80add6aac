package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// choice is one value of an enumeration.
type choice struct {
	name  string
	apply func(*Serve)
}

// oneOf makes an option of an enumeration.
func oneOf(o Option, choices ...choice) option {
	for _, one := range choices {
		o.Values = append(o.Values, one.name)
	}
	o.Arg = strings.Join(o.Values, "|")
	return option{o, func(c *Serve, text string) error {
		for _, one := range choices {
			if one.name == text {
				one.apply(c)
				return nil
			}
		}
		if near := Nearest(text, o.Values); near != "" && len(o.Values) > 1 {
			return fmt.Errorf("use %s; did you mean %s?", alternatives(o.Values), near)
		}
		return fmt.Errorf("use %s", alternatives(o.Values))
	}}
}

// alternatives joins words as a sentence does: "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "") + ", the only value for now"
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// whole reads an integer. lowest is how the least is written, if not as itself.
func whole(lo, hi int, lowest string, assign func(*Serve, int)) func(*Serve, string) error {
	if lowest == "" {
		lowest = strconv.Itoa(lo)
	}
	return func(c *Serve, text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < lo || n > hi {
			return fmt.Errorf("use a whole number from %s to %d", lowest, hi)
		}
		assign(c, n)
		return nil
	}
}

// orNone translates for the public structs, where zero means the default.
func orNone(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

// off is the text of an option that is switched off.
const off = "off"

// period reads a duration that must be there.
func period(most time.Duration, field func(*Serve) *time.Duration) func(*Serve, string) error {
	return func(c *Serve, text string) error {
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Millisecond || d > most {
			return fmt.Errorf("use a duration from 1ms to %dh, such as 30s or 1m30s", most/time.Hour)
		}
		*field(c) = d
		return nil
	}
}

// periodOrOff reads a duration into a field where zero means the default and a
// negative one none.
func periodOrOff(field func(*Serve) *time.Duration) func(*Serve, string) error {
	return func(c *Serve, text string) error {
		if d, err := time.ParseDuration(text); text == off || err == nil && d == 0 {
			*field(c) = -1
			return nil
		}
		if period(day, field)(c, text) != nil {
			return errors.New("use a duration from 1ms to 24h, such as 30s or 1m30s, or off")
		}
		return nil
	}
}

// wait reads a duration that may be zero.
func wait(field func(*Serve) *time.Duration) func(*Serve, string) error {
	return func(c *Serve, text string) error {
		if text == off {
			text = "0"
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 || d > day {
			return errors.New("use a duration from 0 (none) to 24h, such as 30s or 1m30s")
		}
		*field(c) = d
		return nil
	}
}

// size reads a number of bytes.
func size(most int64, field func(*Serve) *int64) func(*Serve, string) error {
	return func(c *Serve, text string) error {
		n, ok := bytes(text)
		if !ok || n < 1 || n > most {
			return fmt.Errorf("use a number of bytes, or of KiB, MiB or GiB, such as 4MiB, from 1 to %dGiB", most>>30)
		}
		*field(c) = n
		return nil
	}
}

// bytes reads "4MiB" and "4194304".
func bytes(text string) (_ int64, ok bool) {
	factor := int64(1)
	for i, unit := range []string{"KiB", "MiB", "GiB"} {
		if number, found := strings.CutSuffix(text, unit); found {
			text, factor = strings.TrimSpace(number), 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/factor {
		return 0, false
	}
	return n * factor, true
}
