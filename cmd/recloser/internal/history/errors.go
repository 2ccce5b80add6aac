package history

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

var (
	// ErrLocked is of a file that another process writes.
	ErrLocked = errors.New("history: another process writes this file")
	// ErrNewer is of a file that a newer version of this program wrote.
	ErrNewer = errors.New("history: the file is from a newer version of recloser")
	// ErrClosed is what a closed history answers.
	ErrClosed = errors.New("history: closed")

	errDamaged = errors.New("history: the file is damaged")
	errForeign = errors.New("history: this is the SQLite file of another program")
)

// isDamage tells whether the file itself is broken, and no patience helps.
func isDamage(err error) bool {
	return errors.Is(err, errDamaged) || errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB)
}

// Why says in words why a file could not be opened or written, for people: after Open
// failed, for the Reason of Memory.
func Why(err error) string {
	switch {
	case isDamage(err):
		return "the file is damaged"
	case errors.Is(err, sqlite3.FULL):
		return "the disk is full"
	case errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.PERM):
		return "the file or its folder cannot be written to"
	case errors.Is(err, sqlite3.BUSY):
		return "another program holds the file"
	case errors.Is(err, sqlite3.CANTOPEN):
		return "the file cannot be opened"
	case errors.Is(err, sqlite3.IOERR):
		return fmt.Sprintf("the disk fails: %v", err)
	}
	return err.Error()
}
