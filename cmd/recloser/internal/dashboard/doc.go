// Package dashboard is what the admin listener shows of a running proxy, and lets an
// operator do to it: a JSON API (openapi.yaml), an event stream, and the page in web/.
//
// [Live] watches the guard. It counts on the request path, a lock for each circuit and
// none for all, and never waits for anybody. [Dashboard] answers requests: from what
// Live has counted, from the circuits themselves, and from the history.
//
// All viewers share one feed, a goroutine that runs while somebody looks: it finds
// what has changed, at most four times a second and at once after a transition, encodes
// it once, and hands it to a bounded queue for each viewer. Who does not read fast
// enough loses his place, and begins with the whole picture again.
//
// Who may enter, and which pages may act, is decided at the front door, in package
// gateway.
package dashboard
