package config

import "log/slog"

// A Setting is the text that is in force for one option.
type Setting struct {
	Option
	Text   string
	Source Source
	Origin string // what to call the place: "--retries", "recloser.yaml:3: retry.max_retries"

	place string     // in the file: "recloser.yaml:3"
	ref   *reference // of a secret in the file
	list  []value    // of several
}

// From says in a word or two where the value comes from: "default", "--retries",
// "RECLOSER_RETRIES", "recloser.yaml:3".
func (s Setting) From() string {
	switch s.Source {
	case Default:
		return "default"
	case File:
		return s.place
	case Environment, Flag:
	}
	return s.Origin
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

// at returns the setting with that path in the file.
func (s Settings) at(path string) Setting {
	for _, one := range s {
		if one.Path == path {
			return one
		}
	}
	return Setting{Origin: path}
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
		out = append(out, slog.String(snake(one.Name), one.told()))
	}
	return out
}
