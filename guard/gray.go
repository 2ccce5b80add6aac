package guard

import (
	"cmp"

	"github.com/recloser/recloser/fault"
)

// Switch is a setting that is on or off, or as the documentation of its field
// says.
type Switch int8

// The values of a Switch.
const (
	Default Switch = 0
	On      Switch = 1
	Off     Switch = -1
)

// String returns "default", "on" or "off".
func (s Switch) String() string {
	switch s {
	case On:
		return "on"
	case Off:
		return "off"
	default:
		return "default"
	}
}

// Gray are failures behind a good status. Each is named by a code of its own; On
// counts it against the service.
type Gray struct {
	// HTML: a page for people where an answer should be (html). It is never passed
	// on as an answer. On.
	HTML Switch
	// Truncated: a body shorter than announced, half of a JSON text, a stream
	// without its end or with half of an event, no body at all (truncated,
	// malformed_response, empty). On.
	Truncated Switch
	// Error: an error object, or an error event, in a 200 (the service's own code).
	// It counts if the same error with a status of its own would. On.
	Error Switch
	// Empty: a chat completion that ended by itself and says nothing, neither
	// text nor a tool call nor a refusal (empty_content). That can be legitimate,
	// so unless this is On it is a success.
	Empty Switch
}

func (g Gray) withDefaults() Gray {
	return Gray{
		HTML: cmp.Or(g.HTML, On), Truncated: cmp.Or(g.Truncated, On),
		Error: cmp.Or(g.Error, On), Empty: cmp.Or(g.Empty, Off),
	}
}

// over returns g with what is not set in it taken from base.
func (g Gray) over(base Gray) Gray {
	return Gray{
		HTML: cmp.Or(g.HTML, base.HTML), Truncated: cmp.Or(g.Truncated, base.Truncated),
		Error: cmp.Or(g.Error, base.Error), Empty: cmp.Or(g.Empty, base.Empty),
	}
}

// counts reports whether f, which speaks against the service, may.
func (g Gray) counts(f *fault.Error) bool {
	switch f.Code {
	case fault.CodeHTML:
		return g.HTML == On || f.Status >= 400
	case fault.CodeTruncated, fault.CodeMalformed, fault.CodeEmpty:
		return g.Truncated == On
	}
	return g.Error == On || f.Status < 200 || f.Status >= 300
}
