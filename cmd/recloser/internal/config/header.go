package config

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// header is one that a target sets or, without a text and a reference, removes.
type header struct {
	name string // in canonical form
	value
}

// managed are headers that say where a request goes, how long it is and what
// becomes of the connection.
func managed() []string {
	return []string{
		"Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Upgrade",
	}
}

// headers reads the headers that a target sets.
func (p *parser) headers(path string, f field) (all []header) {
	if isNull(f.node) {
		return nil // all of it is commented out
	}
	if f.node.Kind != yaml.MappingNode {
		p.wrong(f.line, "%s is %s: put headers beneath it, such as X-Team: search", path, kindOf(f.node))
		return nil
	}
	for _, one := range p.fields(path, f.node) {
		h := header{http.CanonicalHeaderKey(one.name), value{line: one.line}}
		here := path + "." + clip(one.name)
		first := slices.IndexFunc(all, func(o header) bool { return o.name == h.name })
		switch {
		case !headerName.MatchString(one.name):
			p.wrong(one.line, "%s is not the name of a header: use letters, digits and -", here)
		case slices.Contains(managed(), h.name):
			p.wrong(one.line, "%s says where and how a request goes, which is not for targets to say: remove it", here)
		case first >= 0:
			p.wrong(one.line, "%s is there twice, first in line %d: remove one", here, all[first].line)
		case p.headerValue(here, one, &h):
			all = append(all, h)
		}
	}
	return all
}

// headerValue reads a text, a reference to a secret, or null.
func (p *parser) headerValue(path string, f field, h *header) bool {
	text := f.node.Value
	switch {
	case isNull(f.node) && text != "":
		return true // null is written out
	case f.node.Kind == yaml.MappingNode:
		h.ref = p.reference(path, f)
		return h.ref != nil
	case f.node.Kind != yaml.ScalarNode:
		p.wrong(f.line, "%s is %s: use one value, a reference such as {env: NAME}, or null", path, kindOf(f.node))
	case text == "":
		p.wrong(f.line, "%s has no value: give it one, or null, which removes the header", path)
	case secretName.MatchString(h.name) || looksSecret(text):
		p.wrong(f.line, "%s: a secret does not belong in this file: %s", path, aReference)
	case !fitsHeader(text):
		p.wrong(f.line, "%s is %s: use printable ASCII characters without spaces at the ends", path, shown(text))
	default:
		_, ok := p.scalar(path, f) // it may have a tag
		h.text = text
		return ok
	}
	return false
}

// fitsHeader tells whether a text can be a header's value.
func fitsHeader(text string) bool {
	return text != "" && text == strings.TrimSpace(text) && sendable(strings.ReplaceAll(text, " ", ""))
}

var (
	headerName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

	// secretName matches headers and parts of queries that hold credentials.
	secretName = regexp.MustCompile(`(?i)(keys?|tokens?|secrets?|passwords?|passwd|pwd|auth|authori[sz]ation|authentication|credentials?|cookies?|signature|jwt)([-_.\[]|$)|^(sig|code)$`)

	// secretText matches what begins as well-known sorts of key do.
	secretText = regexp.MustCompile(`(?i)^(bearer|basic|digest|token|apikey) +\S|(^|[^a-z0-9])(sk[-_][a-z0-9_-]{8,}|(pk|rk|sess|xai|gsk|hf|ghp|glpat)[-_][a-z0-9]{16,}|github_pat_|aiza[a-z0-9_-]{16,}|akia[a-z0-9]{8,}|eyj[a-z0-9_-]{16,})`)
)

// looksSecret tells whether a text is probably a key: it begins as those do, or
// mixes many letters and digits.
func looksSecret(text string) bool {
	if secretText.MatchString(text) {
		return true
	}
	const long = 32
	letter := func(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }
	digit := func(r rune) bool { return '0' <= r && r <= '9' }
	for run := range strings.FieldsFuncSeq(text, func(r rune) bool { return !letter(r) && !digit(r) && r != '+' && r != '=' }) {
		if len(run) >= long && strings.ContainsFunc(run, letter) && strings.ContainsFunc(run, digit) {
			return true
		}
	}
	return false
}
