package guard

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// place is a target made ready. It does not change.
type place struct {
	Target
	ownKey bool // it brings credentials
}

// chain are the places of a call, in the order of preference. It does not change.
type chain struct {
	places []place
	pooled bool // the order is drawn for each call
}

// newChain makes targets ready; none are one, the call as it came.
func newChain(targets []Target) chain {
	c := chain{places: make([]place, max(len(targets), 1))}
	for i, t := range targets {
		p := place{Target: t}
		p.Weight = cmp.Or(t.Weight, 1)
		for _, name := range keys {
			p.ownKey = p.ownKey || t.Header.Get(name) != ""
		}
		c.places[i] = p
		c.pooled = c.pooled || i > 0 && t.Pool != "" && t.Pool == targets[i-1].Pool
	}
	return c
}

// draw returns the places in the order for one call: those of a pool by weight.
func (c *chain) draw(luck *rand.Rand) []*place {
	order := make([]*place, len(c.places))
	for i := range c.places {
		order[i] = &c.places[i]
	}
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && order[from].Pool != "" && order[to].Pool == order[from].Pool {
			to++
		}
		shuffle(order[from:to], luck)
		from = to
	}
	return order
}

// shuffle puts places into an order in which each comes first with a chance in
// proportion to its weight, among those that are left.
func shuffle(places []*place, luck *rand.Rand) {
	for ; len(places) > 1; places = places[1:] {
		sum := 0
		for _, p := range places {
			sum += p.Weight
		}
		at := luck.IntN(sum)
		for i, p := range places {
			if at -= p.Weight; at < 0 {
				places[0], places[i] = places[i], places[0]
				break
			}
		}
	}
}

// keys are the headers that say who pays, credentials those by which gates tell
// callers apart: they go only where their owner wants them.
var (
	keys        = [...]string{"Authorization", "Api-Key", "X-Api-Key", "X-Goog-Api-Key", "Ocp-Apim-Subscription-Key"}
	credentials = [...]string{
		"Authorization", "Api-Key", "X-Api-Key", "X-Goog-Api-Key", "Ocp-Apim-Subscription-Key", "Openai-Organization", "Openai-Project",
	}
	// queries are parameters in which some services take a key.
	queries = [...]string{"key", "api-key", "api_key", "subscription-key", "access_token"}
)

// keeps reports whether the credentials of the caller of req go to the place: to
// the host that he calls, or where it is configured, and not where the place has its
// own.
func (p *place) keeps(req *http.Request) bool {
	return !p.ownKey && (p.here(req) || p.PassKey)
}

// here reports whether the place is at the host that is called.
func (p *place) here(req *http.Request) bool {
	return p.URL == nil || p.URL.Host == req.URL.Host && p.URL.Scheme == req.URL.Scheme
}

// credential returns what goes to the place as the header of that name.
func (p *place) credential(name string, req *http.Request) string {
	if values, ok := p.Header[name]; ok {
		return strings.Join(values, ",")
	}
	if p.keeps(req) {
		return strings.Join(header(req.Header, name), ",")
	}
	return ""
}

// header returns the values of a header that may be written in any spelling:
// servers know all of them.
func header(h http.Header, name string) []string {
	if values, ok := h[name]; ok {
		return values
	}
	for other, values := range h {
		if len(other) == len(name) && strings.EqualFold(other, name) {
			return values
		}
	}
	return nil
}

// basePath is what request paths begin with, as it is written and escaped.
type basePath struct{ path, raw string }

func newBasePath(raw string) basePath {
	path, err := url.PathUnescape(raw)
	if err != nil { // Validate has seen to it
		path = raw
	}
	return basePath{path, (&url.URL{Path: path, RawPath: raw}).EscapedPath()}
}

// url is where a request for u goes.
func (p *place) url(u *url.URL, base basePath) *url.URL {
	if p.URL == nil {
		return u
	}
	path, raw := u.Path, u.EscapedPath()
	if raw == base.raw || strings.HasPrefix(raw, base.raw+"/") {
		path, raw = path[len(base.path):], raw[len(base.raw):]
	}
	out := &url.URL{Scheme: p.URL.Scheme, Host: p.URL.Host, RawQuery: u.RawQuery}
	out.Path = strings.TrimRight(p.URL.Path, "/") + path
	out.RawPath = strings.TrimRight(p.URL.EscapedPath(), "/") + raw
	if p.URL.RawQuery != "" {
		out.RawQuery = p.URL.RawQuery + without(out.RawQuery, slices.Collect(maps.Keys(p.URL.Query()))...)
	}
	return out
}

// without returns a query, with its & in front, that lacks the parameters of those
// names; what cannot be read in it stays as it is.
func without(query string, names ...string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); part == "" || err == nil && slices.Contains(names, plain) {
			continue
		}
		b.WriteString("&" + part)
	}
	return b.String()
}
