package guard_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

const chatPath = "/v1/chat/completions"

// captures are streams as the API sent them. They lie beside the repository.
func captures(t *testing.T) map[string]string {
	t.Helper()
	folder := os.Getenv("RECLOSER_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared")
	}
	paths, _ := filepath.Glob(filepath.Join(folder, "captures", "*.sse"))
	if len(paths) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("MISSING in CI: ../shared/captures")
		}
		t.Skip("NOT RUN for want of ../shared/captures: put it there, or set RECLOSER_SHARED")
	}
	all := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = string(text)
	}
	return all
}

var firstContent = regexp.MustCompile(`"delta":\{"(content|refusal)":"[^"]|"tool_calls":\[|output_text\.delta`)

// milestones are how many bytes of a capture have come when it has content, when
// it has finished, and when it is at its end.
type milestones struct{ content, finished, end int }

func milestonesOf(text string, events []string) (m milestones) {
	at := 0
	for _, e := range events {
		at += len(e)
		if m.content == 0 && firstContent.MatchString(e) {
			m.content = at
		}
		if strings.Contains(e, `"finish_reason":"`) || strings.Contains(e, `"response.completed"`) {
			m.finished = at
		}
		if strings.Contains(e, "[DONE]") {
			m.end = at
		}
	}
	if strings.Contains(text, `"response.completed"`) {
		m.end = m.finished // nothing else is promised
	}
	return m
}

// A capture that is cut at any byte, in order or not, is judged rightly, and what
// a client gets is whole events of it and at most one event that tells of the
// failure.
func TestCapturesCutAtEveryByte(t *testing.T) {
	for name, text := range captures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := chatPath
			if strings.HasPrefix(name, "responses") {
				path = "/v1/responses"
			}
			events := strings.SplitAfter(text, "\n\n")
			m := milestonesOf(text, events)
			if m.content == 0 || m.finished < m.content || m.end < m.finished {
				t.Fatalf("read wrongly: %+v", m)
			}
			c := cutCapture{text: text, path: path, milestones: m}
			c.rig = newRig(t, c.serve(), guard.Config{Retry: once.Retry, Breaker: breaker.Config{Mode: breaker.Observe}})
			for c.at = range len(text) + 1 {
				for _, c.err = range []error{io.EOF, errReset} {
					c.check(t)
				}
			}
		})
	}
}

// cutCapture is a capture of which so many bytes come, and then an error.
type cutCapture struct {
	*rig
	milestones
	text, path string
	at         int
	err        error
}

func (c *cutCapture) serve() answer {
	return func(r *http.Request) (*http.Response, error) {
		return respond(r, 200, &failAfter{strings.NewReader(c.text[:c.at]), c.err}, "Content-Type", "text/event-stream"), nil
	}
}

func (c *cutCapture) check(t *testing.T) {
	t.Helper()
	before := int64(0)
	if c.at > 0 || c.err != io.EOF {
		before = c.metrics("api/gpt-5").FailedCalls
	}
	var report guard.Report
	got, begun, err := c.call(t, &report)
	good := c.at >= c.end || c.err == io.EOF && c.at >= c.finished
	if (report.Kind == fault.Success) != good || (err == nil) != good || !good && !errors.Is(err, fault.ErrService) {
		t.Fatalf("cut at %d with %v: %v, %v; want success %v", c.at, c.err, report.Kind, err, good)
	}
	if failed := c.metrics("api/gpt-5").FailedCalls - before; (failed == 0) != good {
		t.Fatalf("cut at %d with %v: %d failures", c.at, c.err, failed)
	}
	if begun != (c.at >= c.content) {
		t.Fatalf("cut at %d: the caller has a stream: %v", c.at, begun)
	}
	rest, ok := strings.CutPrefix(got, c.whole(begun))
	if told := strings.HasPrefix(rest, "data: {\"error\":{") || strings.HasPrefix(rest, "event: error\n"); !ok ||
		told != (begun && !good) || strings.Count(rest, "\n\n") > 1 || rest != "" && !told {
		t.Fatalf("cut at %d: behind whole events comes %q", c.at, rest)
	}
	if unmarked := good && c.path == chatPath && !strings.Contains(c.text[:c.at], "data: [DONE]"); report.NoDone != unmarked {
		t.Fatalf("cut at %d: NoDone is %v", c.at, report.NoDone)
	}
}

// whole is what must get through: the whole events, and [DONE] also where only
// blank lines behind it are missing.
func (c *cutCapture) whole(begun bool) string {
	if !begun {
		return ""
	}
	came := c.text[:c.at]
	if mark := strings.TrimSuffix(came, "\n"); c.err == io.EOF && strings.HasSuffix(mark, "data: [DONE]") {
		return mark + "\n\n"
	}
	return came[:strings.LastIndex(came, "\n\n")+2]
}

func (c *cutCapture) call(t *testing.T, report *guard.Report) (got string, begun bool, err error) {
	t.Helper()
	req := newPost(t, "http://api", chat)
	req.URL.Path = c.path
	resp, err := c.RoundTrip(req.WithContext(guard.WithErrorEvents(guard.WithReport(t.Context(), report))))
	if err != nil {
		return "", false, err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return string(all), true, err
}
