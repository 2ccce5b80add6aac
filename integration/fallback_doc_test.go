package integration

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

// fallbackText is what docs/fallback.md says around its table.
//
//go:embed testdata/fallback.md
var fallbackText string

// chainLines are the settings for the table. Waits are short, and an open period
// is longer than the rest of the calls takes.
var chainLines = []string{
	"timeouts: {headers: 1s, first_content: 1s, idle: 1s}",
	"breaker: {base_timeout: 15s}",
}

// inARow is how many calls meet each fault, one after the other.
const inARow = 20

// row is what becomes of a fault of the primary when there is a backup.
type row struct {
	fault    string
	first    sighting // of the first call
	stream   bool
	primary  int64 // attempts there, for all calls
	answered int   // calls
}

func (r row) cells() []string {
	return []string{
		r.fault, r.first.got(r.stream), r.first.Target, r.first.Attempts, fmt.Sprint(r.primary), fmt.Sprint(r.answered),
	}
}

// docs/fallback.md says what becomes of every failure when there is a backup: its
// table is what happens here.
func TestFallbackDocumentation(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 15 s")
	}
	t.Parallel() // with what is nothing but waiting too
	met := make([]row, len(benchFaults))
	t.Run("faults", func(t *testing.T) {
		for i, f := range benchFaults {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel() // some are nothing but waiting
				met[i] = meetFault(t, i)
			})
		}
	})
	rows, lost := [][]string{{"fault of the primary", "the client got", "from", "attempts", "at the primary", "answered"}}, []string{}
	for _, r := range met {
		rows = append(rows, r.cells())
		if !r.first.whole(r.stream) {
			lost = append(lost, r.fault)
		}
	}
	const due = "400; cut after 20 of 60 events; stall after 20; error event in the middle"
	if got := strings.Join(lost, "; "); got != due {
		t.Errorf("not answered whole: %s\nwant:              %s", got, due)
	}
	demandDoc(t, "fallback.md", "FallbackDocumentation", strings.Replace(fallbackText, "{{faults}}\n", table(rows), 1))
}

// meetFault makes calls to a primary that does nothing but fail.
func meetFault(t *testing.T, i int) row {
	t.Helper()
	f := benchFaults[i]
	r := row{fault: f.name, stream: i >= wholeNotStreamed}
	if limited, ok := f.fault.(openaitest.RateLimited); ok {
		limited.RetryAfter, limited.Millis = 20*time.Second, false // longer than the test
		f.fault = limited
	}
	c, op := startChain(t, slowly(f.fault), chainLines...), opChat
	if r.stream {
		op = opChatStream
	}
	for n := range inARow {
		saw := goSDK{}.call(t, c.chat(op))
		if saw.whole(r.stream) {
			r.answered++
		} else if saw.Error == nil || saw.Pieces >= chainChunks {
			t.Errorf("call %d: passed on as if it were an answer: %+v", n, saw)
		}
		if saw.Requests != 1 {
			t.Errorf("call %d: the client made %d requests", n, saw.Requests)
		}
		if n == 0 {
			r.first = saw
		}
	}
	idle(t, c.primary)
	r.primary = c.primary.Counts().Attempts
	if threshold := int64(5); r.primary > threshold && r.fault != "400" { // which is no failure of the primary
		t.Errorf("%d attempts at the primary, more than its threshold of %d", r.primary, threshold)
	}
	return r
}
