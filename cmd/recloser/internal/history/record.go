package history

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"slices"
	"time"

	"github.com/recloser/recloser/fault"
)

// A list of attempts lies in one row: so many at most, from so short a time that
// looking for a time needs to look back no further.
const (
	listLength = 1000
	listTime   = time.Minute
)

// Bits of the flags of an attempt in the file.
const (
	flagRetry = 1 << iota
	flagFallback
)

// addAttempts writes attempts, which it puts in the order of their times.
func addAttempts(ctx context.Context, stmt *sql.Stmt, list []Attempt, id func(circuit string) (int64, error)) error {
	slices.SortStableFunc(list, func(a, b Attempt) int { return a.At.Compare(b.At) })
	var b []byte
	for len(list) > 0 {
		n := 1
		for n < min(len(list), listLength) && list[n].At.Sub(list[0].At) < listTime {
			n++
		}
		var err error
		if b, err = appendAttempts(notNil(b), list[:n], id); err != nil {
			return err
		}
		if _, err := stmt.ExecContext(ctx, list[0].At.UnixNano(), list[n-1].At.UnixNano(), n, b); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// appendAttempts writes each as varints: the time since the one before, the circuit,
// and so on. Zeros at its end are left out, hence the number of fields first.
func appendAttempts(b []byte, list []Attempt, id func(circuit string) (int64, error)) ([]byte, error) {
	at, call := list[0].At, int64(0)
	for i := range list {
		a := &list[i]
		circuit, err := id(a.Circuit)
		if err != nil {
			return nil, err
		}
		flags := int64(0)
		if a.Retry {
			flags |= flagRetry
		}
		if a.Fallback {
			flags |= flagFallback
		}
		fields := [...]int64{
			int64(a.At.Sub(at)), circuit, int64(a.Call) - call, //nolint:gosec // and back
			int64(a.Duration), int64(a.Status), int64(a.Number),
			a.Output, a.Input, int64(a.Content), int64(known(a.Kind)), flags,
		}
		n := len(fields)
		for n > 0 && fields[n-1] == 0 {
			n--
		}
		b = append(b, byte(n))
		for _, f := range fields[:n] {
			b = binary.AppendVarint(b, f)
		}
		at, call = a.At, int64(a.Call) //nolint:gosec // and back
	}
	return b, nil
}

// readAttempts appends what appendAttempts wrote. Fields beyond those that it knows it
// passes over.
func readAttempts(to []Attempt, b []byte, first time.Time, name func(id int64) string) ([]Attempt, error) {
	at, call := first, int64(0)
	for len(b) > 0 {
		var fields [11]int64
		n := int(b[0])
		b = b[1:]
		for i := range n {
			f, used := binary.Varint(b)
			if used <= 0 {
				return to, errEncoding
			}
			b = b[used:]
			if i < len(fields) {
				fields[i] = f
			}
		}
		at, call = at.Add(time.Duration(fields[0])), call+fields[2]
		to = append(to, Attempt{
			At: at, Circuit: name(fields[1]), Call: uint64(call), //nolint:gosec // as it was written
			Duration: time.Duration(fields[3]), Status: int(fields[4]), Number: int(fields[5]),
			Output: fields[6], Input: fields[7], Content: time.Duration(fields[8]),
			Kind:  known(fault.Kind(min(max(fields[9], 0), 255))), //nolint:gosec // in its range
			Retry: fields[10]&flagRetry != 0, Fallback: fields[10]&flagFallback != 0,
		})
	}
	return to, nil
}

func byTime(list []Attempt) {
	slices.SortStableFunc(list, func(a, b Attempt) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
}
