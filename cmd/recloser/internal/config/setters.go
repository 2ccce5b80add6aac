package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/internal/nearest"
)

const day = 24 * time.Hour

// choice is one value of an enumeration.
type choice struct {
	name  string
	apply func(*Serve)
}

// oneOf makes an option of an enumeration.
func oneOf(choices ...choice) option {
	o := Option{Kind: Choice, Varies: true}
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
		if near := nearest.Of(text, o.Values); near != "" {
			return fmt.Errorf("use %s; did you mean %s?", alternatives(o.Values), near)
		}
		return fmt.Errorf("use %s", alternatives(o.Values))
	}}
}

// toggle makes an option that is on or off. In YAML people write true and false.
func toggle(assign func(*Serve, bool)) option {
	on := []string{"on", "true"}
	values := []string{"on", off}
	return option{Option{Kind: Toggle, Arg: "on|off", Values: values, Varies: true}, func(c *Serve, text string) error {
		if !slices.Contains(on, text) && text != off && text != "false" {
			return errors.New("use on or off")
		}
		assign(c, slices.Contains(on, text))
		return nil
	}}
}

// onOff makes an option of a switch.
func onOff(field func(*Serve) *guard.Switch) option {
	return toggle(func(c *Serve, on bool) {
		*field(c) = guard.Off
		if on {
			*field(c) = guard.On
		}
	})
}

// kinds reads a list of kinds of failure, or off, which is none.
func kinds(field func(*Serve) *[]fault.Kind) option {
	o := Option{Kind: List, Arg: "KINDS", OrOff: true, Varies: true}
	for k := fault.Success + 1; k < fault.Cancelled; k++ {
		o.Values = append(o.Values, k.String())
	}
	return option{o, func(c *Serve, text string) error {
		*field(c) = []fault.Kind{} // nil would be the default
		if text == off {
			return nil
		}
		for _, name := range items(text) {
			i := slices.Index(o.Values, name)
			if i < 0 {
				near := ""
				if n := nearest.Of(name, o.Values); n != "" {
					near = "; did you mean " + n + "?"
				}
				return fmt.Errorf("use off, or a list of %s%s", alternatives(o.Values), near)
			}
			k := fault.Success + 1 + fault.Kind(i)
			if slices.Contains(*field(c), k) {
				return fmt.Errorf("it has %s twice: remove one", name)
			}
			*field(c) = append(*field(c), k)
		}
		return nil
	}}
}

// items are the parts of a list that is separated by commas.
func items(text string) []string {
	all := strings.Split(text, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// varies makes an option one that overrides may change.
func varies(o option) option {
	o.Varies = true
	return o
}

// alternatives joins words as a sentence does: "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// whole reads an integer. lowest is how the least is written, if not as itself.
func whole(lo, hi int, lowest string, assign func(*Serve, int)) option {
	if lowest == "" {
		lowest = strconv.Itoa(lo)
	}
	return option{Option{Kind: Whole, Arg: "N", Low: int64(lo), High: int64(hi), Varies: true}, func(c *Serve, text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < lo || n > hi {
			return fmt.Errorf("use a whole number from %s to %d", lowest, hi)
		}
		assign(c, n)
		return nil
	}}
}

// wholeOrOff reads an integer, or off, which is negative.
func wholeOrOff(lo, hi int, assign func(*Serve, int)) option {
	o := whole(lo, hi, "", assign)
	number := o.set
	o.OrOff = true
	o.set = func(c *Serve, text string) error {
		if text == off {
			assign(c, -1)
			return nil
		}
		if err := number(c, text); err != nil {
			return fmt.Errorf("%w, or off", err)
		}
		return nil
	}
	return o
}

// wholeOrZero is wholeOrOff for a field whose zero means off, and which has no
// other word for it.
func wholeOrZero(hi int, assign func(*Serve, int)) option {
	return wholeOrOff(1, hi, func(c *Serve, n int) { assign(c, max(n, 0)) })
}

// share reads a number above 0 to 1, or off, which is negative.
func share(field func(*Serve) *float64) option {
	return option{Option{Kind: Share, Arg: "SHARE", OrOff: true, Varies: true}, func(c *Serve, text string) error {
		x, err := strconv.ParseFloat(text, 64)
		switch {
		case text == off || err == nil && x == 0:
			*field(c) = breaker.Off
		case err == nil && x > 0 && x <= 1:
			*field(c) = x
		default:
			return errors.New("use a number above 0 up to 1, such as 0.5, or off")
		}
		return nil
	}}
}

// number reads a number of some range.
func number(lo, hi float64, field func(*Serve) *float64) option {
	return option{Option{Kind: Number, Arg: "NUMBER"}, func(c *Serve, text string) error {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !(x >= lo && x <= hi) { // so that NaN is wrong too
			return fmt.Errorf("use a number from %v to %v", lo, hi)
		}
		*field(c) = x
		return nil
	}}
}

// quota reads a share that is bounded unless it says off. Zero is refused: it could
// be meant as none, and would be no bound.
func quota(field func(*Serve) *float64) option {
	o := share(field)
	set := o.set
	o.Varies = false
	o.set = func(c *Serve, text string) error {
		if err := set(c, text); err != nil || *field(c) < 0 && text != off {
			return errors.New("use a number above 0 up to 1, such as 0.1, or off, which is no bound")
		}
		return nil
	}
	return o
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
func period(most time.Duration, field func(*Serve) *time.Duration) option {
	return option{Option{Kind: Duration, Arg: "DURATION"}, func(c *Serve, text string) error {
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Millisecond || d > most {
			return fmt.Errorf("use a duration from 1ms to %dh, such as 30s or 1m30s", most/time.Hour)
		}
		*field(c) = d
		return nil
	}}
}

// periodOrOff reads a duration into a field where zero means the default and a
// negative one none.
func periodOrOff(field func(*Serve) *time.Duration) option {
	return option{Option{Kind: Duration, Arg: "DURATION", OrOff: true, Varies: true}, func(c *Serve, text string) error {
		if d, err := time.ParseDuration(text); text == off || err == nil && d == 0 {
			*field(c) = breaker.Off
			return nil
		}
		if period(day, field).set(c, text) != nil {
			return errors.New("use a duration from 1ms to 24h, such as 30s or 1m30s, or off")
		}
		return nil
	}}
}

// periodOrZero is periodOrOff for a field whose zero means off, and which has no
// other word for it: in an override off would change nothing.
func periodOrZero(field func(*Serve) *time.Duration) option {
	o := periodOrOff(field)
	set := o.set
	o.set = func(c *Serve, text string) error {
		err := set(c, text)
		*field(c) = max(*field(c), 0)
		return err
	}
	return o
}

// wait reads a duration that may be zero.
func wait(field func(*Serve) *time.Duration) option {
	return option{Option{Kind: Duration, Arg: "DURATION", OrOff: true}, func(c *Serve, text string) error {
		if text == off {
			text = "0"
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 || d > day {
			return errors.New("use a duration from 0 (none) to 24h, such as 30s or 1m30s")
		}
		*field(c) = d
		return nil
	}}
}

// size reads a number of bytes.
func size(most int64, field func(*Serve) *int64) option {
	return option{Option{Kind: Size, Arg: "SIZE"}, func(c *Serve, text string) error {
		n, ok := byteCount(text)
		if !ok || n < 1 || n > most {
			return fmt.Errorf("use a number of bytes, or of KiB, MiB or GiB, such as 4MiB, from 1 to %dGiB", most>>30)
		}
		*field(c) = n
		return nil
	}}
}

// byteCount reads "4MiB" and "4194304".
func byteCount(text string) (_ int64, ok bool) {
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
