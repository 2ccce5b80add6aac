// Package gateway is Recloser over HTTP: the proxy that stands in for the
// OpenAI API, and the admin listener beside it.
//
// A [Proxy] sends every request on to one upstream through a guard, and passes
// the answer on as it comes, events of a stream one by one. It promises its
// client:
//
//   - An answer of the service keeps its status and body; headers tell what
//     Recloser made of it.
//   - A refusal or a failure without an answer is an error object of the API's
//     shape, with words for an end user, and a status that official clients
//     understand.
//   - A body that was cut off on its way here never ends cleanly there. A stream
//     that failed tells so in an error event, behind whole events; then its
//     connection is broken off, once its client had the time to leave by itself.
//   - What is secret (keys, prompts, queries, cookies) is in no log and in no
//     answer of our own, and no client's address or cookie reaches the service.
//
// # Headers of our own
//
// On every answer: Recloser-Request-Id; Recloser-Kind, what the answer meant,
// a name of fault.Kind, or "refused" where a circuit is open and the service
// was not asked; Recloser-Attempts, how often it was asked; and, if there are
// words for an end user, Recloser-Message. They tell what was known when the
// headers were sent: a stream that fails later was a success by then.
//
// On every request to the service: Recloser-Hop, a random value of each proxy
// that it has passed. One that comes back is answered with 508.
//
// x-should-retry: false stops the official clients' own retries. It is sent
// with every refusal and, where the guard retried the call or would have, with every
// failure.
package gateway
