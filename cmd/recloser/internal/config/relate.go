package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// relate adapts defaults to what was given.
func (c *Serve) relate() {
	g := &c.Guard
	c.giveWay("base-timeout", &g.Breaker.BaseTimeout, "reset-timeout", g.Breaker.ResetTimeout < g.Breaker.BaseTimeout)
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
	case b.BaseTimeout > b.ResetTimeout:
		errs = append(errs, get("base-timeout").problem(fmt.Errorf(
			"use at most the reset timeout, which is %v (%s)", b.ResetTimeout, get("reset-timeout").From())))
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
	if c.Admin == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
		errs = append(errs, get("admin").problem(errors.New("it is the address of the proxy: use another port, or off")))
	}
	if c.Upstream.Scheme == "http" && sameAddress(c.Upstream, c.Listen) {
		errs = append(errs, get("upstream").problem(errors.New("it is the address of the proxy itself: use the URL of the API")))
	}
	return errs
}

// PathMeant returns the upstream that was probably meant by one that is
// OpenAI's without a path, else "". Of other hosts nobody can know whether they
// have one.
func (c *Serve) PathMeant() string {
	host := strings.ToLower(c.Upstream.Hostname())
	if host != openAI && !strings.HasSuffix(host, "."+openAI) || strings.Trim(c.Upstream.Path, "/") != "" {
		return ""
	}
	return c.Upstream.JoinPath("v1").String()
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
