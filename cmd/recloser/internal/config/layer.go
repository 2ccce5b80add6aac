package config

import "strings"

// Source is the kind of place that a value came from.
type Source uint8

// The sources, the weakest first.
const (
	Default Source = iota
	File
	Environment
	Flag
)

// String returns "default", "file", "environment" or "flag".
func (s Source) String() string {
	switch s {
	case Default:
		return "default"
	case File:
		return "file"
	case Environment:
		return "environment"
	case Flag:
		return "flag"
	}
	return "invalid"
}

// A Layer gives options their texts.
type Layer struct {
	Source Source
	// Lookup returns the text that the layer has for an option, and what to call
	// the place in a message: "--retries", "RECLOSER_RETRIES".
	Lookup func(option string) (text, origin string, given bool)
}

// Flags is the layer of the command line. given holds the flags that are there.
func Flags(given map[string]string) Layer {
	return Layer{Flag, func(option string) (string, string, bool) {
		text, ok := given[option]
		return text, flagName(option), ok
	}}
}

// Env is the layer of the environment, whose entries are as os.Environ has
// them. A variable without a text counts as not there.
func Env(environ []string) Layer {
	texts := make(map[string]string, len(environ))
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		texts[name] = text
	}
	return Layer{Environment, func(option string) (string, string, bool) {
		name := Variable(option)
		return texts[name], name, texts[name] != ""
	}}
}

const prefix = "RECLOSER_"

// Variable returns the name of an option in the environment.
func Variable(option string) string {
	return prefix + strings.ToUpper(snake(option))
}

func flagName(option string) string { return "--" + option }

func snake(name string) string { return strings.ReplaceAll(name, "-", "_") }

func kebab(name string) string { return strings.ReplaceAll(name, "_", "-") }
