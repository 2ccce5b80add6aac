package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// aimock is the npm package @copilotkit/aimock, a stand-in for the API that was
// not written here.
type aimock struct {
	url string
}

// startAimock serves the fixtures, as aimock's own files have them.
func startAimock(t *testing.T, fixtures []map[string]any) *aimock {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node", "install Node 20 or newer")
	}
	script := needFile(t, filepath.Join("node", "node_modules", "@copilotkit", "aimock", "dist", "cli.js"), "run make setup")
	text, err := json.Marshal(map[string]any{"fixtures": fixtures})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "fixtures.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(freePort(t))
	p := start(t, exec.Command(node, script, "--port", port, "--fixtures", path, "--strict", "--validate-on-load"), nil)
	a := &aimock{"http://127.0.0.1:" + port}
	for deadline := time.Now().Add(time.Minute); !answers(t.Context(), a.url+"/health"); {
		select {
		case <-p.ended:
			t.Fatalf("aimock ended before it answered: %v", p.cmd.ProcessState)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("aimock did not answer within a minute")
		}
	}
	return a
}

// attempts counts what aimock was asked of a model.
func (a *aimock) attempts(t *testing.T, model string) (n int64) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+"/__aimock/journal", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var entries []struct{ Body struct{ Model string } }
	if err := json.NewDecoder(resp.Body).Decode(&entries); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Body.Model == model {
			n++
		}
	}
	return n
}

// The answer, and how many bytes of it aimock puts into a chunk.
const (
	aimockText  = "one two three four five six seven eight nine ten eleven twelve"
	aimockChunk = 10
)

// fields are more of a fixture.
type fields = map[string]any

// status makes a fixture's answer an error.
func status(status int, typ, code string, more fields) fields {
	answer := fields{"status": status, "error": fields{"message": "aimock says so", "type": typ, "code": code}}
	maps.Copy(answer, more)
	return fields{"response": answer}
}

// aimockKind is what aimock does, and what the clients make of it.
type aimockKind struct {
	name    string
	fixture fields
	once    bool   // it does it on the first attempt alone
	only    string // the one operation that it is for
	// alike is the failure in docs/failures.md that must come to the same, but for
	// code, if that is given. Without it, come says what it comes to, N being the
	// attempts that the operation gets.
	alike, code string
	come        string
	unheard     bool // aimock keeps no record of calls that did not wait
}

const (
	noError   = "**no error**"
	cameWhole = noError + " | " + noError + " | 1 | 0"
)

var aimockKinds = []aimockKind{
	{name: "healthy", come: cameWhole},
	{name: "slow", come: cameWhole, only: opChatStream, fixture: fields{"streamingProfile": fields{"ttft": 300, "tps": 20, "jitter": 0.5}}},
	{name: "503", alike: "503", fixture: status(503, "server_error", "", nil)},
	{name: "503 once", once: true, fixture: status(503, "server_error", "", nil)},
	{name: "429, asks to wait a minute", alike: "429, asks to wait a minute",
		fixture: status(429, "requests", "rate_limit_exceeded", fields{"retryAfter": 60})},
	{name: "quota", alike: "quota", fixture: status(429, "insufficient_quota", "insufficient_quota", nil)}, // with a Retry-After of 1 s
	{name: "400", alike: "400", fixture: status(400, "invalid_request_error", "", nil)},
	{name: "drop", fixture: fields{"chaos": fields{"dropRate": 1}},
		come: "`apierror.Error` 500 chaos_drop | `InternalServerError` 500 chaos_drop | N | N"},
	{name: "disconnect", alike: "reset before the answer", code: "closed", // without a reset
		fixture: fields{"chaos": fields{"disconnectRate": 1}}},
	{name: "malformed", fixture: fields{"chaos": fields{"malformedRate": 1}}, // JSON without an end, also for a stream
		come: "`apierror.Error` 502 truncated | `InternalServerError` 502 truncated | N | N"},
	{name: "late", only: opChat, alike: "no answer", unheard: true, fixture: fields{"chaos": fields{"latencyMs": 3000}}},
	{name: "late", only: opResponse, alike: "no answer", unheard: true, fixture: fields{"chaos": fields{"latencyMs": 3000}}},
	{name: "late chunks", only: opChatStream, alike: "no answer", fixture: fields{"latency": 3000}}, // the headers wait for the first one
	{name: "truncated before content", only: opChatStream, alike: "cut before content",
		fixture: fields{"latency": 20, "truncateAfterChunks": 2}},
	{name: "truncated before content", only: opResponseStream, alike: "cut before content",
		fixture: fields{"latency": 20, "truncateAfterChunks": 4}},
	{name: "truncated before content once", only: opChatStream, once: true,
		fixture: fields{"latency": 20, "truncateAfterChunks": 2}},
	{name: "truncated after content", only: opChatStream, alike: "cut after content",
		fixture: fields{"latency": 20, "truncateAfterChunks": 5}},
	{name: "truncated after content", only: opResponseStream, alike: "cut after content",
		fixture: fields{"latency": 20, "truncateAfterChunks": 8}},
	{name: "disconnect before the headers", only: opChatStream, alike: "reset before the answer", code: "closed",
		fixture: fields{"latency": 300, "disconnectAfterMs": 20}},
	{name: "disconnect after content", only: opChatStream, alike: "cut after content",
		fixture: fields{"latency": 100, "disconnectAfterMs": 450}},
	{name: "disconnect after content", only: opResponseStream, alike: "cut after content",
		fixture: fields{"latency": 100, "disconnectAfterMs": 750}},
	{name: "silence before content", only: opChatStream, alike: "silence before content", fixture: paced(1)},
	{name: "silence before content", only: opResponseStream, alike: "silence before content", fixture: paced(3)},
	{name: "silence after content", only: opChatStream, alike: "silence after content", fixture: paced(4)},
	{name: "silence after content", only: opResponseStream, alike: "silence after content", fixture: paced(7)},
}

