package app

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestListenProblemSaysWhatToDo(t *testing.T) {
	for cause, want := range map[error]string{
		syscall.EADDRINUSE:           "choose another port",
		syscall.Errno(wsaEADDRINUSE): "choose another port",
		syscall.EADDRNOTAVAIL:        "leave the host out",
		syscall.EACCES:               "choose one above 1023",
		net.ErrClosed:                net.ErrClosed.Error(),
	} {
		err := fmt.Errorf("openaitest: %w", &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", cause)})
		if got := ListenProblem(err).Error(); !strings.Contains(got, want) {
			t.Errorf("%v: %s", cause, got)
		}
	}
}
