package history

import (
	"io/fs"
	"log/slog"
	"time"
)

// Config says where a history is kept and what is bounded. Only Path is needed, and
// not even that by Memory.
type Config struct {
	// Path is where the file is. Its folder is made (0700) if it is missing, and a
	// new file can be read by its owner alone.
	Path string
	// Log is told of what went wrong and when it is well again. Its handler must not
	// block. nil: nobody is told.
	Log *slog.Logger
	// Record keeps each attempt too.
	Record bool
	// Flush is how long calls wait at most before they are written; 0: 750 ms. Events
	// are written within about 100 ms, and the calls so far with them.
	Flush time.Duration

	// RecordKeep and RecordMax bound how old recorded attempts become, and how many
	// they are; 0: 7 days and 5 million.
	RecordKeep time.Duration
	RecordMax  int64
	// EventMax bounds how many events are kept, the oldest go; 0: 100,000.
	EventMax int64
	// CircuitMax bounds how many circuits are told apart. Calls of further ones are
	// counted as those of Other. 0: 4,000.
	CircuitMax int

	// What waits to be written while the disk does not take it: so many events (0:
	// 10,000), cells of a circuit and 10 s (10,000,
	// some 25 MB) and recorded attempts (65,536).
	// Of what is too much the oldest is dropped, and counted.
	QueueEvents, QueueCells, QueueRecords int

	// Now is the clock for what is too old, and for what comes without a time; nil:
	// time.Now.
	Now func() time.Time
	// Reason is, of Memory, why nothing is kept, in words. Status says it.
	Reason string
	// VFS names SQLite's way to the disk, for tests; "": the usual one.
	VFS string

	migrations fs.FS // for tests; nil: those of this package
}

// Other is the circuit of calls at circuits for which there was no room.
const Other = "(other)"

const maxCircuits = 1<<20 - 2 // fit into a key

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.migrations == nil {
		c.migrations = migrations
	}
	orElse(&c.Flush, 750*time.Millisecond)
	orElse(&c.RecordKeep, 7*24*time.Hour)
	orElse(&c.RecordMax, 5_000_000)
	orElse(&c.EventMax, 100_000)
	orElse(&c.CircuitMax, 4_000)
	orElse(&c.QueueEvents, 10_000)
	orElse(&c.QueueCells, 10_000)
	orElse(&c.QueueRecords, 1<<16)
	c.CircuitMax = min(c.CircuitMax, maxCircuits)
	return c
}

func orElse[T int | int64 | time.Duration](value *T, otherwise T) {
	if *value <= 0 {
		*value = otherwise
	}
}
