package fault

// Codes that Recloser gives to what it notices itself. OpenAI uses none of them.
const (
	CodeCancelled      = "cancelled"          // the caller went away
	CodeDeadline       = "deadline"           // a deadline passed, and it is not known in which phase
	CodeDNS            = "dns"                // the host's name was not resolved
	CodeRefused        = "connection_refused" // nobody listens there
	CodeUnreachable    = "unreachable"        // no way to the host, or to the proxy
	CodeConnectTimeout = "connect_timeout"    // no connection in time
	CodeTLS            = "tls"                // the two sides do not trust or understand each other
	CodeTLSTimeout     = "tls_timeout"        // no TLS in time
	CodeReset          = "reset"              // the connection was broken off
	CodeClosed         = "closed"             // the connection ended before an answer
	CodeLost           = "connection_lost"    // the connection died without a word
	CodeRefusedStream  = "refused_stream"     // HTTP/2: not even begun
	CodeTruncated      = "truncated"          // the body, or the stream, ended too early
	CodeMalformed      = "malformed_response" // what came is no HTTP, or cannot be decoded
	CodeHeadersTimeout = "headers_timeout"    // no response headers in time
	CodeContentTimeout = "content_timeout"    // no first content in time
	CodeIdleTimeout    = "idle_timeout"       // a stream fell silent
	CodeReadTimeout    = "read_timeout"       // the connection fell silent
	CodeTotalTimeout   = "total_timeout"      // the whole took too long
	CodeHTML           = "html"               // a page for people where an answer should be
	CodeEmpty          = "empty"              // an answer of nothing
	CodeEmptyContent   = "empty_content"      // a whole answer that says nothing
	CodeBadRequest     = "unsendable"         // the request could not be written
	CodeRedirect       = "redirect"           // a target that sends calls elsewhere
	CodeKeyRefused     = "key_refused"        // the service does not take the key of a target
	CodeGateClosed     = "gate_closed"        // not sent: a rate limit holds calls of this key and model back
	CodeKeyParked      = "key_parked"         // not sent: the key has no quota, or is not taken
	CodeTooManyCalls   = "too_many_calls"     // not sent: as many as there may be are under way
	CodeTransport      = "transport"          // something else went wrong on the way
)

