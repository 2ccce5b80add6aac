package bench

import (
	"syscall"
	"time"
	"unsafe"
)

// cpuTime returns how long all threads of a process have been on a core, in
// kernel and user mode, to the nanosecond: /proc/PID/stat only counts in
// hundredths of a second.
func cpuTime(pid int) (time.Duration, error) {
	const schedulerClock = 2 // CPUCLOCK_SCHED of a process, see clock_getcpuclockid(3)
	clock := ^pid<<3 | schedulerClock
	var t syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		return 0, errno
	}
	return time.Duration(t.Nano()), nil
}
