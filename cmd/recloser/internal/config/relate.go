package config

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// relate adapts defaults to what was given.
func (c *Serve) relate() {
	if c.Settings.Get("base-timeout").Source == Default {
		c.Guard.Breaker.BaseTimeout = 0 // shorter than 1s where reset-timeout is
	}
}

// contradictions tells which settings do not go together.
func (c *Serve) contradictions() []error {
	var errs []error
	get := c.Settings.Get
	if b := c.Guard.Breaker; b.BaseTimeout > b.ResetTimeout {
		errs = append(errs, get("base-timeout").problem(fmt.Errorf(
			"use at most the reset timeout, which is %v (%s)", b.ResetTimeout, get("reset-timeout").Source)))
	}
	if c.Admin != "" && c.AdminToken == "" && !loopback(c.Admin) {
		errs = append(errs, get("admin").problem(fmt.Errorf(
			"other machines can reach it there, so it needs a token: set %s, or use an address of this machine alone, such as 127.0.0.1:8485",
			Variable("admin-token"))))
	}
	if c.Admin == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
		errs = append(errs, get("admin").problem(errors.New("it is the address of the proxy: use another port, or off")))
	}
	if c.Upstream.Scheme == "http" && sameAddress(c.Upstream.Host, c.Listen) {
		errs = append(errs, get("upstream").problem(errors.New("it is the address of the proxy itself: use the URL of the API")))
	}
	return errs
}

// sameAddress tells whether both are the same port of this machine.
func sameAddress(host, listen string) bool {
	_, port, _ := net.SplitHostPort(listen)
	_, given, err := net.SplitHostPort(host)
	if err != nil {
		given = "80"
	}
	return host == listen || port == given && loopback(net.JoinHostPort(hostname(host), given)) && loopback(listen)
}

func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}
