package tune

import (
	"maps"
	"slices"
	"strings"
)

// Option is a setting that a configuration can have.
type Option struct {
	Name    string   // as in Settings
	Path    string   // in a file, such as breaker.failure_threshold
	Default string   // its text, if nothing is set
	Values  []string // all that there are, of an enumeration
}

// Settings are the texts of options that are set, by name.
type Settings map[string]string

// The names that mean more to this package than a list of values.
const (
	policyOption = "policy"
	classic      = "classic"
	adaptive     = "adaptive"
	off          = "off"

	resetTimeout        = "reset-timeout"
	classicResetTimeout = "30s" // its default with classic, whatever the default policy has
)

// knob is an option with the values that are tried, in their order.
type knob struct {
	Option

	policy string // that it is one of; empty: of all
	values []string
}

// knobs are those that the search turns, as far as the configuration has them. The
// default is always among the values.
func knobs(options []Option) []knob {
	all := []knob{
		{Option{Name: "failure-threshold"}, classic, list("2 3 4 5 6 7 8 10 12 15 20 30 off")},
		{Option{Name: "failure-span"}, classic, list("off 2s 5s 10s 30s 1m 5m")},
		{Option{Name: "failure-rate"}, classic, list("off 0.9 0.8 0.7 0.6 0.5 0.4 0.3")},
		{Option{Name: "rate-window"}, classic, list("5s 10s 20s 30s 1m 2m 5m")},
		{Option{Name: "rate-min-calls"}, classic, list("5 10 20 30 50 100")},
		{Option{Name: "slow-rate"}, classic, list("off 0.9 0.7 0.5")},
		{Option{Name: "slow-after"}, classic, list("off 10s 20s 30s 1m 2m")},
		{Option{Name: "stall-after"}, classic, list("10s 20s 30s 1m 2m 5m off")},
		{Option{Name: "base-timeout"}, classic, list("250ms 500ms 1s 2s 4s 8s 15s 30s")},
		{Option{Name: resetTimeout}, classic, list("2s 5s 10s 20s 30s 1m 2m 5m")},
		{Option{Name: "probes"}, classic, list("1 2 3")},
		{Option{Name: "probe-successes"}, classic, list("1 2 3")},
		{Option{Name: "ramp"}, classic, list("off on")},
		{Option{Name: "adaptive-odds"}, adaptive, list("10000 100000 1000000 10000000 100000000 1000000000")},
		{Option{Name: "adaptive-failure-cost"}, adaptive, list("0.05 0.1 0.25 0.5 1")},
		{Option{Name: "adaptive-waiting-cost"}, adaptive, list("0.005 0.01 0.02 0.05 0.1")},
		{Option{Name: "adaptive-quota-run"}, adaptive, list("5 10 20 off")},
		{Option{Name: resetTimeout}, adaptive, list("5s 10s 20s 30s 1m 2m 5m")},
		{Option{Name: "gates"}, "", list("on off")},
		{Option{Name: "gate-wait"}, "", list("off on")},
	}
	var known []knob
	for _, k := range all {
		at := slices.IndexFunc(options, func(o Option) bool { return o.Name == k.Name })
		if at < 0 {
			continue
		}
		if k.Option = options[at]; k.Name == resetTimeout && k.policy == classic {
			k.Default = classicResetTimeout
		}
		if !slices.Contains(k.values, k.Default) {
			k.values = append(k.values, k.Default)
		}
		known = append(known, k)
	}
	return known
}

func list(text string) []string { return strings.Fields(text) }

// policies are those that a configuration knows and this package too, its own first.
func policies(options []Option) []string {
	at := slices.IndexFunc(options, func(o Option) bool { return o.Name == policyOption })
	if at < 0 {
		return []string{classic}
	}
	all := []string{options[at].Default}
	for _, p := range []string{classic, adaptive} {
		if slices.Contains(options[at].Values, p) && p != options[at].Default {
			all = append(all, p)
		}
	}
	return all
}

// space is what can be chosen from.
type space struct {
	knobs    []knob
	policies []string
}

func spaceOf(options []Option) space { return space{knobs(options), policies(options)} }

// policy is the one that settings have.
func (s *space) policy(of Settings) string {
	if p, ok := of[policyOption]; ok {
		return p
	}
	return s.policies[0]
}

// value is the text that settings have for a knob.
func (k *knob) value(of Settings) string {
	if v, ok := of[k.Name]; ok {
		return v
	}
	return k.Default
}

// with is a copy of settings in which a knob is turned. What is the default is left
// out, so that equal settings look equal.
func (k *knob) with(of Settings, value string) Settings {
	s := maps.Clone(of)
	if s == nil {
		s = Settings{}
	}
	if s[k.Name] = value; value == k.Default {
		delete(s, k.Name)
	}
	return s
}

// fits reports whether a knob is one of a policy.
func (k *knob) fits(policy string) bool { return k.policy == "" || k.policy == policy }

// has reports whether a policy has a knob of that name.
func (s *space) has(policy, name string) bool {
	return slices.ContainsFunc(s.knobs, func(k knob) bool { return k.Name == name && k.fits(policy) })
}

// byDefault is the text that an option has with a policy if it is not set.
func (s *space) byDefault(policy string, o Option) string {
	for i := range s.knobs {
		if k := &s.knobs[i]; k.Name == o.Name && k.fits(policy) {
			return k.Default
		}
	}
	return o.Default
}

// tidy takes away what means nothing beside the other settings, so that none is tried
// twice, and what would contradict them.
func (s *space) tidy(of Settings) Settings {
	out := maps.Clone(of)
	if out[policyOption] == s.policies[0] {
		delete(out, policyOption)
	}
	policy := s.policy(out)
	get := map[string]string{}
	for i := range s.knobs {
		if k := &s.knobs[i]; !s.has(policy, k.Name) {
			delete(out, k.Name)
		} else if k.fits(policy) {
			get[k.Name] = k.value(out)
		}
	}
	if policy == classic {
		tidyRates(out, get)
	}
	if get["gates"] == off {
		delete(out, "gate-wait")
	}
	return out
}

func tidyRates(out Settings, get map[string]string) {
	if get["slow-rate"] == off || get["slow-after"] == off {
		delete(out, "slow-rate")
		delete(out, "slow-after")
		get["slow-rate"] = off
	}
	if get["failure-rate"] == off && get["slow-rate"] == off {
		delete(out, "rate-window")
		delete(out, "rate-min-calls")
		if get["failure-threshold"] == off {
			delete(out, "failure-threshold")
		}
	}
	if out["failure-threshold"] == off {
		delete(out, "failure-span")
	}
}

// key is the same for equal settings.
func (of Settings) key() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(of)) {
		b.WriteString(name + "=" + of[name] + ",")
	}
	return b.String()
}
