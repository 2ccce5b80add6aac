package config

import (
	"log/slog"
	"strings"
)

// A Setting is the text that is in force for one option.
type Setting struct {
	Option
	Text   string
	Source Source
	Origin string // what to call the place: "--retries", "RECLOSER_RETRIES"
}

// Shown returns the text, or of a secret whether there is one.
func (s Setting) Shown() string {
	if !s.Secret || s.Text == "" {
		return s.Text
	}
	return "[set]"
}

// Settings are all options with where their values came from, in the order of
// Options.
type Settings []Setting

// Get returns the setting of an option.
func (s Settings) Get(option string) Setting {
	for _, one := range s {
		if one.Name == option {
			return one
		}
	}
	return Setting{}
}

// Changed returns those that do not come from the default.
func (s Settings) Changed() Settings {
	var out Settings
	for _, one := range s {
		if one.Source != Default {
			out = append(out, one)
		}
	}
	return out
}

// Attrs returns one attribute a setting, for the log: retries="0 (flag)".
func (s Settings) Attrs() []slog.Attr {
	var out []slog.Attr
	for _, one := range s {
		name := strings.ReplaceAll(one.Name, "-", "_")
		out = append(out, slog.String(name, one.Shown()+" ("+one.Source.String()+")"))
	}
	return out
}
