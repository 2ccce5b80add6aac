package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/trace"
	"github.com/recloser/recloser/replay"
)

// Traces for "recloser replay".

// What a trace may have, so that it fits into the memory: a row takes about 80 bytes.
const (
	maxTraceRows   = 20_000_000
	maxTraceModels = 1000 // as many circuits as serve has by default; the rest share one
)

const (
	otherModels = "other models"
	stdinName   = "-"
)

// loaded is a trace that has been read.
type loaded struct {
	*replay.Trace

	name      string
	unsorted  int  // rows that stood before an earlier one
	callsTold bool // some say which call they belong to
}

// traceReader reads traces.
type traceReader struct {
	stdin io.Reader // nil once it has been read
	ended bool      // rows stand at the moment when the answer came
	bar   *progress
}

// read reads a file: CSV, packed or not, or a history.
func (r *traceReader) read(ctx context.Context, name string) (*loaded, error) {
	in, size := r.stdin, int64(0)
	if name == stdinName {
		if r.stdin == nil {
			return nil, errors.New("the standard input can be read once")
		}
		r.stdin = nil
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, unpathed(err)
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			size = info.Size()
		}
		in = f
	}
	r.bar.begin("reading "+name, size)
	defer r.bar.end()
	b := bufio.NewReader(counted{in, r.bar})
	if isHistory(b) {
		if name == stdinName {
			return nil, errors.New("a history cannot be read from a pipe: name its file")
		}
		return fromHistory(ctx, name)
	}
	return r.fromCSV(ctx, name, b)
}

func isHistory(b *bufio.Reader) bool {
	magic := []byte("SQLite format 3\x00")
	head, _ := b.Peek(len(magic))
	return bytes.Equal(head, magic)
}

func fromHistory(ctx context.Context, name string) (*loaded, error) {
	h, err := readHistory(ctx, name)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	to := time.Now().Add(time.Minute)
	from, err := from(ctx, h, "all", to)
	if err != nil {
		return nil, err
	}
	records := func(yield func(replay.Record, error) bool) {
		for a, err := range h.Attempts(ctx, from, to) {
			rec := replay.Record{
				At: a.At.Sub(from), Model: a.Circuit, Kind: a.Kind, Status: a.Status, Latency: a.Duration, Content: a.Content,
			}
			if a.Duration <= 0 {
				rec.Latency = replay.Unknown
			}
			if a.Call != 0 {
				rec.Call = strconv.FormatUint(a.Call, 16)
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
	t, err := trail(ctx, name, records, true)
	if errors.Is(err, errNoRows) {
		err = errors.New("no attempts are recorded in it: they are while recloser serve runs with --record on")
	}
	return t, err
}

func (r *traceReader) fromCSV(ctx context.Context, name string, in io.Reader) (*loaded, error) {
	table, err := trace.Open(in)
	if err != nil {
		return nil, err
	}
	if table.Has("start") && table.Has("end") && !table.Has("outcome") {
		return nil, errors.New(`it is a history of incidents, not of attempts: only "recloser import" can use it`)
	}
	records := func(yield func(replay.Record, error) bool) {
		for row, err := range table.Rows() {
			rec := replay.Record{
				At: row.At, Model: cmp.Or(row.Circuit, row.Model, "all"), Status: row.Status, Latency: row.Latency, Call: row.Call,
			}
			if err == nil {
				rec.Kind = kindOf(&row)
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
	return trail(ctx, name, records, r.ended)
}

var errNoRows = errors.New("there are no rows")

// trail makes a trace of records, if there are neither none nor too many.
func trail(ctx context.Context, name string, records iter.Seq2[replay.Record, error], ended bool) (*loaded, error) {
	t := &loaded{name: name}
	n, last, models := 0, time.Duration(0), map[string]bool{}
	checked := func(yield func(replay.Record, error) bool) {
		for rec, err := range records {
			n++
			switch {
			case err == nil && n > maxTraceRows:
				err = fmt.Errorf("there are more than %d rows: replay a part of them", maxTraceRows)
			case err == nil && n%countEach == 0:
				err = ctx.Err()
			}
			if rec.At < last {
				t.unsorted++
			}
			last = max(last, rec.At)
			t.callsTold = t.callsTold || rec.Call != ""
			switch {
			case models[rec.Model]:
			case len(models) < maxTraceModels:
				models[rec.Model] = true
			default:
				rec.Model = otherModels
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
	var err error
	t.Trace, err = replay.ReadTrace(checked, replay.TraceConfig{Ended: ended})
	if err == nil && n == 0 {
		err = errNoRows
	}
	return t, err
}
