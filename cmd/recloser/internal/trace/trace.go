// Package trace reads and writes recorded attempts as CSV.
//
// The first seven columns are those of public request traces: timestamp_s, seconds
// since the first row; model; outcome, ok or error; latency_s; request_tokens;
// response_tokens; status, 0 where no answer came. What is empty is not known.
// Ours come after them: call, which attempts share that belong to one call;
// attempt, its number in the call; circuit; and kind. A row stands at the moment
// when its answer arrived. Readers go by the header: columns may be missing, in
// another order, or more.
package trace

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"
)

// Columns are those that are written, in order.
var columns = [...]string{
	"timestamp_s", "model", "outcome", "latency_s", "request_tokens", "response_tokens", "status", "call", "attempt", "circuit", "kind",
}

// Unknown stands for a number that a trace does not tell.
const Unknown = -1

// Row is one attempt.
type Row struct {
	At             time.Duration // since the first row of the trace
	Model          string
	OK             bool
	Latency        time.Duration // at most a day; Unknown: not told
	RequestTokens  int64         // likewise
	ResponseTokens int64
	Status         int    // 0: no answer came; Unknown: not told
	Call           string // empty: not told
	Attempt        int    // 0: not told
	Circuit        string // empty: not told
	Kind           string // likewise
}

// Table is a CSV text, packed by gzip or not, whose header has been read.
type Table struct {
	rows  *csv.Reader
	names map[string]int
	bound *bound
}

// maxRow bounds a row in bytes, so that a file which never ends one does not fill the
// memory; and what is read ahead of it.
const maxRow = 1 << 20

// longest bounds a latency: beyond it milliseconds were meant, and instants might
// overflow.
const longest = 24 * time.Hour

// bound passes on so many bytes, and then an error.
type bound struct {
	r    io.Reader
	left int
}

var errLongRow = errors.New("a row is longer than 1 MiB: is a quote missing, or is it no CSV?")

func (b *bound) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongRow
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// next reads a record.
func (t *Table) next() ([]string, error) {
	t.bound.left = maxRow
	return t.rows.Read()
}

// Plain unpacks what gzip has packed, and leaves alone what it has not.
func Plain(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if magic, _ := b.Peek(2); len(magic) < 2 || magic[0] != 0x1f || magic[1] != 0x8b {
		return b, nil
	}
	zr, err := gzip.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("it is no gzip file: %w", err)
	}
	return zr, nil
}

// Open reads the header.
func Open(r io.Reader) (*Table, error) {
	plain, err := Plain(r)
	if err != nil {
		return nil, err
	}
	b := bufio.NewReader(plain)
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		_, _ = b.Discard(len(mark))
	}
	t := &Table{names: make(map[string]int), bound: &bound{r: b}}
	t.rows = csv.NewReader(t.bound)
	t.rows.ReuseRecord = true
	header, err := t.next()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty: a header is the least")
	}
	if err != nil {
		return nil, fmt.Errorf("its header cannot be read: %w", err)
	}
	for i, name := range header {
		t.names[strings.TrimSpace(name)] = i
	}
	return t, nil
}

// Has reports whether there is a column of that name.
func (t *Table) Has(column string) bool {
	_, ok := t.names[column]
	return ok
}

// Rows reads the attempts, once. An error, which names the line, is the last.
func (t *Table) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, need := range [...]string{"timestamp_s", "outcome"} {
			if !t.Has(need) {
				yield(Row{}, fmt.Errorf("line 1: there is no column %s", need))
				return
			}
		}
		line := 1
		for {
			record, err := t.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Row{}, placed(err, line))
				return
			}
			line, _ = t.rows.FieldPos(0)
			row, err := t.row(record)
			if err != nil {
				err = fmt.Errorf("line %d: %w", line, err)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// placed names the line of an error, or, of one that is not about CSV, the last line
// before it.
func placed(err error, line int) error {
	if _, ok := errors.AsType[*csv.ParseError](err); ok {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the file is cut short")
	}
	return fmt.Errorf("after line %d: %w", line, err)
}

// row reads a record.
func (t *Table) row(record []string) (Row, error) {
	c := cells{t, record, nil}
	r := Row{
		At: c.seconds("timestamp_s"), Model: c.text("model"), OK: c.ok(), Latency: c.seconds("latency_s"),
		RequestTokens: c.whole("request_tokens"), ResponseTokens: c.whole("response_tokens"), Status: int(c.whole("status")),
		Call: c.text("call"), Attempt: int(max(c.whole("attempt"), 0)), Circuit: c.text("circuit"), Kind: c.text("kind"),
	}
	if r.Latency > longest {
		c.wrong("latency_s", c.text("latency_s"), "seconds, of a day at most")
	}
	if c.err == nil && r.At < 0 {
		c.err = errors.New("timestamp_s is empty: every row needs one")
	}
	return r, c.err
}

// cells are the values of a row by column.
type cells struct {
	t      *Table
	record []string
	err    error // the first
}

func (c *cells) text(column string) string {
	i, ok := c.t.names[column]
	if !ok || i >= len(c.record) {
		return ""
	}
	return strings.Clone(strings.TrimSpace(c.record[i]))
}

func (c *cells) wrong(column, text, use string) {
	if c.err == nil {
		c.err = fmt.Errorf("%s is %.40q: use %s", column, text, use)
	}
}

func (c *cells) seconds(column string) time.Duration {
	text := c.text(column)
	if text == "" {
		return Unknown
	}
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || !(s >= 0 && s < math.MaxInt64/float64(time.Second)) {
		c.wrong(column, text, "seconds, such as 1.25")
		return Unknown
	}
	return time.Duration(math.Round(s * float64(time.Second)))
}

func (c *cells) whole(column string) int64 {
	text := c.text(column)
	if text == "" {
		return Unknown
	}
	n, err := strconv.ParseFloat(text, 64) // some write 12.0
	if err != nil || !(n >= 0 && n <= 1<<53) {
		c.wrong(column, text, "a whole number")
		return Unknown
	}
	return int64(n)
}

func (c *cells) ok() bool {
	switch text := c.text("outcome"); text {
	case "ok":
		return true
	case "error":
	default:
		c.wrong("outcome", text, "ok or error")
	}
	return false
}

// Writer writes attempts as CSV.
type Writer struct {
	csv   *csv.Writer
	began bool
}

// NewWriter returns a writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{csv: csv.NewWriter(w)} }

// Write writes a row, and the header before the first.
func (w *Writer) Write(r Row) error {
	if err := w.header(); err != nil {
		return err
	}
	outcome := "error"
	if r.OK {
		outcome = "ok"
	}
	return w.csv.Write([]string{
		seconds(r.At), r.Model, outcome, seconds(r.Latency), whole(r.RequestTokens), whole(r.ResponseTokens), whole(int64(r.Status)),
		r.Call, whole(int64(r.Attempt)), r.Circuit, r.Kind,
	})
}

func (w *Writer) header() error {
	if w.began {
		return nil
	}
	w.began = true
	return w.csv.Write(columns[:])
}

// Close writes what is left: of no rows at least the header.
func (w *Writer) Close() error {
	if err := w.header(); err != nil {
		return err
	}
	w.csv.Flush()
	return w.csv.Error()
}

func seconds(d time.Duration) string {
	if d < 0 {
		return ""
	}
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
}

func whole(n int64) string {
	if n < 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
