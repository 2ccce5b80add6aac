package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/recloser/recloser/internal/nearest"
)

// Alerts are what people are told of, and where.
type Alerts struct {
	To    []AlertTarget
	Rules AlertRules
}

// AlertTarget is where pages go.
type AlertTarget struct {
	URL      string // which mostly has a secret
	Critical bool   // only those that wake people
}

// AlertRules are those of package alert, field by field: see there.
type AlertRules struct {
	Opened      bool
	OpenFor     time.Duration
	Trips       int
	TripsWithin time.Duration
	Flaps       int
	FlapsWithin time.Duration

	Brownout    float64
	BrownoutFor time.Duration

	SLO      float64
	MinCalls int64

	Quota   bool
	BadKeys int

	DegradedFor time.Duration

	Repeat    time.Duration
	Settle    time.Duration
	MuteUntil time.Time
	Ignore    []string
	Link      string
}

func alertOptions() []option {
	set := func(name, field, def, usage string, o option) option {
		o.Name, o.Path, o.Group, o.Default, o.Usage, o.Varies = name, "alerts."+field, groupAlert, def, usage, false
		return o
	}
	r := func(c *Serve) *AlertRules { return &c.Alerts.Rules }
	return []option{
		set("alerts", "to", "", "where alerts go: URLs such as slack://hook:TOKENS@webhook, pagerduty://, smtp://, teams://, generic+https:// or alertmanager+http://; critical=URL for only those that wake people. Several are separated by white space. Better given as "+Variable("alerts"),
			alertTargets()),
		set("alert-link", "link", linkAuto, "what addresses of the dashboard begin with in alerts, such as https://recloser.example.com; auto: the admin address",
			alertLink()),
		set("alert-opened", "opened", off, "a warning as soon as a circuit opens",
			toggle(func(c *Serve, on bool) { r(c).Opened = on })),
		set("alert-open-for", "open_for", "1m", "critical: a circuit has not been closed for so long; or off",
			alertPeriodOrOff(time.Second, "1s", func(c *Serve) *time.Duration { return &r(c).OpenFor })),
		set("alert-trips", "trips", "3", "a warning: a circuit has opened so often within alert-trips-within; or off",
			wholeOrZero(1000, func(c *Serve, n int) { r(c).Trips = n })),
		set("alert-trips-within", "trips_within", "30m", "see alert-trips",
			alertPeriod(day, func(c *Serve) *time.Duration { return &r(c).TripsWithin })),
		set("alert-flaps", "flaps", "5", "critical: a circuit has opened so often within alert-flaps-within; or off",
			wholeOrZero(1000, func(c *Serve, n int) { r(c).Flaps = n })),
		set("alert-flaps-within", "flaps_within", "10m", "see alert-flaps",
			alertPeriod(day, func(c *Serve) *time.Duration { return &r(c).FlapsWithin })),
		set("alert-brownout", "brownout", "0.1", "a warning: such a share of a circuit's attempts fails for alert-brownout-for, while it stays closed; or off",
			shareOrZero(func(c *Serve) *float64 { return &r(c).Brownout })),
		set("alert-brownout-for", "brownout_for", "15m", "see alert-brownout",
			alertPeriod(time.Hour, func(c *Serve) *time.Duration { return &r(c).BrownoutFor })),
		set("alert-slo", "slo", "0.99", "the share of calls that users are to get an answer to: an alert if the rest, the error budget, burns too fast (in 1 h, 6 h or 3 days); or off",
			alertSLO(func(c *Serve) *float64 { return &r(c).SLO })),
		set("alert-min-calls", "min_calls", "20", "calls that there must be before a share of them is an alert",
			whole(1, 1_000_000, "", func(c *Serve, n int) { r(c).MinCalls = int64(n) })),
		set("alert-quota", "quota", "on", "critical: a key has no quota left",
			toggle(func(c *Serve, on bool) { r(c).Quota = on })),
		set("alert-bad-keys", "bad_keys", "5", "a warning: every call of a key is refused with 401, so many in a row; critical if the key is the configuration's; or off",
			wholeOrZero(1_000_000, func(c *Serve, n int) { r(c).BadKeys = n })),
		set("alert-degraded-for", "degraded_for", "1m", "a warning: the history is not written for so long; or off",
			alertPeriodOrOff(time.Second, "1s", func(c *Serve) *time.Duration { return &r(c).DegradedFor })),
		set("alert-repeat", "repeat", "4h", "how long after an alert another one says that it goes on, 1m at least; or off",
			alertPeriodOrOff(time.Minute, "1m", func(c *Serve) *time.Duration { return &r(c).Repeat })),
		set("alert-settle", "settle", "2m", "how long all must be well before it is said to be over",
			alertPeriod(day, func(c *Serve) *time.Duration { return &r(c).Settle })),
		set("alert-mute-until", "mute_until", off, "until then no alert is sent, but that one is over: 2026-11-26T18:00:00Z; or off",
			muteUntil()),
		set("alert-ignore", "ignore", off, "circuits of which no alert is made, separated by commas; * stands for any text; or off",
			circuitPatterns(func(c *Serve) *[]string { return &r(c).Ignore })),
	}
}