// own are the rows for what Recloser notices itself, each with one code. It is
// never written to.
var own = [...]Row{
	{Name: "cancelled", Codes: CodeCancelled, Kind: Cancelled, Source: "adv",
		Why: "The caller went away before the answer was complete."},
	{Name: "deadline", Codes: CodeDeadline, Kind: Timeout, Source: "adv",
		Why: "The time allowed passed; the call may still run."},
	{Name: "DNS failure", Codes: CodeDNS, Kind: Service, NotDone: true, Unreached: true, Source: "adv",
		Why: "The host's name was not resolved; if all hosts fail so, it is our own network."},
	{Name: "connection refused", Codes: CodeRefused, Kind: Service, NotDone: true, Unreached: true, Source: "run",
		Why: "Nobody listens at the service's address."},
	{Name: "unreachable", Codes: CodeUnreachable, Kind: Service, NotDone: true, Unreached: true, Source: "run",
		Why: "There is no way to the service's address."},
	{Name: "dial timeout", Codes: CodeConnectTimeout, Kind: Timeout, NotDone: true, Unreached: true, Source: "run",
		Why: "The connection did not come about in time."},
	{Name: "TLS failure", Codes: CodeTLS, Kind: Service, NotDone: true, Unreached: true, Repeat: Stop, Source: "run",
		Why: "The certificate or the TLS settings do not fit; somebody has to look at the configuration."},
	{Name: "TLS timeout", Codes: CodeTLSTimeout, Kind: Timeout, NotDone: true, Unreached: true, Source: "run",
		Why: "TLS did not come about in time."},
	{Name: "reset", Codes: CodeReset, Kind: Service, Source: "run",
		Why: "The connection was broken off; whether the call was carried out is not known."},
	{Name: "closed", Codes: CodeClosed, Kind: Service, Source: "run",
		Why: "The connection ended before an answer; an idle connection that the service closed is the harmless case."},
	{Name: "connection lost", Codes: CodeLost, Kind: Service, Source: "src",
		Why: "The connection died without a word."},
	{Name: "refused stream", Codes: CodeRefusedStream, Kind: Service, NotDone: true, Source: "src",
		Why: "The service turned the request away before it began."},
	{Name: "truncated", Codes: CodeTruncated, Kind: Service, Source: "run",
		Why: "The answer ended before it was complete."},
	{Name: "malformed response", Codes: CodeMalformed, Kind: Service, Source: "run",
		Why: "What came back is not HTTP, or cannot be decoded."},
	{Name: "no headers in time", Codes: CodeHeadersTimeout, Kind: Timeout, Source: "adv",
		Why: "No response headers came in time; the call may still run and be billed."},
	{Name: "no content in time", Codes: CodeContentTimeout, Kind: Timeout, Source: "adv",
		Why: "The answer began, but no content came in time."},
	{Name: "stream fell silent", Codes: CodeIdleTimeout, Kind: Timeout, Source: "adv",
		Why: "The stream fell silent before its end."},
	{Name: "read timeout", Codes: CodeReadTimeout, Kind: Timeout, Source: "adv",
		Why: "The connection fell silent."},
	{Name: "total timeout", Codes: CodeTotalTimeout, Kind: Timeout, Source: "adv",
		Why: "The whole exchange took longer than allowed."},
	{Name: "200 HTML", Codes: CodeHTML, Kind: Service, Source: "adv",
		Why: "A page for people came where an answer should be, such as a challenge or a log-in page."},
	{Name: "200 empty", Codes: CodeEmpty, Kind: Service, Source: "adv",
		Why: "The answer holds no content."},
	{Name: "200 without content", Codes: CodeEmptyContent, Kind: Service, Source: "adv",
		Why: "The answer is complete and says nothing."},
	{Name: "unsendable request", Codes: CodeBadRequest, Kind: Caller, NotDone: true, Source: "src",
		Why: "The request could not be written as it is."},
	{Name: "redirect of a target", Codes: CodeRedirect, Kind: Service, NotDone: true, Repeat: Stop, Source: "adv",
		Why: "The target sends calls to another address; somebody has to put that one into the configuration."},
	{Name: "key of a target refused", Codes: CodeKeyRefused, Kind: Caller, NotDone: true, Source: "adv",
		Why: "The service does not take the key that the configuration has for this target; somebody has to put another there."},
	{Name: "gate closed", Codes: CodeGateClosed, Kind: RateLimit, NotDone: true, Source: "adv",
		Why: "The service has reported a rate limit for this key and model, and until it is over no call is sent."},
	{Name: "key parked", Codes: CodeKeyParked, Kind: Quota, NotDone: true, Source: "adv",
		Why: "The service has said that this key's quota is exhausted, or that it does not take the key; a call is tried now and then, but somebody has to act."},
	{Name: "too many calls", Codes: CodeTooManyCalls, Kind: RateLimit, NotDone: true, Source: "adv",
		Why: "As many calls as there may be at once are under way."},
	{Name: "other transport error", Codes: CodeTransport, Kind: Service, Source: "adv",
		Why: "Something went wrong on the way to the service or back."},
}

// Named returns the error for one of the Code constants, for those who notice a
// failure by themselves: a stream that fell silent, an answer that is a page.
// cause may be nil. An unknown code is a CodeTransport.
func Named(code string, cause error) *Error {
	row := &own[len(own)-1]
	for i := range own {
		if own[i].Codes == code {
			row = &own[i]
			break
		}
	}
	return &Error{
		Kind: row.Kind, Code: row.Codes, NotDone: row.NotDone, Unreached: row.Unreached,
		Row: row.Name, Why: row.Why, Err: veil(cause),
	}
}
