// Package demo is the newcomer's first minute: a stand-in for the OpenAI API
// goes through an outage and recovers, while two equal crowds of users call it
// at the same instants, one through the proxy and one without it.
//
// # What is compared, and how
//
// Every user makes one call and has [patience] for one answer. Both crowds use
// the same client, which does what the official SDKs do by default: up to two
// retries, half a second and then a second apart, less up to a quarter of it at
// random; Retry-After and x-should-retry are obeyed. The only difference is the
// address that the client is given. Each call of one crowd has a twin in the
// other, with the same instant and the same luck.
//
// The stand-in cannot tell the crowds apart but for a label, which it only
// counts. What it reports as attempts, and nothing else, is shown as attempts.
// It does not suffer from load: a real service that is hit by retries recovers
// later, for everybody. That is left out, in favour of the bare client.
//
// The proxy runs with the defaults of "recloser serve".
package demo
