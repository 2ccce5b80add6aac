package config

import (
	"errors"
	"net/http"

	"github.com/recloser/recloser/guard"
)

// resolve makes of the file's lists of targets what guard takes, with the secrets
// as they are now.
func (c *Serve) resolve(environ []string) {
	c.Guard.Targets = c.targets(c.file.targets, environ)
	for _, o := range c.file.overrides {
		o.guard.Targets = c.targets(o.targets, environ)
		c.Guard.Overrides = append(c.Guard.Overrides, o.guard)
	}
}

// targets returns nil only where there is no list: in an override an empty one
// says that calls are made as they come.
func (c *Serve) targets(list chain, environ []string) []guard.Target {
	if list.line == 0 {
		return nil
	}
	all := make([]guard.Target, 0, len(list.targets))
	for _, t := range list.targets {
		t.guard.Header = c.headers(t, environ)
		all = append(all, t.guard)
	}
	return all
}

// headers are those of a target, its key's included; nil if there are none.
func (c *Serve) headers(t target, environ []string) http.Header {
	all := make(http.Header)
	if key := c.secret(t.path+".key", t.key, sendable, environ); key != "" {
		all["Authorization"] = []string{"Bearer " + key}
	}
	for _, h := range t.headers {
		switch {
		case h.ref != nil:
			all[h.name] = []string{c.secret(t.path+".headers."+h.name, h.value, fitsHeader, environ)}
		case h.text != "":
			all[h.name] = []string{h.text}
		default:
			all[h.name] = nil // which removes it
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// secret fetches what a field refers to, which must fit.
func (c *Serve) secret(path string, v value, fits func(string) bool, environ []string) string {
	if v.ref == nil {
		return ""
	}
	text, warning, err := c.follow(v.ref, environ)
	if err == nil && !fits(text) {
		err = errors.New("the secret has characters that a header cannot carry: use printable ASCII, and of a key no spaces")
	}
	if err != nil {
		c.file.wrong(v.line, "%s: %v", path, err)
	}
	if warning != "" {
		c.Warnings = append(c.Warnings, c.file.place(v.line)+": "+path+": "+warning)
	}
	return text
}
