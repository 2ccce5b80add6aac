package fault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"syscall"
)

// FromError names the error of a transport: no response came, or the reading of
// its body failed. nil gives nil, and an error that wraps an *[Error] gives that
// one. A cancelled context is Cancelled. A deadline that passed is a Timeout,
// whoever set it: this package cannot know whose it was.
//
// Where Go gives no type to an error its text is looked at; upstream's own text
// never is. An error that is not known is a Service failure, CodeTransport.
func FromError(err error) *Error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) && known != nil {
		return known
	}
	return Named(transportCode(err), err)
}

// transportCode finds the phase in which an exchange failed, the earliest first:
// what failed while connecting was surely not sent.
func transportCode(err error) string {
	if errors.Is(err, context.Canceled) || errors.Is(err, http.ErrBodyReadAfterClose) || errors.Is(err, http.ErrAbortHandler) {
		return CodeCancelled
	}
	for _, phase := range [...]func(error) string{tlsCode, dialCode, timeoutCode, brokenCode, garbledCode, untypedCode} {
		if code := phase(err); code != "" {
			return code
		}
	}
	return CodeTransport
}

func dialCode(err error) string {
	op, dialling := dialOf(err)
	var dns *net.DNSError
	resolving := errors.As(err, &dns)
	switch {
	case !dialling && !resolving:
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return CodeConnectTimeout
	case resolving:
		return CodeDNS
	case op.Timeout():
		return CodeConnectTimeout
	case errors.Is(err, errRefused):
		return CodeRefused
	}
	return CodeUnreachable
}

// dialOf finds the failed dialling of a host or a proxy in err.
func dialOf(err error) (*net.OpError, bool) {
	var op *net.OpError
	if !errors.As(err, &op) {
		return nil, false
	}
	return op, op.Op == "dial" || op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks")
}

func tlsCode(err error) string {
	if strings.HasSuffix(inner(err).Error(), "TLS handshake timeout") {
		return CodeTLSTimeout
	}
	var (
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &verify), errors.As(err, &record), errors.As(err, &authority),
		errors.As(err, &host), errors.As(err, &invalid), errors.Is(err, http.ErrSchemeMismatch):
		return CodeTLS
	case misfit(err):
		return CodeTLS
	}
	return ""
}

// misfit reports whether err is an alert which says that the two sides do not
// fit. Other alerts can come at any time. The type of alerts is not exported.
func misfit(err error) bool {
	var op *net.OpError
	if !errors.As(err, &op) || op.Err == nil || op.Op != "remote error" && op.Op != "local error" {
		return false
	}
	text := op.Err.Error()
	for _, alert := range [...]string{
		"certificate", "handshake failure", "protocol version not supported", "insufficient security level",
		"unrecognized name", "no application protocol",
	} {
		if strings.HasPrefix(text, "tls: ") && strings.Contains(text, alert) {
			return true
		}
	}
	return false
}

func timeoutCode(err error) string {
	var timeout net.Error
	deadline := errors.Is(err, context.DeadlineExceeded)
	if !deadline && (!errors.As(err, &timeout) || !timeout.Timeout()) {
		return ""
	}
	switch text := inner(err).Error(); {
	case strings.Contains(text, "awaiting response headers"), strings.Contains(text, "while awaiting headers"):
		return CodeHeadersTimeout
	case deadline:
		return CodeDeadline
	}
	return CodeReadTimeout
}

// brokenCode is for connections that ended.
func brokenCode(err error) string {
	var stream streamError
	switch {
	case errors.As(err, &stream):
		if stream.Code == refusedStream {
			return CodeRefusedStream
		}
		return CodeReset
	case errors.Is(err, errReset), errors.Is(err, errAborted), errors.Is(err, syscall.EPIPE):
		return CodeReset
	case errors.Is(err, io.ErrUnexpectedEOF):
		if strings.Contains(inner(err).Error(), "connection broken") { // the headers were cut, not the body
			return CodeClosed
		}
		return CodeTruncated
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return CodeClosed
	}
	return ""
}

// refusedStream is HTTP/2's REFUSED_STREAM.
const refusedStream = 7

// streamError has the shape that the standard library's HTTP/2 stream error
// fills by errors.As; its own type is not exported.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (streamError) Error() string { return "fault: HTTP/2 stream error" }

// untypedCode knows the errors of net/http that have no type.
func untypedCode(err error) string {
	text := inner(err).Error()
	for _, known := range [...]struct{ mark, code string }{
		{"malformed ", CodeMalformed},
		{"invalid byte in chunk length", CodeMalformed},
		{"server sent GOAWAY", CodeClosed},
		{"server closed idle connection", CodeClosed},
		{"tls: server ", CodeTLS},
		{"client connection lost", CodeLost},
		{"client connection force closed", CodeLost},
		{"unsupported protocol scheme", CodeBadRequest},
		{"no Host in request URL", CodeBadRequest},
		{"invalid header field", CodeBadRequest},
		{"http: ContentLength=", CodeBadRequest},
	} {
		if strings.Contains(text, known.mark) {
			return known.code
		}
	}
	return ""
}

// garbledCode is for what came but cannot be read.
func garbledCode(err error) string {
	var header textproto.ProtocolError
	if errors.As(err, &header) || errors.Is(err, http.ErrLineTooLong) || undecodable(err) {
		return CodeMalformed
	}
	return ""
}