// criticalPrefix stands before the URL of a target that gets only critical pages.
const criticalPrefix = "critical="

// maxAlertTargets is more than anybody reads.
const maxAlertTargets = 20

// severalAddresses matches what was meant to be two.
var severalAddresses = regexp.MustCompile(`[,;](critical=)?[a-z]+(\+https?)?://`)

// alertTargets reads URLs that are separated by white space.
func alertTargets() option {
	return option{Option{Kind: Addresses, Arg: "URLS", Secret: true}, func(c *Serve, text string) error {
		c.Alerts.To = nil
		for one := range strings.FieldsSeq(text) {
			t := AlertTarget{URL: one}
			if rest, ok := strings.CutPrefix(one, criticalPrefix); ok {
				t = AlertTarget{rest, true}
			}
			if before, _, ok := strings.Cut(t.URL, "="); ok && nearest.Of(before+"=", []string{criticalPrefix}) != "" {
				return fmt.Errorf("entry %d begins with a word that is no service's; did you mean %s?", len(c.Alerts.To)+1, criticalPrefix)
			}
			if !strings.Contains(t.URL, "://") {
				return fmt.Errorf("entry %d is no URL: use one such as slack://hook:TOKENS@webhook, or critical= and one", len(c.Alerts.To)+1)
			}
			if severalAddresses.MatchString(t.URL) {
				return fmt.Errorf("entry %d has two URLs with a comma between them: separate them by white space, or write %%2C for a comma within one", len(c.Alerts.To)+1)
			}
			c.Alerts.To = append(c.Alerts.To, t)
		}
		if len(c.Alerts.To) > maxAlertTargets {
			return fmt.Errorf("it has %d entries: use at most %d", len(c.Alerts.To), maxAlertTargets)
		}
		return nil
	}}
}

// linkAuto stands for the admin address.
const linkAuto = "auto"

// alertLink reads what the dashboard's addresses begin with.
func alertLink() option {
	return option{Option{Kind: Text, Arg: "URL"}, func(c *Serve, text string) error {
		if text == linkAuto {
			c.Alerts.Rules.Link = ""
			return nil
		}
		c.Alerts.Rules.Link = text
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return errors.New("use the address of the dashboard as people reach it, such as https://recloser.example.com, or auto")
		}
		return nil
	}}
}

// alertPeriod is period for what rules, which look once a second, can tell apart.
func alertPeriod(most time.Duration, field func(*Serve) *time.Duration) option {
	return noShorter(period(most, field), time.Second, field, fmt.Sprintf("use a duration from 1s to %dh, such as 1m30s", most/time.Hour))
}

