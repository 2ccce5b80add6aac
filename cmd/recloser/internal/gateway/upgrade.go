package gateway

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

// upgraded is the service's side of a connection that speaks another protocol.
// It is closed by ReverseProxy, though not where the answer does not fit what
// was asked, and not before ServeHTTP returns; and by the call, which waits for
// that.
type upgraded struct {
	io.ReadWriteCloser

	once sync.Once
	err  error
}

// upgrade takes note of a 101 whose connection can be spoken on.
func (c *call) upgrade(resp *http.Response) {
	if conn, ok := resp.Body.(io.ReadWriteCloser); ok {
		c.upgraded = &upgraded{ReadWriteCloser: conn}
		resp.Body = c.upgraded
	}
}

// Close may be called by several goroutines.
func (u *upgraded) Close() error {
	u.once.Do(func() { u.err = u.ReadWriteCloser.Close() })
	return u.err
}

// CloseWrite tells the service that the client has nothing more to say, where
// the connection can.
func (u *upgraded) CloseWrite() error {
	if half, ok := u.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
