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
// If calls come all the time, a circuit has 6·360 rows of 10 s, 7·1440 of 1 min, 180·24
// of 1 h and one of each day; a slot without a call has none. All circuits together are
// one circuit more. So, with y for the years and rows of a, b, c and d bytes,
//
//	1.2 · (circuits + 1) · (2160·a + 10080·b + 4320·c + 365·y·d)
//
// A row is about 20 bytes of counts, and for each of the two sketches a byte or two for
// each bucket in use, of which there are 32 for each doubling of the time: it grows with
// the logarithm of the calls. With 100 calls a minute, whose times are spread widely, the
// rows have 105, 325, 580 and 1,020 bytes: 7.2 MB for each circuit, and 0.45 MB a year.
// 50 such circuits have a file of 275 MB after 90 days. (TestSizeIsAsStated and
// BenchmarkQueries make such files, and look.)
//
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
