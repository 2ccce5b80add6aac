//go:build !linux

package bench

import (
	"errors"
	"time"
)

// cpuTime is not known how to be read here.
func cpuTime(int) (time.Duration, error) { return 0, errors.ErrUnsupported }
