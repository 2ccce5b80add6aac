// Package openaiguard puts package guard beneath the official client of the
// OpenAI API.
//
//	g, err := guard.New(nil, guard.Config{})
//	client := openai.NewClient(openaiguard.Options(g)...)
//
// [Options] sets the client's HTTP client and switches its own retries off, so
// that attempts are not multiplied. [Service] is the chat service on top, whose
// errors are typed and have words for end users.
package openaiguard
