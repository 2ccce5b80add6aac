package fault_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"github.com/recloser/recloser/fault"
)

// recorded is a line of testdata/exchanges.jsonl: an answer as a server gives it,
// in the shape and with the phrases that were reported of it, and what it means.
type recorded struct {
	Name    string            `json:"name"`
	Kind    fault.Kind        `json:"kind"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	Events  []json.RawMessage `json:"events"`
}

// The answers of OpenAI, of servers that are compatible with it, and of relays. Those
// whose meaning a single event or a body does not tell (a stream that is cut, an
// answer that is empty or a page) are left to the guard; recloser's own test plays
// all of them to it.
func TestExchanges(t *testing.T) {
	f, err := os.Open("testdata/exchanges.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		var x recorded
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		n++
		if e := x.meaning(); kindOf(e) != x.Kind && !x.forTheGuard() {
			t.Errorf("%s: got %v, want %v", x.Name, kindOf(e), x.Kind)
		}
	}
	if err := lines.Err(); err != nil || n < 150 {
		t.Errorf("%d lines: %v", n, err)
	}
}

func (x *recorded) forTheGuard() bool {
	return x.Status == 0 || x.Status == http.StatusOK && x.Kind == fault.Service || x.Headers["content-type"] == "text/event-stream"
}

// meaning is what the body, or the first event that tells of a failure, means.
func (x *recorded) meaning() *fault.Error {
	h := http.Header{}
	for name, value := range x.Headers {
		h.Set(name, value)
	}
	if x.Events == nil {
		return fault.Classify(x.Status, h, plainText(x.Body), noon)
	}
	for _, raw := range x.Events {
		var named struct {
			Event string          `json:"event"`
			Data  json.RawMessage `json:"data"`
		}
		if json.Unmarshal(raw, &named) != nil || named.Data == nil {
			named.Data = plainText(raw)
		}
		if e := fault.FromEvent(named.Event, named.Data, noon); e != nil {
			return e
		}
	}
	return nil
}

// plainText takes a text out of its JSON string.
func plainText(raw json.RawMessage) []byte {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return []byte(s)
	}
	return raw
}
