package history

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/gofrs/flock"
)

// lock makes this process the one that writes the file. The lock goes with the
// process, however it ends; the lock file stays.
func lock(path string) (*flock.Flock, error) {
	l := flock.New(path+".lock", flock.SetFlag(os.O_CREATE|os.O_RDWR))
	got, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("history: the lock file: %w", err)
	}
	if !got {
		return nil, fmt.Errorf("%w: %s is held by %s; stop that process, or give this one another file", ErrLocked, path, holder(path))
	}
	host, _ := os.Hostname() // only for people
	_ = os.WriteFile(path+".lock", fmt.Appendf(nil, "pid %d on %s\n", os.Getpid(), host), 0o600)
	return l, nil
}

// holder is who wrote the lock file.
func holder(path string) string {
	text, err := os.ReadFile(path + ".lock")
	line, _, _ := strings.Cut(string(text), "\n")
	if err != nil || !strings.HasPrefix(line, "pid ") || len(line) > 300 {
		return "a process that did not leave its name"
	}
	return line
}

func unlock(l *flock.Flock) error {
	if l == nil {
		return nil
	}
	if err := l.Unlock(); err != nil {
		return errors.Join(errors.New("history: the lock file"), err)
	}
	return nil
}
