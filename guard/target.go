package guard

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/recloser/recloser/fault"
)

// Target is one place at which a call can be made. What it leaves empty stays as
// the caller asked for it: a target with a name alone is the call as it came.
type Target struct {
	// Name is what reports call it: one that no other target of its chain has.
	Name string

	// URL is the base of another API, such as https://x.openai.azure.com/openai/v1.
	// It takes the place of the request's scheme, host and Config.BasePath; what its
	// query has is set in the request's.
	URL *url.URL

	// Model takes the place of the model in the request's body. A request in which
	// none can be read (a GET, an upload, a body too large to hold) stays as it is.
	Model string

	// Header is set in the request, in place of what it has; a header without a
	// value is removed. It is where a key of one's own goes: Authorization, or
	// Api-Key for Azure. With one, the caller's credentials do not go out.
	Header http.Header

	// PassKey sends the caller's credentials (Authorization, other headers and
	// parameters that hold a key, OpenAI-Organization, OpenAI-Project) to URL.
	// Otherwise they go to no other host than the one that the caller has called.
	// Cookies never do.
	PassKey bool

	// Pool is a name that neighbours share which are equal. Those of a pool are
	// tried in an order that is drawn anew for each call, by Weight.
	Pool string

	// Weight is how much of the calls a target of a pool gets first, against the
	// others' weights. Zero means 1.
	Weight int
}

// maxTargets is how many a chain may have.
const maxTargets = 32

// WhenRefused is what becomes of a call that no target lets through.
type WhenRefused uint8

const (
	// RefuseDefault is Refuse.
	RefuseDefault WhenRefused = iota
	// Refuse: it is refused at once, with the time of the target that will let calls
	// through first.
	Refuse
	// Await: it waits for that target, as long as Retry.MaxWait and its own deadline
	// allow, and then asks again.
	Await
)

// String returns "refuse" or "wait".
func (w WhenRefused) String() string {
	if w == Await {
		return "wait"
	}
	return "refuse"
}

// fallsBack are the kinds that another target can help with, unless
// Config.FallBackOn says otherwise. A caller's mistake is one everywhere.
func fallsBack() []fault.Kind {
	return []fault.Kind{fault.Service, fault.Overload, fault.Timeout, fault.RateLimit, fault.Quota}
}

// validateTargets returns an error for every field of a chain that cannot be used.
// Where is what comes before its name.
func validateTargets(where string, chain []Target) (errs []error) {
	if len(chain) > maxTargets {
		errs = append(errs, fmt.Errorf("guard: %sTargets has %d entries: use at most %d", where, len(chain), maxTargets))
	}
	for i := range chain {
		bad := func(field, is, use string) {
			errs = append(errs, fmt.Errorf("guard: %sTargets[%d].%s is %s: use %s", where, i, field, is, use))
		}
		chain[i].validate(bad)
		chain[i].validatePlace(chain[:i], bad)
	}
	return errs
}

// validate tells what is wrong with a target by itself.
func (t *Target) validate(bad func(field, is, use string)) {
	if len(t.Name) > maxTargetName || strings.ContainsFunc(t.Name, unfitForHeader) {
		bad("Name", fmt.Sprintf("%.70q", t.Name), "up to 64 letters, digits and signs of ASCII")
	}
	if u := t.URL; u != nil && (u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "") {
		bad("URL", "none that can be called", "one such as https://api.openai.com/v1") // not shown: it may hold a secret
	}
	if len(t.Model) > maxModel || strings.ContainsFunc(t.Model, unprintable) {
		bad("Model", "no name of a model", "up to 256 bytes without control characters")
	}
	if t.Weight < 0 || t.Weight > maxWeight {
		bad("Weight", fmt.Sprint(t.Weight), fmt.Sprintf("1 to %d, or 0 for 1", maxWeight))
	}
	for name, values := range t.Header {
		if name != http.CanonicalHeaderKey(name) || !token(name) || slices.Contains([]string{"Host", "Content-Length", "Transfer-Encoding"}, name) {
			bad("Header", fmt.Sprintf("%.70q", name), "names of headers in canonical form, not of those that say where the request goes and how long it is")
		}
		if strings.ContainsFunc(strings.Join(values, ""), unprintable) {
			bad("Header", fmt.Sprintf("%.70q with a value that is none", name), "values without line ends and control characters")
		}
	}
}

// validatePlace tells what is wrong with a target behind those before it.
func (t *Target) validatePlace(before []Target, bad func(field, is, use string)) {
	switch {
	case t.Name == "":
		bad("Name", "empty", "a word that no other target has")
	case slices.ContainsFunc(before, func(other Target) bool { return other.Name == t.Name }):
		bad("Name", t.Name, "a word that no other target has")
	}
	last := len(before) - 1
	if t.Pool != "" && last >= 0 && before[last].Pool != t.Pool && slices.ContainsFunc(before, func(other Target) bool { return other.Pool == t.Pool }) {
		bad("Pool", t.Pool, "the same name for neighbours only")
	}
}

const (
	maxTargetName = 64
	maxWeight     = 1000
)

// unfitForHeader reports whether r cannot be in a header of an answer.
func unfitForHeader(r rune) bool { return r < '!' || r > '~' }

// token reports whether a name can be a header's.
func token(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return unfitForHeader(r) || strings.ContainsRune("()<>@,;:\\\"/[]?={}", r) })
}
