package guard

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/retry"
)

func TestOverridesByUpstreamEndpointAndModel(t *testing.T) {
	done, minute := EndDone, time.Minute
	cfg := Config{
		Timeouts: Timeouts{Idle: 30 * time.Second}, Retry: retry.Config{MaxRetries: 5},
		Overrides: []Override{
			{Endpoint: "/chat/completions", Timeouts: Timeouts{Headers: minute}},
			{Endpoint: "/completions", Timeouts: Timeouts{Headers: 2 * minute}},
			{Models: []string{"o3", "gpt-5*"}, Timeouts: Timeouts{Idle: -1, FirstContent: 20 * minute}, StallAfter: -1},
			{Models: []string{"gpt-5-mini"}, Timeouts: Timeouts{Idle: minute}, Commit: CommitHeaders},
			{Upstream: "*.local", Ending: &done, Gray: Gray{Empty: On}},
			{Endpoint: "/audio/*", Retry: retry.Config{MaxRetries: -1}, Safe: new(false)},
			{Endpoint: "/responses", Safe: new(true), CommitAfter: -1},
		},
	}
	rules, err := newRules(cfg)
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		upstream, path, model string
		check                 func(s *settings) bool
	}{
		{"api", "/v1/embeddings", "e", func(s *settings) bool { return s == rules.plain }},
		{"api", "/v1/embeddings", "", func(s *settings) bool { return s == rules.plain && s.timeouts.Idle == 30*time.Second }},
		{"api", "/v1/chat/completions", "e", func(s *settings) bool {
			return s.timeouts.Headers == minute && s.timeouts.Idle == 30*time.Second && s.plan.MaxRetries() == 5 && s.late
		}},
		{"api", "/openai/deployments/d/chat/completions/", "e", func(s *settings) bool { return s.timeouts.Headers == minute }},
		{"api", "/v1/completions", "e", func(s *settings) bool { return s.timeouts.Headers == 2*minute }},
		{"api", "/v1/embeddings", "o3", func(s *settings) bool {
			return s.timeouts.Idle == 0 && s.stallAfter == 0 && s.timeouts.FirstContent == 20*minute
		}},
		{"api", "/v1/embeddings", "o3-pro", func(s *settings) bool { return s == rules.plain && s.stallAfter == 2*minute }},
		{"api", "/v1/chat/completions", "gpt-5-mini", func(s *settings) bool {
			return s.timeouts.Idle == minute && s.timeouts.FirstContent == 20*minute && !s.late && s.timeouts.Headers == minute
		}},
		{"box.local", "/v1/chat/completions", "m", func(s *settings) bool { return s.ending == EndDone && s.gray.Empty == On && s.gray.HTML == On }},
		{"api", "/v1/audio/speech", "m", func(s *settings) bool { return s.plan.MaxRetries() == 0 && s.safe != nil && !*s.safe }},
		{"api", "/v1/responses", "m", func(s *settings) bool { return *s.safe && s.commitAfter == 0 }},
		{"api", "/v1/responses/r/cancel", "m", func(s *settings) bool { return s == rules.plain }},
	}
	for _, row := range rows {
		s := rules.of(row.upstream, row.path, row.model)
		if !row.check(s) {
			t.Errorf("%s %s %s: %+v", row.upstream, row.path, row.model, s)
		}
		if again := rules.of(row.upstream, row.path, row.model); again != s {
			t.Errorf("%s %s %s: made anew", row.upstream, row.path, row.model)
		}
	}
	if n := testing.AllocsPerRun(100, func() { rules.of("api", "/v1/chat/completions", "gpt-5-mini") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if d := rules.connect(); d != 5*time.Second {
		t.Errorf("the longest connect timeout is %v", d)
	}
}

// Connect timeouts are the dialler's affair: it finds those of a call in its context.
func TestConnectTimeoutOfAnOverride(t *testing.T) {
	found := map[string]any{}
	base := transport(func(r *http.Request) (*http.Response, error) {
		found[r.URL.Path] = r.Context().Value(connectKey)
		return nil, io.EOF
	})
	g, err := New(base, Config{Retry: retry.Config{MaxRetries: -1}, Overrides: []Override{
		{Endpoint: "/models", Timeouts: Timeouts{Connect: time.Second}}, {Endpoint: "/files", Timeouts: Timeouts{Connect: -1}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/models", "/v1/files", "/v1/batches"} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://api"+path, http.NoBody)
		_, _ = g.RoundTrip(req)
	}
	if found["/v1/models"] != time.Second || found["/v1/files"] != time.Duration(0) || found["/v1/batches"] != nil {
		t.Errorf("%v", found)
	}
}

func TestGlob(t *testing.T) {
	for pattern, texts := range map[string][2]string{ // fits, and does not
		"a": {"a", "ab"}, "a*": {"abc", "ba"}, "*a": {"cba", "ab"}, "a*c": {"abc", "ab"}, "*": {"", "-"},
		"a*b*c": {"aXbYc", "acb"}, "a*a": {"aa", "a"}, "*b*": {"abc", "ac"}, "**": {"x", "-"},
	} {
		if !glob(pattern, texts[0]) || glob(pattern, texts[1]) && texts[1] != "-" {
			t.Errorf("%q fits %q: %v, %q: %v", pattern, texts[0], glob(pattern, texts[0]), texts[1], glob(pattern, texts[1]))
		}
	}
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	long, wrong := 365*24*time.Hour, EndAny+1
	o := Override{
		Endpoint: "chat", Models: []string{"m", ""}, StallAfter: long, Commit: 9, CommitAfter: long, Ending: &wrong,
		Timeouts: Timeouts{Connect: long, Headers: long, FirstContent: long, Idle: long, Total: long},
		Gray:     Gray{HTML: 2, Truncated: -2, Error: 3, Empty: 4}, Retry: retry.Config{MaxRetries: 101},
	}
	cfg := Config{Overrides: []Override{{}, o}, Commit: 3, CommitAfter: long, Ending: wrong, Gray: Gray{HTML: 7}, Timeouts: Timeouts{Idle: long}}
	err := cfg.Validate()
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	lines := "\n" + err.Error() + "\n"
	for _, want := range []string{
		"\nguard: Commit is 3: use ", "\nguard: CommitAfter is 8760h0m0s: use ", "\nguard: Ending is 3: use ", "\nguard: Gray.HTML is 7: use ",
		"\nguard: Timeouts.Idle is 8760h0m0s: use ", "\nguard: Overrides[1].Endpoint is chat: use ", "\nguard: Overrides[1].Models[1] is \"\": use ",
		"\nguard: Overrides[1].StallAfter is ", "\nguard: Overrides[1].Commit is 9: use ", "\nguard: Overrides[1].CommitAfter is ",
		"\nguard: Overrides[1].Ending is 3: use ", "\nguard: Overrides[1].Gray.HTML is 2: use ", "\nguard: Overrides[1].Gray.Truncated is -2: use ",
		"\nguard: Overrides[1].Gray.Error is 3: use ", "\nguard: Overrides[1].Gray.Empty is 4: use ",
		"\nguard: Overrides[1].Retry: retry: MaxRetries is 101: use ",
		"\nguard: Overrides[1].Timeouts.Connect is ", "\nguard: Overrides[1].Timeouts.Headers is ", "\nguard: Overrides[1].Timeouts.FirstContent is ",
		"\nguard: Overrides[1].Timeouts.Idle is ", "\nguard: Overrides[1].Timeouts.Total is ",
	} {
		if !strings.Contains(lines, want) {
			t.Errorf("no line %q", want)
		}
	}
	if n := strings.Count(lines, "\n") - 1; n != 21 {
		t.Errorf("%d lines:%s", n, lines)
	}
	if err := (Config{Overrides: make([]Override, 65)}).Validate(); err == nil || !strings.Contains(err.Error(), "Overrides has 65 entries") {
		t.Errorf("%v", err)
	}
	if err := (Config{}).Validate(); err != nil {
		t.Error(err)
	}
}
