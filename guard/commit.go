package guard

import "time"

// Commit is when a stream is handed over to the caller, after which it cannot be
// repeated any more.
type Commit uint8

const (
	// CommitDefault is CommitLate.
	CommitDefault Commit = iota
	// CommitLate: with the first content, so that a stream which fails before that
	// can be repeated, and is an error otherwise.
	CommitLate
	// CommitHeaders: with the response headers, for callers that want those at once.
	CommitHeaders
)

// String returns "late" or "headers".
func (c Commit) String() string {
	if c == CommitHeaders {
		return "headers"
	}
	return "late"
}

// defaultCommitAfter is how long callers do without headers at most.
const defaultCommitAfter = time.Minute
