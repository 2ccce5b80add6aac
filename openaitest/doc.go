// Package openaitest is a stand-in for the OpenAI API whose failures are
// scripted and seeded: for demos, for tests, and for finding out what a client
// does when the service misbehaves.
//
// A [Server] is a plain [net/http.Handler]. It answers chat completions and
// responses (streamed and not), embeddings, models, files, batches and a
// realtime WebSocket, with and without the /v1 prefix, in the shapes that the
// real API uses. What goes wrong is a [Fault]: one type for each way of
// failing, to be combined with [All], rationed with [Flaky], [First] and
// [Only], and put in order of time with a [Timeline], which [Parse] also reads
// from text:
//
//	healthy 5s, down 20s, flaky 0.3 10s, healthy
//
// Most faults fail whatever the client does. [Limited] is the exception: a token
// bucket, as the API has it, that refuses only what comes too fast.
//
// # What it promises
//
// The luck of an attempt is a hash of Config.Seed and the attempt's ordinal
// number, so that the same seed and the same order of requests give the same
// run. No text, id or choice comes from anywhere else; only time stamps follow
// the clock, and that can be replaced.
//
// It keeps its own books. [Server.Counts] is exact under any concurrency, and
// [Server.Log] holds the latest requests. An attempt is entered when its
// headers arrive, and closed when its handler has ended, which can be a moment
// after the client saw the last byte: call [Server.Idle] first where that
// matters.
//
// Everything in this package may be used by several goroutines at once. Faults
// are values that never change while they serve, but for the buckets of a
// [Limited].
//
// It imports only the standard library, and on purpose nothing else of this
// module: what it knows about the API, it knows on its own.
package openaitest
