package trace_test

import (
	"bytes"
	"compress/gzip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/trace"
)

func read(t *testing.T, text string) ([]trace.Row, error) {
	t.Helper()
	table, err := trace.Open(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	var all []trace.Row
	for row, err := range table.Rows() {
		if err != nil {
			return all, err
		}
		all = append(all, row)
	}
	return all, nil
}

func TestWhatIsWrittenCanBeRead(t *testing.T) {
	rows := []trace.Row{
		{At: 0, Model: "gpt-5", OK: true, Latency: 1250 * time.Millisecond, RequestTokens: 12, ResponseTokens: 34, Status: 200, Call: "1f", Attempt: 1, Circuit: "api.openai.com/gpt-5", Kind: "success"},
		{At: 90 * time.Second, Model: `a,"b"` + "\n", Latency: trace.Unknown, RequestTokens: trace.Unknown, ResponseTokens: 0, Status: 0, Call: "20", Attempt: 2, Circuit: "x", Kind: "service"},
	}
	var out bytes.Buffer
	w := trace.NewWriter(&out)
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rows[1].Model = `a,"b"` // space around values is none of theirs
	got, err := read(t, out.String())
	if err != nil || !reflect.DeepEqual(got, rows) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, got, rows)
	}
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	_, _ = zw.Write(out.Bytes())
	_ = zw.Close()
	if again, err := read(t, packed.String()); err != nil || !reflect.DeepEqual(again, rows) {
		t.Errorf("packed: %v, %+v", err, again)
	}
}

func TestReadersGoByTheHeader(t *testing.T) {
	got, err := read(t, "status,new,outcome,timestamp_s\n503,x,error,1.5\n,y,ok,2\n")
	if err != nil || len(got) != 2 || got[0].Status != 503 || got[0].At != 1500*time.Millisecond || got[1].Status != trace.Unknown || !got[1].OK || got[1].Latency != trace.Unknown {
		t.Errorf("%v: %+v", err, got)
	}
}

func TestWhatIsWrongNamesItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "it is empty: a header is the least",
		"a,b\n":                            "line 1: there is no column timestamp_s",
		"timestamp_s,outcome\n1,maybe\n":   `line 2: outcome is "maybe": use ok or error`,
		"timestamp_s,outcome\n1,ok\n,ok\n": "line 3: timestamp_s is empty: every row needs one",
		"timestamp_s,outcome\n-1,ok\n":     `line 2: timestamp_s is "-1": use seconds, such as 1.25`,
		"timestamp_s,outcome,latency_s\n1,ok,9e4": `line 2: latency_s is "9e4": use seconds, of a day at most`,
		"timestamp_s,outcome,status\n1,ok,x\n":    `line 2: status is "x": use a whole number`,
		"timestamp_s,outcome\n1,ok,2,3\n":         "record on line 2: wrong number of fields",
		"\x1f\x8b":                                "it is no gzip file: unexpected EOF",
	} {
		if _, err := read(t, text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestHostileFiles(t *testing.T) {
	long := "timestamp_s,outcome,model\n1,ok,a\n2,ok,\"" + strings.Repeat("x", 3<<20)
	if _, err := read(t, long); err == nil || !strings.Contains(err.Error(), "a row is longer than 1 MiB") {
		t.Errorf("a quote without an end: %v", err)
	}
	if _, err := read(t, strings.Repeat("x", 3<<20)); err == nil || !strings.Contains(err.Error(), "a row is longer than 1 MiB") {
		t.Errorf("a header without an end: %v", err)
	}
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	_, _ = zw.Write([]byte("timestamp_s,outcome\n1,ok\n2,ok\n"))
	_ = zw.Flush()
	rows, err := read(t, packed.String()[:packed.Len()-2])
	if len(rows) != 2 || err == nil || err.Error() != "after line 3: the file is cut short" {
		t.Errorf("cut short: %d rows, %v", len(rows), err)
	}
}

func TestOfNoRowsThereIsTheHeader(t *testing.T) {
	var out bytes.Buffer
	if err := trace.NewWriter(&out).Close(); err != nil || !strings.HasPrefix(out.String(), "timestamp_s,model,outcome,latency_s,request_tokens,response_tokens,status,call,attempt,circuit,kind\n") {
		t.Errorf("%v: %q", err, out.String())
	}
}
