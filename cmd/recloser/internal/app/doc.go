// Package app puts the parts of "recloser serve" together and runs them: it is
// the only package under internal that knows its siblings.
//
// [New] opens both listeners, [App.Run] serves until its context ends and then
// goes through the way out:
//
//  1. /readyz answers 503, and answers ask clients to close their connections.
//     Calls go on for the drain delay, so that load balancers notice.
//  2. The proxy's listener closes. Streams and WebSockets may end within the
//     shutdown grace; http.Server.Shutdown does not know of the latter, so the
//     app counts handlers itself.
//  3. What is left is broken off, streams with an event that says why, and the
//     admin listener closes.
//
// [App.Close] leads at once to the end.
//
// [App.Reload] exchanges the configuration meanwhile, all of it or nothing: the
// guard takes it, and the handlers behind both listeners are others from then on.
//
// The log is written by a goroutine of its own ([OpenLog]): what is on the
// request path, such as the access log and the circuits' transitions, never
// waits for it.
package app
