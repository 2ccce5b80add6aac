package fault

import "syscall"

// What the system says, by the numbers that its sockets use.
const (
	errAborted = syscall.Errno(10053)
	errReset   = syscall.Errno(10054)
	errRefused = syscall.Errno(10061)
)
