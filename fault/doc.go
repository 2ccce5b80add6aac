// Package fault names what an exchange with the OpenAI API, or with a server
// that speaks its language, meant.
//
// A status code is not enough to tell. A 429 may say "slow down", "your minute
// is used up" or "your money is gone"; each asks for something else. A failure
// may arrive as an event inside a stream whose status was 200, as an HTML page
// of the edge in front of the API, or as no answer at all. This package reads
// all of these and puts one name on them, a [Kind]:
//
//	kind        whose trouble it is            what helps
//	Success     nobody's                       -
//	Service     the service's, or the way to it  trying again a little later
//	Overload    the service has no capacity    trying again later, and sending less
//	Timeout     it did not answer in time      trying again, with care: it may still run
//	RateLimit   the caller sent too much       waiting as long as it says
//	Quota       the money is used up           a person
//	Caller      the request or its key         another request
//	Cancelled   the caller went away           nothing
//
// # Three ways in, one way out
//
// [Classify] reads a complete response, [FromEvent] one event of a stream, and
// [FromError] the error of a transport that got no response or lost it half
// way. [Named] serves those who notice a failure by themselves, such as a
// stream that fell silent. Each returns an *[Error], or nil for a success.
//
// The error can be tested by its sentinel, errors.Is(err, fault.ErrQuota), or
// taken apart by its fields: how long the service asked to wait, whether the
// call was surely not carried out and so can be sent again without fear of doing
// it twice, whether the host was reached at all. [Error.Retryable] says whether
// another try could help. [UserMessage] turns any error that holds one of ours
// into the words that an end user should read.
//
// # The table
//
// What is known about the API's failures is data: the rows of [Table], tried
// from top to bottom, the first match deciding. To teach the package something
// new, add a row to answers.go, or a phrase to phrases.go; no code has to change.
// What each row knows comes from the project's fact sheet on the API's failures,
// and from what compatible servers and relays were reported to say; that is in
// testdata/exchanges.jsonl. "recloser explain" prints the table.
//
// The order is one of trust: codes and types that are sure of themselves, then
// phrases of a message that nobody writes by chance, then parts of names that no
// row lists, then any words of a message, last the status. Only error messages are
// read, never what a model wrote, and an error that blames the request is not
// searched for words, as it may quote the request.
//
// # What never leaves
//
// Messages of the service can hold keys ("Incorrect API key provided: sk-...")
// and parts of prompts. They are read, to tell one failure from another where
// nothing better was said, and then dropped: no field and no text of an Error
// holds any of it. Codes, types and request ids are kept only if they look like
// such.
//
// Nothing here keeps state or looks at the clock. All functions may be called
// from any number of goroutines.
package fault
