//go:build !windows

package fault

import "syscall"

// What the system says.
const (
	errAborted = syscall.ECONNABORTED
	errReset   = syscall.ECONNRESET
	errRefused = syscall.ECONNREFUSED
)
