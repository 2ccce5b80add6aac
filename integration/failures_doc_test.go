package integration

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

var update = flag.Bool("update", false, "write docs/failures.md and docs/fallback.md anew")

// failuresText is what docs/failures.md says around its tables.
//
//go:embed testdata/failures.md
var failuresText string

// docArgs are the settings of the proxy for the tables: waits are short, and a key
// whose quota is exhausted is not held back, since it is that of all calls.
var docArgs = []string{"--headers-timeout", "1s", "--idle-timeout", "1s", "--retry-base-delay", "5ms", "--gates", "off", "--policy", "classic"}

// docs/failures.md says what becomes of every failure: its tables are what
// happens here.
func TestFailuresDocumentation(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	var faults, whole, streams string
	t.Run("tables", func(t *testing.T) {
		part := func(name string, write func(t *testing.T)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				write(t)
			})
		}
		part("faults", func(t *testing.T) { t.Helper(); faults = faultTable(t) })
		part("whole", func(t *testing.T) { t.Helper(); whole = sdkTable(t, opChat, opResponse) })
		part("streams", func(t *testing.T) { t.Helper(); streams = sdkTable(t, opChatStream, opResponseStream) })
	})
	if !t.Failed() && (whole == "" || streams == "") {
		t.Skip("a table was skipped: there is nothing to compare")
	}
	text := strings.NewReplacer("{{faults}}\n", faults, "{{whole}}\n", whole, "{{streams}}\n", streams).Replace(failuresText)
	demandDoc(t, "failures.md", "FailuresDocumentation", text)
}

// demandDoc demands that a file of docs is text, or makes it so if that is asked
// for.
func demandDoc(t *testing.T, name, test, text string) {
	t.Helper()
	path := filepath.Join("..", "docs", name)
	if *update && !t.Failed() {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	was, is := strings.Split(string(old), "\n"), strings.Split(text, "\n")
	for i := range max(len(was), len(is)) {
		if i >= len(was) || i >= len(is) || was[i] != is[i] {
			t.Errorf("%s, line %d, is not what happens; if that is right, run go test -run %s -update here\nsays: %s\nis:   %s",
				path, i+1, test, line(was, i), line(is, i))
		}
	}
}

func line(of []string, i int) string {
	if i < len(of) {
		return of[i]
	}
	return "(nothing)"
}

// table renders rows for Markdown, the first of which is the head.
func table(rows [][]string) string {
	var text strings.Builder
	for i, row := range rows {
		text.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			text.WriteString(strings.Repeat("| --- ", len(row)) + "|\n")
		}
	}
	return text.String()
}

// benchFaults are the 17 faults by which gateways are compared; the first nine
// meet calls that are not streamed.
var benchFaults = []struct {
	name  string
	fault openaitest.Fault
}{
	{"429 with Retry-After", openaitest.RateLimited{RetryAfter: 20 * time.Millisecond, Millis: true}},
	{"quota", openaitest.Quota{}},
	{"500", openaitest.Down{Status: 500}},
	{"503", openaitest.Down{}},
	{"401", openaitest.APIError{Status: 401}},
	{"400", openaitest.APIError{Status: 400}},
	{"reset", openaitest.Reset{}},
	{"no answer", openaitest.Hang{}},
	{"200 with HTML", openaitest.HTML{}},
	{"500 before a stream", openaitest.Down{Status: 500}},
	{"headers, then silence", openaitest.Stall{}},
	{"first event an error", openaitest.ErrorEvent{}},
	{"no event", openaitest.EmptyStream{}},
	{"a broken event", openaitest.BrokenEvent{After: 1}},
	{"cut after 20 of 60 events", openaitest.Cut{After: 20}},
	{"stall after 20", openaitest.Stall{After: 20}},
	{"error event in the middle", openaitest.ErrorEvent{After: 20}},
}

const wholeNotStreamed = 9

// faultTable meets each of the faults, without a backup, on every attempt and on
// the first alone. None may be passed on as if it were an answer.
func faultTable(t *testing.T) string {
	t.Helper()
	api := openaitest.Start(t, openaitest.Config{Chunks: 58}) // and the role, and the finish reason
	serve := startServe(t, append([]string{"--upstream", api.BaseURL}, docArgs...)...)
	rows := [][]string{{"fault", "on every attempt", "attempts", "failures counted", "on the first attempt alone"}}
	for i, f := range benchFaults {
		model, stream := fmt.Sprintf("fault-%d", i), i >= wholeNotStreamed
		meet := func(fault openaitest.Fault, model string) string {
			api.Set(fault)
			said := serve.do(t, "POST", "/v1/chat/completions", "application/json", chatBody(model, stream))
			verdict, good := judge(said, stream)
			if !good {
				t.Errorf("%s: passed on as if it were an answer: %+v", f.name, said)
			}
			return verdict
		}
		always := meet(f.fault, model)
		c := serve.settled(t, api, model)
		once := meet(openaitest.First{N: 1, Fault: f.fault}, model+"-once")
		rows = append(rows, []string{f.name, always, fmt.Sprint(c.TotalCalls), fmt.Sprint(c.FailedCalls), once})
	}
	return table(rows)
}

// judge says what a client got, and whether it can tell.
func judge(said answer, stream bool) (verdict string, good bool) {
	failed := strings.Contains(said.Body, `"error":{`)
	switch {
	case said.Status != 200:
		return fmt.Sprintf("error %d%s", said.Status, codeIn(said.Body)), failed
	case !stream:
		return "whole answer", said.Err == nil && !failed && strings.Contains(said.Body, `"finish_reason":"stop"`)
	case said.Err == nil && !failed:
		return "whole answer", strings.Count(said.Body, "data: ") == 61 && strings.HasSuffix(said.Body, "data: [DONE]\n\n")
	}
	return "events, an error event" + codeIn(said.Body) + ", broken off", said.Err != nil && failed && !strings.Contains(said.Body, "[DONE]")
}

func codeIn(body string) string {
	_, rest, _ := strings.Cut(body, `"code":"`)
	code, _, _ := strings.Cut(rest, `"`)
	if code == "" {
		return ""
	}
	return " `" + code + "`"
}

// settled waits until a model's circuit has counted all that its service was
// asked, and returns its figures.
func (s *server) settled(t *testing.T, api *openaitest.Local, model string) circuit {
	t.Helper()
	name := strings.TrimPrefix(api.URL, "http://") + "/" + model
	attempts := attemptsFor(t, api, model)
	var c circuit
	eventually(t, "the figures of "+model, func() bool {
		c = s.circuit(t, name)
		return c.TotalCalls == attempts
	})
	// A stream that fails is counted before its client can have seen all of it.
	return c
}
