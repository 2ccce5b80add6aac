package integration

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// received is what an upstream was sent.
type received struct {
	Method, Path, Query, ContentType string
	Length                           int64 // as announced
	Sum                              string
}

// startRecorder is an upstream that answers all with the status, and tells what
// it was sent.
func startRecorder(t *testing.T, status int) (baseURL, circuit string, got chan received) {
	t.Helper()
	got = make(chan received, 16)
	baseURL, circuit = startUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- received{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Content-Type"), r.ContentLength, sum(body)}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{}`)
	})
	return baseURL, circuit, got
}

func sum(b []byte) string {
	digest := sha256.Sum256(b)
	return fmt.Sprintf("%d bytes %s", len(b), hex.EncodeToString(digest[:8]))
}

// upload is a form with a file of random bytes.
func upload(t *testing.T, size int) (contentType string, body []byte) {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("purpose", "batch")
	file, err := w.CreateFormFile("file", "input.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.NewChaCha8([32]byte{1})
	_, _ = io.CopyN(file, random, int64(size))
	_ = w.Close()
	return w.FormDataContentType(), form.Bytes()
}

// An upload arrives byte for byte, and once: the service's 500 may mean that it
// has the file. That goes for those that are held in memory, and for those that
// are not.
func TestServeUpload(t *testing.T) {
	for name, size := range map[string]int{"held": 100_000, "not held": 5 << 20} {
		for _, status := range []int{http.StatusOK, http.StatusInternalServerError} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				url, host, got := startRecorder(t, status)
				serve := startServe(t, "--upstream", url)
				contentType, body := upload(t, size)
				said := serve.do(t, http.MethodPost, "/v1/files?x="+secretQuery, contentType, bytes.NewReader(body))
				if said.Status != status || said.Header.Get("Recloser-Attempts") != "1" {
					t.Errorf("%+v", said)
				}
				want := received{http.MethodPost, "/v1/files", "x=" + secretQuery, contentType, int64(len(body)), sum(body)}
				if r := receive(t, "the upload", got); r != want {
					t.Errorf("sent %+v, received %+v", want, r)
				}
				if len(got) > 0 {
					t.Errorf("repeated: %+v", <-got)
				}
				eventually(t, "one call on the upstream's circuit", func() bool { return serve.circuit(t, host).TotalCalls == 1 })
			})
		}
	}
}

// What is no JSON object, or nothing, passes as it is, on the upstream's circuit.
func TestServeOtherBodies(t *testing.T) {
	url, host, got := startRecorder(t, http.StatusOK)
	serve := startServe(t, "--upstream", url)
	calls := int64(0)
	for name, text := range map[string]string{
		"nothing": "", "spaces": "   ", "text": "hello", "list": `["model"]`, "number as model": `{"model":5}`,
		"half an object": `{"model":`, "a bracket": "{", "bytes": "\x00\xff{", "no JSON, although": `{"model":m}`,
	} {
		for framing, body := range map[string]io.Reader{
			"length": strings.NewReader(text), "chunks": io.MultiReader(strings.NewReader(text)),
		} {
			said := serve.do(t, http.MethodPost, "/v1/chat/completions", "application/json", body)
			if said.Status != http.StatusOK || said.Body != "{}" {
				t.Errorf("%s, %s: %+v", name, framing, said)
			}
			if r := receive(t, "the request", got); r.Sum != sum([]byte(text)) {
				t.Errorf("%s, %s: received %+v", name, framing, r)
			}
			calls++
		}
	}
	want := circuit{Name: host + "/no-model", State: "closed", TotalCalls: calls}
	eventually(t, "all calls on the circuit of those without a model", func() bool { return serve.circuit(t, want.Name) == want })
	if all := serve.circuits(t); len(all) != 2 {
		t.Errorf("circuits %+v", all)
	}
}

// Bodies over the limit are turned away, whether they say so or not, and so are
// models that can name no circuit. The service is not asked, no circuit is made,
// and the process lives.
func TestServeTurnsAway(t *testing.T) {
	var asked atomic.Int64
	url, host := startUpstream(t, func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil { // a body that is broken off is none
			asked.Add(1)
		}
	})
	serve := startServe(t, "--upstream", url, "--max-body", "2MiB")
	long := strings.Repeat("x", 1<<20)
	tests := map[string]struct {
		body   io.Reader
		status int
		code   string
	}{
		"too large":             {strings.NewReader(long + long + long), 413, "request_too_large"},
		"too large, chunked":    {io.MultiReader(strings.NewReader(long), strings.NewReader(long), strings.NewReader(long)), 413, "request_too_large"},
		"model of 1 MB":         {chatBody(long, false), 400, "invalid_model"},
		"model with a NUL":      {chatBody(`a\u0000b`, false), 400, "invalid_model"},
		"model with a new line": {chatBody(`a\nlevel=ERROR`, false), 400, "invalid_model"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			said := serve.do(t, http.MethodPost, "/v1/chat/completions", "application/json", tt.body)
			checkErrorObject(t, said, tt.status, tt.code)
		})
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d of them came to the service", n)
	}
	for _, c := range serve.circuits(t) {
		if c.Name != host || c.FailedCalls > 0 {
			t.Errorf("circuit %+v", c)
		}
	}
	if said := serve.chat(t, "m"); said.Status != http.StatusOK {
		t.Errorf("afterwards: %+v", said)
	}
}

// A body that is too large to be held, does not say how large it is, and turns
// out to be larger than the limit, is broken off at the service too.
func TestServeTurnsAwayWhatItCannotHold(t *testing.T) {
	ends := make(chan error, 1)
	url, _ := startUpstream(t, func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		ends <- err
	})
	serve := startServe(t, "--upstream", url, "--max-body", "2MiB", "--max-held-body", "64KiB")
	body := io.LimitReader(rand.NewChaCha8([32]byte{2}), 3<<20)
	checkErrorObject(t, serve.do(t, http.MethodPost, "/v1/files", "application/octet-stream", body), 413, "request_too_large")
	if err := receive(t, "the service's request ends", ends); err == nil {
		t.Error("the service got a body that seems whole")
	}
}

// The largest that the limit allows passes.
func TestServeLargestBody(t *testing.T) {
	api := openaitest.Start(t, openaitest.Config{})
	serve := startServe(t, "--upstream", api.BaseURL, "--max-body", "1MiB")
	contentType, body := upload(t, 1<<20-600)
	body = append(body, bytes.Repeat([]byte("\n"), 1<<20-len(body))...) // an epilogue
	if said := serve.do(t, http.MethodPost, "/v1/files", contentType, bytes.NewReader(body)); said.Status != http.StatusOK {
		t.Errorf("%+v", said)
	}
}
