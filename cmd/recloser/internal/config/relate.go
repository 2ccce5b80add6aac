package config

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// relate adapts defaults to what was given.
func (c *Serve) relate() {
	g := &c.Guard
	c.giveWay("base-timeout", &g.Breaker.BaseTimeout, "reset-timeout", c.resetTimeout() < g.Breaker.BaseTimeout)
	c.giveWay("retry-max-delay", &g.Retry.MaxDelay, "retry-base-delay", g.Retry.BaseDelay > g.Retry.MaxDelay)
	c.giveWay("gate-first-guess", &g.Gate.FirstGuess, "gate-max-closed", g.Gate.MaxClosed < g.Gate.FirstGuess)
	c.giveWay("quota-retest", &g.Gate.Retest, "quota-max-retest", g.Gate.MaxRetest < g.Gate.Retest)
}

// giveWay leaves a field that nobody has set to guard, whose default is another
// setting's value where that goes beyond it.
func (c *Serve) giveWay(name string, field *time.Duration, to string, beyond bool) {
	for i, s := range c.Settings {
		if s.Name != name || s.Source != Default {
			continue
		}
		if *field = 0; beyond {
			c.Settings[i].Text = c.Settings.Get(to).Text
		}
	}
}

// contradictions tells which settings do not go together.
func (c *Serve) contradictions() []error {
	var errs []error
	get := c.Settings.Get
	b := c.Guard.Breaker
	switch {
	case b.SlowRate > 0 && b.SlowAfter == 0:
		errs = append(errs, get("slow-rate").problem(errors.New("it needs slow-after too: the duration, such as 30s, beyond which a call is slow")))
	case b.BaseTimeout > c.resetTimeout():
		errs = append(errs, get("base-timeout").problem(fmt.Errorf(
			"use at most the reset timeout, which is %v (%s)", c.resetTimeout(), get("reset-timeout").From())))
	default:
		if err := c.Guard.Validate(); err != nil {
			errs = append(errs, c.translate(err)...)
		}
	}
	if c.Admin != "" && c.AdminToken == "" && !loopback(c.Admin) {
		errs = append(errs, get("admin").problem(fmt.Errorf(
			"other machines can reach it there, so it needs a token: set %s, or use an address of this machine alone, such as 127.0.0.1:8485",
			Variable("admin-token"))))
	}
	if c.AdminToken != "" && slices.Contains(c.ClientTokens, c.AdminToken) {
		errs = append(errs, get("client-token").problem(errors.New("it has the admin token, with which clients could change circuits: use another one")))
	}
	if s := get("client-token"); s.Source == Flag && s.Text == "" { // such as of a variable that is not set
		errs = append(errs, s.problem(errors.New("it is empty: give it a token, or leave it out")))
	}
	if c.Admin == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
		errs = append(errs, get("admin").problem(errors.New("it is the address of the proxy: use another port, or off")))
	}
	if c.Upstream.Scheme == "http" && sameAddress(c.Upstream, c.Listen) {
		errs = append(errs, get("upstream").problem(errors.New("it is the address of the proxy itself: use the URL of the API")))
	}
	return append(errs, c.targetProblems()...)
}

// targetProblems tells what is wrong with targets beside other settings.
func (c *Serve) targetProblems() (errs []error) {
	if c.file == nil {
		return nil
	}
	open := len(c.ClientTokens) == 0 && !loopback(c.Listen)
	for t := range c.allTargets() {
		if u := t.guard.URL; u != nil && u.Scheme == "http" && sameAddress(u, c.Listen) {
			errs = append(errs, fmt.Errorf("%s: %s.url is the address of the proxy itself: use the URL of the API", c.file.place(t.url.line), t.path))
		}
		if at := t.keyAt(); at != 0 && open {
			open = false // once is enough
			errs = append(errs, fmt.Errorf("%s: %s has a key of its own, which other machines could spend through %s: set client_token, or %s, which clients must then present, or listen on an address of this machine alone, such as 127.0.0.1:8484",
				c.file.place(at), t.path, c.Listen, Variable("client-token")))
		}
	}
	return errs
}

// doubts tells what is not wrong, but probably not meant either.
func (c *Serve) doubts() (all []string) {
	for t := range c.allTargets() {
		if u := t.guard.URL; u != nil && pathMeant(u) != "" {
			all = append(all, fmt.Sprintf("%s: %s.url has no path: did you mean %s?", c.file.place(t.url.line), t.path, pathMeant(u)))
		}
		if len(c.ClientTokens) > 0 && !t.ownKey() {
			all = append(all, fmt.Sprintf("%s: %s (%s) would be called without any key, since client_token is set and clients' Authorization is then not passed on: give it key",
				c.file.place(t.line), t.path, t.guard.Name))
		}
	}
	if len(c.ClientTokens) == 0 {
		return all
	}
	const keyless = "%s: the upstream would be called without any key, since clients' Authorization is then not passed on, and %s: set targets with a key"
	if len(c.Guard.Targets) == 0 {
		all = append(all, fmt.Sprintf(keyless, c.Settings.Get("client-token").Origin, "there are no targets"))
	}
	for i, o := range c.Guard.Overrides {
		if o.Targets != nil && len(o.Targets) == 0 {
			all = append(all, fmt.Sprintf(keyless, c.Settings.Get("client-token").Origin, fmt.Sprintf("overrides[%d].targets is empty", i)))
		}
	}
	return all
}

// allTargets goes through the targets of all lists.
func (c *Serve) allTargets() iter.Seq[*target] {
	return func(yield func(*target) bool) {
		if c.file == nil {
			return
		}
		for _, list := range c.file.chains() {
			for i := range list.targets {
				if !yield(&list.targets[i]) {
					return
				}
			}
		}
	}
}

// PathMeant returns the upstream that was probably meant by one that is
// OpenAI's without a path, else "". Of other hosts nobody can know whether they
// have one.
func (c *Serve) PathMeant() string {
	return pathMeant(c.Upstream)
}

func pathMeant(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if host != openAI && !strings.HasSuffix(host, "."+openAI) || strings.Trim(u.Path, "/") != "" {
		return ""
	}
	return u.JoinPath("v1").String()
}

// openAI is the host of the API, and the end of those of its regions.
const openAI = "api.openai.com"

// sameAddress tells whether a URL of HTTP leads to the port of this machine that
// is listened on. It asks no DNS: what it misses, the proxy notices when a call
// comes back.
func sameAddress(u *url.URL, listen string) bool {
	at, port, _ := net.SplitHostPort(listen)
	host := u.Hostname()
	switch {
	case cmp.Or(u.Port(), "80") != port:
		return false
	case strings.EqualFold(host, at):
		return true
	}
	return thisMachine(host) && thisMachine(at)
}

// thisMachine tells whether a host is the loopback interface, or unspecified:
// who calls such a host calls that interface, and who listens there listens on
// it too.
func thisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || loopback(net.JoinHostPort(host, "0")) || err == nil && ip.Unmap().IsUnspecified()
}
