package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// address reads where to listen. Off is the empty string in the field.
func address(field func(*Serve) *string, orOff bool) func(*Serve, string) error {
	want := "use HOST:PORT such as 127.0.0.1:8484, or :8484 for every interface"
	if orOff {
		want = "use HOST:PORT such as 127.0.0.1:8485, or off"
	}
	return func(c *Serve, text string) error {
		if orOff && text == off {
			*field(c) = ""
			return nil
		}
		*field(c) = text
		return checkAddress(text, want)
	}
}

func checkAddress(text, want string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil || strings.ContainsAny(host, " /@") {
		return errors.New(want)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return errors.New("the port is a number from 0 (any free one) to 65535; " + want)
	}
	return nil
}

// CheckListen tells what is wrong with an address to listen on that a flag gives.
func CheckListen(flag, text string) error {
	if err := checkAddress(text, "use HOST:PORT such as 127.0.0.1:8486"); err != nil {
		return Setting{Text: text, Origin: flagName(flag)}.problem(err)
	}
	return nil
}

// loopback tells whether only this machine can reach an address that address
// has accepted.
func loopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// setUpstream reads the base URL of the API.
func setUpstream(c *Serve, text string) error {
	u, err := baseURL(text)
	switch {
	case err != nil:
		return err
	case u.User != nil:
		return errors.New("it has a user or password: clients bring their own Authorization; " + exampleURL)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("it has a query or fragment: clients bring their own query; " + exampleURL)
	}
	c.Upstream = u
	return nil
}

const exampleURL = "use a URL such as https://api.openai.com/v1"

// baseURL reads where an API is.
func baseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case !begins(text, "http://") && !begins(text, "https://"):
		return nil, errors.New("it does not begin with http:// or https://; " + exampleURL)
	case err != nil:
		return nil, errors.New("it is not a URL; " + exampleURL)
	case u.Hostname() == "":
		return nil, errors.New("it has no host; " + exampleURL)
	case !portInRange(u.Port()):
		return nil, errors.New("its port is not from 1 to 65535; " + exampleURL)
	}
	return u, nil
}

// basePath is what the paths of requests to the upstream begin with, as they are
// written; / if with nothing, since guard takes an empty one for /v1.
func basePath(upstream *url.URL) string {
	if upstream == nil { // it was wrong
		return ""
	}
	return cmp.Or(strings.TrimRight(upstream.EscapedPath(), "/"), "/")
}

// begins tells whether a URL has that beginning. Case is nothing to schemes.
func begins(text, scheme string) bool {
	return len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme)
}

// portInRange tells whether a URL's port, which has only digits, can be called.
func portInRange(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// setAdminToken reads what is sent as a bearer token.
func setAdminToken(c *Serve, text string) error {
	if !sendable(text) {
		return errors.New("use printable ASCII characters without spaces, as a header can carry them")
	}
	c.AdminToken = text
	return nil
}

// shortest is how many characters of a client's token nobody guesses.
const shortest = 16

// setClientTokens reads what clients present: several, so that they can be rotated.
func setClientTokens(c *Serve, text string) error {
	tokens := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	if text != "" && len(tokens) == 0 {
		return errors.New("there is no token in it: use one, or several separated by commas or white space")
	}
	for i, token := range tokens {
		switch {
		case !sendable(token):
			return fmt.Errorf("token %d of %d has characters that a header cannot carry: use printable ASCII", i+1, len(tokens))
		case len(token) < shortest:
			return fmt.Errorf("token %d of %d is shorter than %d characters: use a longer one that nobody can guess", i+1, len(tokens), shortest)
		}
	}
	c.ClientTokens = tokens
	return nil
}

// sendable tells whether a header can carry a text, as one word.
func sendable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// shown returns a value as a message may show it: cut, and of what looks like a
// URL without the parts that hold secrets.
func shown(text string) string {
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		scheme, _, ok := strings.Cut(text[:i], "://")
		if !ok {
			scheme = ""
		} else {
			scheme += "://"
		}
		text = scheme + "***" + text[i:]
	}
	if i := strings.IndexByte(text, '?'); i >= 0 {
		text = text[:i] + "?***"
	}
	const most = 80
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return strconv.Quote(text)
}

// setDashboardDir reads where the page is; off is the empty string.
func setDashboardDir(c *Serve, text string) error {
	if c.DashboardDir = text; text == off {
		c.DashboardDir = ""
	}
	return nil
}
