package integration

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

// slowly leaves the proxy the time to read an event before what comes after it
// can overtake it.
func slowly(f openaitest.Fault) openaitest.Fault {
	return openaitest.All{openaitest.Slow{Chunk: 5 * time.Millisecond}, f}
}

// kinds are the failures of the tables, each where it can happen.
var kinds = []struct {
	name   string
	fault  openaitest.Fault
	stream bool // only streams
	only   string
}{
	{name: "503", fault: openaitest.Down{}},
	{name: "429, asks to wait a minute", fault: openaitest.RateLimited{RetryAfter: time.Minute}},
	{name: "quota", fault: openaitest.Quota{}},
	{name: "400", fault: openaitest.APIError{Status: 400}},
	{name: "reset before the answer", fault: openaitest.Reset{}},
	{name: "no answer", fault: openaitest.Hang{}},
	{name: "200 with HTML", fault: openaitest.HTML{}},
	{name: "200 with an error", fault: openaitest.ErrorEvent{}},
	{name: "200 with nothing", fault: openaitest.EmptyStream{}},
	{name: "200 with half a body", fault: openaitest.Truncated{}, only: "whole"},
	{name: "cut before content", fault: openaitest.Cut{After: 1}, stream: true},
	{name: "silence before content", fault: openaitest.Stall{After: 1}, stream: true},
	{name: "broken event before content", fault: openaitest.BrokenEvent{After: 1}, stream: true},
	{name: "error event after content", fault: slowly(openaitest.ErrorEvent{After: 6}), stream: true},
	{name: "flat error event after content", fault: slowly(openaitest.ErrorEvent{After: 6, Form: openaitest.FlatError}), only: opResponseStream},
	{name: "response.failed after content", fault: slowly(openaitest.ErrorEvent{After: 6, Form: openaitest.FailedResponse}), only: opResponseStream},
	{name: "cut after content", fault: slowly(openaitest.Cut{After: 6}), stream: true},
	{name: "cut within an event", fault: slowly(openaitest.Cut{After: 6, Partial: true}), stream: true},
	{name: "reset after content", fault: slowly(openaitest.Cut{After: 6, Reset: true}), stream: true},
	{name: "silence after content", fault: slowly(openaitest.Stall{After: 6}), stream: true},
	{name: "broken event after content", fault: slowly(openaitest.BrokenEvent{After: 6}), stream: true},
}

// sdkTable is what applications with the official clients see of each failure,
// what reached the service, and what the circuit counted.
func sdkTable(t *testing.T, ops ...string) string {
	t.Helper()
	api := openaitest.Start(t, openaitest.Config{})
	serve := startServe(t, append([]string{"--upstream", api.BaseURL}, docArgs...)...)
	clients := []sdk{goSDK{}, startNodeSDK(t)}
	rows := [][]string{{"call", "failure", "openai-go", "openai-node", "attempts", "failures counted"}}
	for _, op := range ops {
		for i, kind := range kinds {
			streams := op == opChatStream || op == opResponseStream
			if kind.stream && !streams || kind.only != "" && kind.only != op && (kind.only != "whole" || streams) {
				continue
			}
			api.Set(kind.fault)
			row, figures := []string{op, kind.name}, ""
			for j, client := range clients {
				model := strings.ReplaceAll(fmt.Sprintf("%s-%d-%d", op, i, j), " ", "-")
				saw := client.call(t, sdkCall{URL: serve.URL(), Op: op, Model: model})
				row = append(row, saw.words(streams))
				c := serve.settled(t, api, model)
				now := fmt.Sprintf("%d | %d", c.TotalCalls, c.FailedCalls)
				if figures = cmp.Or(figures, now); now != figures || saw.Requests != 1 {
					t.Errorf("%s, %s: %s for one client and %s for the other, which made %d requests", op, kind.name, figures, now, saw.Requests)
				}
			}
			rows = append(rows, append(row, strings.Split(figures, " | ")...))
		}
	}
	return table(rows)
}

// words says what an application saw.
func (s sighting) words(stream bool) string {
	text := ""
	if stream && s.Pieces > 0 {
		text = "text, then "
	}
	if s.Error == nil {
		return text + "**no error**"
	}
	if s.Error.Status == 0 && s.Error.Code == "" {
		return text + "`" + s.Error.Message + "`"
	}
	said := "`" + strings.TrimPrefix(s.Error.Class, "*") + "`"
	if s.Error.Status != 0 {
		said += fmt.Sprintf(" %d", s.Error.Status)
	}
	return text + strings.TrimSpace(said+" "+s.Error.Code)
}
