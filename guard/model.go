package guard

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/recloser/recloser/fault"
)

// CodeInvalidModel is the Code of the *fault.Error, of Kind Caller, with which
// a request is turned away whose model cannot name a circuit.
const CodeInvalidModel = "invalid_model"

// maxModel is the longest name of a model, in bytes.
const maxModel = 256

// NoModel is the circuit, beneath its upstream's, of calls without a readable
// model. It is not the upstream's own, where a 500 of such a call would speak
// against the host and so against all models.
const NoModel = "no-model"

// circuitName returns the name of the circuit of a call to a model beneath its
// upstream's: that of the context, else the model's, else NoModel.
func (c *call) circuitName(name string) (string, *fault.Error) {
	if given, ok := c.req.Context().Value(circuitKey).(string); ok {
		name = given
	}
	if len(name) > maxModel || strings.ContainsFunc(name, unprintable) {
		c.body.close()
		return "", &fault.Error{
			Kind: fault.Caller, Code: CodeInvalidModel, NotDone: true,
			Why: "The model's name is longer than 256 bytes, or has control characters or broken UTF-8; use the name of a model.",
		}
	}
	return cmp.Or(name, NoModel), nil
}

// unprintable is true also for what stands for a byte that is no UTF-8.
func unprintable(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }
