package fault_test

import (
	"io"
	"log"
)

// nothing is a log that keeps nothing.
var nothing = log.New(io.Discard, "", 0)
