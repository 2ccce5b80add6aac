package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/recloser/recloser/internal/nearest"
)

// An UnknownVariable is one of the environment that looks like ours.
type UnknownVariable struct {
	Name    string
	Nearest string // what it was probably meant to be, or ""
}

// foreign matches what Kubernetes sets for services called recloser-…, and what
// the shell completion reads.
var foreign = regexp.MustCompile(`_SERVICE_(HOST|PORT.*)$|_PORT(_\d+_(TCP|UDP|SCTP).*)?$|^RECLOSER_(ACTIVE_HELP|COMPLETION_DESCRIPTIONS)$`)

// Unknown finds variables in an environment, as os.Environ gives it, that begin
// like ours and are none, nor hold a secret of c's file.
func (c *Serve) Unknown(environ []string) []UnknownVariable {
	known := []string{Variable(FileOption().Name)}
	if c.file != nil {
		for _, ref := range c.file.references() {
			if ref.env != "" {
				known = append(known, ref.env)
			}
		}
	}
	for _, o := range options() {
		known = append(known, Variable(o.Name))
	}
	var out []UnknownVariable
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, prefix) && !slices.Contains(known, name) && !foreign.MatchString(name) {
			out = append(out, UnknownVariable{name, nearestVariable(name, known)})
		}
	}
	return out
}

// nearestVariable leaves the prefix, which all share, out of the comparison.
func nearestVariable(name string, known []string) string {
	var bare []string
	for _, k := range known {
		bare = append(bare, strings.TrimPrefix(k, prefix))
	}
	if near := nearest.Of(strings.TrimPrefix(name, prefix), bare); near != "" {
		return prefix + near
	}
	return ""
}
