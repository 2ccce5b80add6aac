// Package alert tells people about troubles: each once.
//
// Rules find what is wrong: with a circuit, with an API key, or with the process
// itself. All that is found about one of them at a time is one trouble, with one key
// and one page, whatever rules have to say about it. Another page is sent when it gets
// worse (a Warning becomes Critical), when it has lasted for another repeat interval,
// and when it is over. It is over when no rule has found anything for a while, so that
// a circuit which flaps is one trouble and not twenty.
//
// What was sent is recorded, and an Engine that is given the record goes on where the
// last one stopped: a restart sends no second page.
//
// The request path only leaves notes. One goroutine looks at them and at the counters
// once a second; Delivery has one for each target, so that a chat service which hangs
// holds up nobody else.
package alert
