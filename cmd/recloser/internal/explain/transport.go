package explain

import (
	"strings"

	"github.com/recloser/recloser/fault"
)

// transportCodes finds the fault's code of an error of the transport in its text,
// as Go, Node and Python word it. The first that fits counts; a time-out's phase
// comes before the mere word.
var transportCodes = [...]struct{ words, code string }{
	{"context canceled|cancel|abort", fault.CodeCancelled},
	{"enotfound|eai_again|no such host|getaddrinfo|name resolution|dns|name or service not known", fault.CodeDNS},
	{"refused", ""},
	{"tls handshake timeout", fault.CodeTLSTimeout},
	{"certificate|x509|tls|ssl|cert_", fault.CodeTLS},
	{"connect_timeout|connect timeout|dial timeout|connecttimeout|dial tcp|timed out connecting|connection timed out", fault.CodeConnectTimeout},
	{"ehostunreach|enetunreach|unreachable|no route", fault.CodeUnreachable},
	{"headers_timeout|headers timeout|awaiting headers|awaiting response headers|response_headers", fault.CodeHeadersTimeout},
	{"content_timeout|first_content|first content|first token", fault.CodeContentTimeout},
	{"idle_timeout|idle timeout|body_timeout|body timeout|stall", fault.CodeIdleTimeout},
	{"total_timeout", fault.CodeTotalTimeout},
	{"deadline", fault.CodeDeadline},
	{"etimedout|timeout|timed out", fault.CodeReadTimeout},
	{"econnreset|epipe|reset|broken pipe|terminated", fault.CodeReset},
	{"unexpected eof|incomplete|truncated|peer closed|premature|content length", fault.CodeTruncated},
	{"eof|socket hang up|closed|goaway|disconnected", fault.CodeClosed},
	{"malformed|parse error|hpe_", fault.CodeMalformed},
}

// transportFault names an error of the transport.
func transportFault(text string) *fault.Error {
	if f := fault.Named(text, nil); f.Code == text {
		return f
	}
	low := strings.ToLower(text)
	for _, known := range transportCodes {
		for word := range strings.SplitSeq(known.words, "|") {
			if strings.Contains(low, word) {
				return fault.Named(codeOr(known.code, low), nil)
			}
		}
	}
	return fault.Named(fault.CodeTransport, nil)
}

// codeOr tells two refusals apart: of a connection and of a stream within one.
func codeOr(code, text string) string {
	switch {
	case code != "":
		return code
	case strings.Contains(text, "stream"):
		return fault.CodeRefusedStream
	}
	return fault.CodeRefused
}