// want is what an operation comes to, in the words of docs/failures.md, which
// has no rows for embeddings.
func (k aimockKind) want(t *testing.T, op string, rows map[string]string) string {
	t.Helper()
	repeats := op != opResponse && op != opResponseStream
	switch {
	case k.alike != "":
		if op == opEmbedding {
			op = opChat
		}
		row, ok := rows[op+" | "+k.alike]
		if !ok {
			t.Fatalf("docs/failures.md says nothing of %s, %s", op, k.alike)
		}
		if k.code != "" {
			row = strings.ReplaceAll(row, " reset ", " "+k.code+" ")
		}
		return row
	case k.once && repeats:
		return noError + " | " + noError + " | 2 | 1"
	case k.once:
		return rows[op+" | 503"]
	case repeats:
		return strings.ReplaceAll(k.come, "N", "3")
	}
	return strings.ReplaceAll(k.come, "N", "1")
}

// paced are chunks that come quickly, but for 3 s after some of them.
func paced(chunks int) fields {
	var delays []int
	for range chunks - 1 {
		delays = append(delays, 20)
	}
	return fields{"recordedTimings": fields{
		"ttftMs": 20, "interChunkDelaysMs": append(delays, 3000), "totalDurationMs": 4000,
	}}
}

// What aimock does, healthy and not, comes to the same as what openaitest does.
func TestAimock(t *testing.T) {
	rows := documented(t)
	ops := []string{opChat, opChatStream, opResponse, opResponseStream, opEmbedding}
	api := startAimock(t, aimockFixtures(ops))
	serve := startServe(t, append([]string{"--upstream", api.url + "/v1"}, docArgs...)...)
	for _, op := range ops {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			clients := []sdk{goSDK{}, startNodeSDK(t)}
			for i, kind := range aimockKinds {
				if kind.only != "" && kind.only != op {
					continue
				}
				want := strings.Split(kind.want(t, op, rows), " | ")
				if len(want) != len(clients)+2 {
					t.Fatalf("%s: %q", kind.name, want)
				}
				for j, client := range clients {
					model := aimockModel(op, i, j)
					saw := client.call(t, sdkCall{URL: serve.URL(), Op: op, Model: model})
					got := strings.ReplaceAll(saw.words(op == opChatStream || op == opResponseStream), "text, then "+noError, noError)
					if got != want[j] {
						t.Errorf("%s: %s is %s", kind.name, want[j], got)
					}
					if saw.Error == nil {
						checkAimockAnswer(t, op, saw)
					}
					var c circuit
					eventually(t, kind.name+": the circuit has "+strings.Join(want[2:], ", "), func() bool {
						c = serve.circuit(t, strings.TrimPrefix(api.url, "http://")+"/"+model)
						return fmt.Sprintf("%d | %d", c.TotalCalls, c.FailedCalls) == want[2]+" | "+want[3]
					})
					if n := api.attempts(t, model); saw.Requests != 1 || n != c.TotalCalls && !kind.unheard {
						t.Errorf("%s: %d requests of the client, %d attempts at aimock, %+v", kind.name, saw.Requests, n, c)
					}
				}
			}
		})
	}
}

func checkAimockAnswer(t *testing.T, op string, saw sighting) {
	t.Helper()
	pieces := 0
	if op == opChatStream || op == opResponseStream {
		pieces = (len(aimockText) + aimockChunk - 1) / aimockChunk
	}
	switch {
	case op == opEmbedding && saw.Length != embeddingLength,
		op != opEmbedding && (saw.Text != aimockText || saw.Pieces != pieces),
		(op == opChat || op == opChatStream) && saw.Tokens == 0: // elsewhere aimock counts none
		t.Errorf("%+v", saw)
	}
}

// aimockModel is a model that fails as a kind does, with a circuit for each client.
func aimockModel(op string, kind, client int) string {
	return strings.ReplaceAll(fmt.Sprintf("%s-%02d-client%d", op, kind, client), " ", "-")
}

// aimockFixtures let each model fail in its way.
func aimockFixtures(ops []string) (all []map[string]any) {
	for _, op := range ops {
		answer := fields{"content": aimockText}
		if op == opEmbedding {
			answer = fields{"embedding": make([]float64, embeddingLength)}
		}
		for i, kind := range aimockKinds {
			for client := range 2 {
				match := fields{"model": aimockModel(op, i, client)}
				whole := fields{"match": match, "response": answer, "chunkSize": aimockChunk}
				failing := maps.Clone(whole)
				maps.Copy(failing, kind.fixture)
				if kind.once {
					failing["match"] = fields{"model": match["model"], "sequenceIndex": 0}
					all = append(all, failing, whole)
				} else {
					all = append(all, failing)
				}
			}
		}
	}
	return all
}

// documented are the rows of docs/failures.md, by their first two cells.
func documented(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "failures.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if cells := strings.SplitN(strings.Trim(line, "| \n"), " | ", 3); len(cells) == 3 {
			rows[cells[0]+" | "+cells[1]] = cells[2]
		}
	}
	return rows
}
