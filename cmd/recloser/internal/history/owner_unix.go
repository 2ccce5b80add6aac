//go:build unix

package history

import (
	"os"
	"syscall"
)

// likeFile makes the shared memory beside the file as private as the file, and gives it
// to the same owner: else a report by root would lock the service out. The library does
// that for the journal only.
func likeFile(path string) {
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	_ = os.Chmod(path+"-shm", info.Mode().Perm()) // as far as it is allowed
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = os.Chown(path+"-shm", int(owner.Uid), int(owner.Gid))
	}
}
