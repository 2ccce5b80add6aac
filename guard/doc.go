// Package guard is an http.RoundTripper that keeps an application up while the
// LLM API that it calls is down.
//
// It puts a circuit breaker, rate gates, deadlines, careful retries and a chain of
// fallbacks around each call, and names what every failure meant. One line wraps any
// client:
//
//	g, err := guard.New(nil, guard.Config{})
//	client := &http.Client{Transport: g}
//
// # What a caller sees
//
// Answers of the service, failures included, come back as they are, after what
// retries could do. Where no answer came, RoundTrip returns a [*fault.Error],
// which says what happened; where the circuit is open, a [*breaker.OpenError]
// at once, which says for how long. A call that a limit holds back (a gate, or as
// many calls out as there may be) is a [*fault.Error] with RetryAfter, as if the
// service had said so; of a gate it holds a [*gate.ClosedError]. All can be found with errors.As under the
// *url.Error of http.Client, and fault.UserMessage has words for end users.
//
// What looks like an answer and is none does not come back as one: a page for
// people, half a body or an empty stream is a *fault.Error, and an error that the
// service reported in a 200 becomes an error response with the same words.
//
// # Streams
//
// A stream is handed over with its first content (see [Commit]), so that one
// which fails before can be repeated; afterwards nothing is. Its events come
// whole, but for those over 1 MiB, which flow in pieces. Reading a stream that
// fails gives its whole events and then the *fault.Error; with [WithErrorEvents]
// there is an event before the error that says so.
//
// # Circuits
//
// Each call passes two circuits: its upstream's, named by the URL's host, and
// beneath it that of the model in the request, "host/model". By default they learn
// how the service usually is, and open when what comes back is too unlikely for
// that ([Adaptive]): the upstream's if it is not about one model alone. With a
// threshold in [Config.Breaker], such as FailureThreshold, they go by thresholds
// ([Classic]): then the upstream's opens when the host cannot be reached, and the
// model's when the model fails. A request
// without a readable model (a GET, an upload, a body too large to hold) is on
// "host/no-model".
//
// # Limits
//
// A rate limit that the service reports closes the gate of that API key,
// organisation, project and model until the moment that the service gives; repeated
// ones start a rate that grows again. Exhausted quota parks the key, for all models.
// Callers are refused at once with the time left, or wait in line with
// [Config.GateWait]. See package gate. [Config.Budget] bounds the retries at each
// circuit, [Limits] what is out there at once. Where a circuit only observes, is
// disabled or bypassed, gates and limits let everything through, too.
//
// # Chains
//
// [Config.Targets] lists where a call can be made: with another model, another key,
// at another service. It is made at the first target that lets it through; after a
// failure that another one can help with, at the next, at once, and until content
// was handed over. Only when none is left does the call wait and try again, where
// that can succeed first. What is not safe to do twice is not done elsewhere either.
//
// # Attempts and their bodies
//
// A response's permit and context live until its body has been read to the end
// or closed, so a stream counts when it ends: complete, cut, silent for too
// long, or left by the caller. Request bodies are held up to a limit so that
// they can be sent again; what is larger streams through once.
//
// # Other settings for some calls, or from now on
//
// [Config.Overrides] changes settings by upstream, endpoint and model; policy and
// thresholds, which are a circuit's, by upstream and model. [Guard.SetConfig] replaces the
// whole configuration: calls under way keep what they began with, circuits their
// state.
//
// A Guard is safe for concurrent use.
package guard
