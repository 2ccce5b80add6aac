package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
)

// wsaEADDRINUSE is what Windows says, which syscall.EADDRINUSE is not.
const wsaEADDRINUSE = 10048

// listen opens a listener for the setting that has its address.
func listen(ctx context.Context, address string, s config.Setting) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", s.Origin, address, ListenProblem(err))
	}
	return l, nil
}

// ListenProblem words why an address cannot be listened on, and what to do.
func ListenProblem(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, syscall.Errno(wsaEADDRINUSE)):
		return errors.New("the port is in use: stop the program that listens there, or choose another port")
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return errors.New("no interface of this machine has that address: choose 127.0.0.1, or leave the host out for every interface")
	case errors.Is(err, os.ErrPermission):
		return errors.New("that port may not be used without more rights: choose one above 1023")
	}
	return err
}

// onLoopback tells whether only this machine can reach a listener.
func onLoopback(l net.Listener) bool {
	addr, ok := l.Addr().(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}