// alertPeriodOrOff is alertPeriod for a field whose zero means off. lowest is how the
// least is written.
func alertPeriodOrOff(least time.Duration, lowest string, field func(*Serve) *time.Duration) option {
	return noShorter(periodOrZero(field), least, field, "use a duration from "+lowest+" to 24h, such as 1m30s, or off")
}

// noShorter is an option for a duration that is no shorter than least, or zero if the
// option takes that. What it does not take is answered with advice.
func noShorter(o option, least time.Duration, field func(*Serve) *time.Duration, advice string) option {
	set := o.set
	o.set = func(c *Serve, text string) error {
		if d := field(c); set(c, text) != nil || *d > 0 && *d < least {
			return errors.New(advice)
		}
		return nil
	}
	return o
}

// shareOrZero is share for a field whose zero means off.
func shareOrZero(field func(*Serve) *float64) option {
	o := share(field)
	set := o.set
	o.set = func(c *Serve, text string) error {
		err := set(c, text)
		*field(c) = max(*field(c), 0)
		return err
	}
	return o
}

// alertSLO is shareOrZero for what leaves some calls to fail.
func alertSLO(field func(*Serve) *float64) option {
	o := shareOrZero(field)
	set := o.set
	o.set = func(c *Serve, text string) error {
		if err := set(c, text); err != nil || *field(c) > 0.99999 || *field(c) > 0 && *field(c) < 0.5 {
			return errors.New("use a number from 0.5 to 0.99999, such as 0.99, or off")
		}
		return nil
	}
	return o
}

// muteUntil reads a moment.
func muteUntil() option {
	return option{Option{Kind: Text, Arg: "TIME", OrOff: true}, func(c *Serve, text string) (err error) {
		until := &c.Alerts.Rules.MuteUntil
		if *until = (time.Time{}); text == off {
			return nil
		}
		if *until, err = time.Parse(time.RFC3339, text); err != nil {
			return errors.New("use a time with its zone, such as 2026-11-26T18:00:00Z, or off")
		}
		return nil
	}}
}

// circuitPatterns reads a list of patterns.
func circuitPatterns(field func(*Serve) *[]string) option {
	return option{Option{Kind: List, Arg: "CIRCUITS", OrOff: true}, func(c *Serve, text string) error {
		*field(c) = nil
		if text == off {
			return nil
		}
		for _, one := range items(text) {
			if one == "" || len(one) > maxModel {
				return errors.New("use the names of circuits, such as api.openai.com/gpt-4*, separated by commas, or off")
			}
			*field(c) = append(*field(c), one)
		}
		return nil
	}}
}

// addresses reads the value of an option that is a list of secrets: each a text or a
// reference.
func (p *parser) addresses(path string, f field) (v value, ok bool) {
	v = value{line: f.line}
	nodes := []*yaml.Node{f.node}
	if f.node.Kind == yaml.SequenceNode {
		nodes = f.node.Content
	}
	if isNull(f.node) || len(nodes) == 0 {
		return v, false // all of it is commented out
	}
	bad := len(p.problems)
	for i, n := range nodes {
		n = resolve(n)
		here := path
		if f.node.Kind == yaml.SequenceNode {
			here = fmt.Sprintf("%s[%d]", path, i)
		}
		switch {
		case n.Kind == yaml.MappingNode:
			if ref := p.reference(here, field{line: n.Line, node: n}); ref != nil {
				v.list = append(v.list, value{line: n.Line, ref: ref})
			}
		case n.Kind != yaml.ScalarNode || isNull(n) || !strings.Contains(n.Value, "://"):
			p.wrong(n.Line, "%s: use a URL such as slack://hook:TOKENS@webhook, or where to find it: {env: NAME} or {file: PATH}", here)
		default:
			v.list = append(v.list, value{text: n.Value, line: n.Line})
		}
	}
	return v, len(p.problems) == bad
}
