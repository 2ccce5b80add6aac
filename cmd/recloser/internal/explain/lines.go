package explain

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine is the longest line that is read.
const maxLine = 16 << 20

// problem is the answer to a line that cannot be read.
type problem struct {
	Line  int    `json:"line"`
	Error string `json:"error"`
}

// Lines reads exchanges from in, one a line, and answers a line each. A line that
// cannot be read is answered by one that says why; Lines goes on, and returns an
// error that names these lines in the end. Empty lines are passed over.
func Lines(ctx context.Context, in io.Reader, out io.Writer) error {
	r := bufio.NewReaderSize(in, 64<<10)
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	var bad []int
	for n := 1; ctx.Err() == nil; n++ {
		text, err := readLine(r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		var v verdict
		if err == nil {
			v, err = answer(ctx, text)
		}
		if err != nil {
			bad = append(bad, n)
			err = enc.Encode(problem{n, err.Error()})
		} else {
			err = enc.Encode(v)
		}
		if err == nil && r.Buffered() == 0 {
			err = w.Flush() // somebody may be typing
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(w.Flush(), ctx.Err(), unread(bad))
}

func answer(ctx context.Context, text []byte) (verdict, error) {
	x, err := parse(text)
	if err != nil {
		return verdict{}, err
	}
	return judge(ctx, x)
}

// errTooLong is told of a line, not of the input.
var errTooLong = errors.New("the line is longer than 16 MiB")

// readLine reads the next line, without keeping more of it than is allowed. The
// end of the input is io.EOF.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if !long && len(line)+len(part) > maxLine {
			long, line = true, nil
		}
		if !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return nil, fmt.Errorf("read: %w", err)
		case long:
			return nil, errTooLong
		case err != nil && len(line) == 0:
			return nil, io.EOF
		}
		return line, nil
	}
}

// unread names the lines that could not be read.
func unread(lines []int) error {
	switch len(lines) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("line %d could not be read", lines[0])
	}
	const most = 20
	names := make([]string, 0, most+1)
	for i, n := range lines {
		if i == most {
			names = append(names, "…")
			break
		}
		names = append(names, fmt.Sprint(n))
	}
	return fmt.Errorf("%d lines could not be read: %s", len(lines), strings.Join(names, ", "))
}
