package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// setAside renames a damaged file and what belongs to it, and tells its new name. A
// file that was set aside before is never overwritten.
func setAside(path string, now time.Time) (string, error) {
	stem := path + ".corrupt-" + now.UTC().Format("20060102T150405")
	to := stem
	for n := 2; exists(to) || exists(to+"-wal"); n++ {
		to = fmt.Sprintf("%s.%d", stem, n)
	}
	// The journal first: without its file it can do no harm, but with a new one it would.
	for _, suffix := range [...]string{"-wal", "-shm", "-journal", ""} {
		if err := os.Rename(path+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("history: the damaged file cannot be set aside: %w", err)
		}
	}
	return to, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
