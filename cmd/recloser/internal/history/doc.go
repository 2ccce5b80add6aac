// Package history keeps what happened, so that nothing is forgotten across restarts and
// reports can look back for months: events as they happen, attempts and calls rolled up
// by circuit, snapshots of circuits and gates, and, if asked for, each attempt.
//
//	h, err := history.Open(ctx, history.Config{Path: path, Log: log})
//	if err != nil {
//		h = history.Memory(history.Config{Log: log, Reason: history.Why(err)})
//	}
//	defer h.Close(ctx)
//
//	circuits, gates, err := h.Snapshots(ctx) // of the last run
//	h.SetSnapshots(…)                        // from now on
//	h.Event(…); h.Attempt(…); h.Call(…)      // none waits for the disk
//
//	cells, err := h.Cells(ctx, from, to, time.Hour, "openai/gpt-5")
//
// and in another process, at any time,
//
//	r, err := history.Read(ctx, path, nil)
//
// # The way of a call into the file
//
// Attempt and Call add to sums of the circuit and the slot of 10 s, in memory. Every
// 750 ms, or 10 to 100 ms after an event, the writer adds these to the rows of the four
// levels, 10 s, 1 min, 1 h and 1 day, in one transaction with the events and a snapshot
// of all circuits and gates: a file is complete and of one moment at any time, and a
// kill loses less than a second of calls and a tenth of a second of events. The row of
// the slot that a circuit is in lies apart, in the table open, so that a batch rewrites
// a few pages; it moves to the table cells when the next slot begins.
//
// While the disk does not take it, all waits in memory, within bounds, and Status says
// so. A file that is damaged is set aside and a new one begun.
//
// # The size of the file
//
// A circuit has at most 6·360 rows of 10 s, 7·1440 of 1 min, 180·24 of 1 h and 1 of each
// day: 16,560 and 365 a year, if calls come all the time; a slot without a call has no
// row. All circuits together are one circuit more. A row is
//
//	60 bytes + 1.1 bytes for each bucket of the two sketches that is in use
//
// of which there are 32 for each doubling of the time. With 17 calls in 10 s, 100 in a
// minute and 6,000 in an hour, of times that are spread widely, 50 circuits have 845,000
// rows of 320 bytes after 90 days: 275 MB. (BenchmarkQueries makes that file, and tells.)
// Beside these come
//
//	events     at most 100,000 of about 250 bytes    (Config.EventMax)
//	attempts   at most 5 million of about 25 bytes   (Config.RecordMax, RecordKeep)
//	snapshots  about 1 kB for each circuit and gate
//	journal    at most 8 MB once it is at rest
//
// What is too old is deleted a little at a time, and pages that are free beyond a tenth
// are given back to the disk.
package history
