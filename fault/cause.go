package fault

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"syscall"
)

// inner takes err out of the url.Errors around it, whose text holds the URL with
// its query.
func inner(err error) error {
	for {
		u, ok := err.(*url.Error)
		if !ok || u.Err == nil {
			return err
		}
		err = u.Err
	}
}

// veiledError is a cause whose own text may hold what upstream sent, or a URL. It
// keeps errors.Is and errors.As working and the text to itself.
type veiledError struct{ err error }

func (v *veiledError) Error() string {
	if text := causeText(v.err); text != "" {
		return text
	}
	return "cause withheld"
}

func (v *veiledError) Unwrap() error { return v.err }

// veil returns err, or a veiled one if its text is not known to be harmless.
func veil(err error) error {
	if err == nil {
		return nil
	}
	err = inner(err)
	switch err {
	case context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF:
		return err
	}
	return &veiledError{err}
}

// causeText says of a cause what adds to its code and cannot hold a secret: host,
// address, the system's error. "" if there is nothing.
func causeText(err error) string {
	var (
		dns  *net.DNSError
		op   *net.OpError
		no   syscall.Errno
		host x509.HostnameError
		ca   x509.UnknownAuthorityError
		cert x509.CertificateInvalidError
	)
	switch {
	case err == nil:
		return ""
	case errors.As(err, &dns):
		return "lookup " + dns.Name
	case errors.As(err, &op):
		return opText(op)
	case errors.As(err, &no):
		return no.Error()
	case errors.As(err, &host):
		return "the certificate is not for " + host.Host
	case errors.As(err, &ca):
		return "the certificate's issuer is not known"
	case errors.As(err, &cert):
		return "the certificate is not valid"
	}
	return ""
}

// opText is like OpError's text, without that of an inner error that is not the
// system's.
func opText(op *net.OpError) string {
	text := join(" ", op.Op, op.Net)
	if op.Addr != nil {
		text = join(" ", text, op.Addr.String())
	}
	if no, ok := errors.AsType[syscall.Errno](op.Err); ok {
		text = join(": ", text, no.Error())
	}
	return text
}

// undecodable reports whether a body could not be decompressed.
func undecodable(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}
