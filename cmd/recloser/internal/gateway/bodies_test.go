package gateway_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// chunked hides the length of a reader from net/http.
func chunked(r io.Reader) io.Reader { return struct{ io.Reader }{r} }

func TestBodiesArriveByteForByte(t *testing.T) {
	random := make([]byte, 5<<20+3)
	rand.NewChaCha8([32]byte{1}).Read(random)
	var form bytes.Buffer
	mw := multipart.NewWriter(&form)
	mw.WriteField("purpose", "batch")
	part, _ := mw.CreateFormFile("file", "a.bin")
	part.Write(random)
	mw.Close()
	rows := []struct {
		name, contentType string
		body              []byte
		circuit           string // beneath the upstream's
	}{
		{"empty", "application/json", nil, guard.NoModel},
		{"not JSON", "application/json", []byte("model=gpt-4o\xff\x00"), guard.NoModel},
		{"cut JSON", "application/json", []byte(`{"mess`), guard.NoModel},
		{"JSON array", "application/json", []byte(`["model"]`), guard.NoModel},
		{"model is no string", "application/json", []byte(`{"model":7}`), guard.NoModel},
		{"chat", "application/json", []byte(chatBody), "gpt-4o"},
		{"odd white space", "application/json", []byte("\r\n {\"model\" :\t\"gpt-4o\" } \n"), "gpt-4o"},
		{"small multipart", mw.FormDataContentType(), form.Bytes()[:1000], guard.NoModel},
		{"multipart over what is held", mw.FormDataContentType(), form.Bytes(), guard.NoModel},
	}
	rec := newRecorder()
	r := newRig(t, rec.ServeHTTP)
	for _, row := range rows {
		for _, body := range []io.Reader{bytes.NewReader(row.body), chunked(bytes.NewReader(row.body))} {
			got := r.send(r.request(http.MethodPost, "/v1/files", body, "Content-Type", row.contentType))
			if got.StatusCode != http.StatusOK {
				t.Fatalf("%s: %d %s", row.name, got.StatusCode, got.body)
			}
			if arrived := <-rec.bodies; !bytes.Equal(arrived, row.body) {
				t.Errorf("%s: %d bytes arrived of %d, or others", row.name, len(arrived), len(row.body))
			}
			req := <-rec.requests
			equal(t, row.name+": Content-Type", req.Header.Get("Content-Type"), row.contentType)
			want := strings.TrimPrefix(r.upstream.URL, "http://") + "/" + row.circuit
			equal(t, row.name+": circuit", r.line()["circuit"], want)
		}
	}
}

func TestBodyOverTheLimit(t *testing.T) {
	const limit = 1000
	for name, held := range map[string]int64{"held": 4000, "streamed": 10} {
		t.Run(name, func(t *testing.T) {
			rec := newRecorder()
			r := newRig(t, rec.ServeHTTP, withRetries, func(s *settings) {
				s.proxy.MaxBody, s.guard.MaxHeldBody = limit, held
			})
			for _, size := range []int{limit + 1, 5000} {
				for _, body := range []io.Reader{strings.NewReader(strings.Repeat("x", size)), chunked(strings.NewReader(strings.Repeat("x", size)))} {
					got := r.send(r.request(http.MethodPost, "/v1/files", body))
					message, kind, code := r.apiError(got)
					if got.StatusCode != http.StatusRequestEntityTooLarge || code != "request_too_large" || kind != "invalid_request_error" || !strings.Contains(message, "1000 bytes") {
						t.Errorf("%d %s", got.StatusCode, got.body)
					}
					line := r.line()
					equal(t, "kind", line["kind"], "caller")
					equal(t, "status", line["status"], 413)
				}
			}
			for _, body := range []io.Reader{strings.NewReader(strings.Repeat("x", limit)), chunked(strings.NewReader(strings.Repeat("x", limit)))} {
				if got := r.send(r.request(http.MethodPost, "/v1/files", body)); got.StatusCode != http.StatusOK {
					t.Errorf("at the limit: %d %s", got.StatusCode, got.body)
				}
			}
			if m := r.metrics(""); m.FailedCalls != 0 {
				t.Errorf("the service is blamed: %+v", m)
			}
		})
	}
}

// TestAnnouncedBodyOverTheLimitIsNotAwaited has a client that sends no byte of
// what it announces, and one that sends all of it before it looks.
func TestAnnouncedBodyOverTheLimitIsNotAwaited(t *testing.T) {
	r := newRig(t, ok, func(s *settings) { s.proxy.MaxBody = 1000 })
	for _, sent := range []int{0, 10_000_000} {
		conn, in := r.raw("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
		go io.WriteString(conn, strings.Repeat("x", sent))
		resp := r.receive(in)
		if resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close {
			t.Errorf("after %d bytes: %v", sent, resp)
		}
	}
}

func TestModelsThatNameNoCircuit(t *testing.T) {
	r := newRig(t, func(http.ResponseWriter, *http.Request) { t.Error("went through") }, withRetries)
	for name, model := range map[string]string{
		"1 MB":           strings.Repeat("m", 1<<20),
		"257 bytes":      strings.Repeat("m", 257),
		"line feed":      `gpt\n4`,
		"escape":         `gpt\u001b[2J`,
		"zero":           `gpt\u0000`,
		"C1 control":     `gpt\u0085`,
		"huge and wrong": strings.Repeat(`\u0007`, 100_000),
	} {
		got := r.post(`{"model":"` + model + `","messages":[]}`)
		message, kind, code := r.apiError(got)
		if got.StatusCode != http.StatusBadRequest || code != "invalid_model" || kind != "invalid_request_error" || !strings.Contains(message, "256 bytes") {
			t.Errorf("%s: %d %.200s", name, got.StatusCode, got.body)
		}
		equal(t, name+": kind", got.Header.Get("Recloser-Kind"), "caller")
		equal(t, name+": attempts", got.Header.Get("Recloser-Attempts"), "0")
		equal(t, name+": message", got.Header.Get("Recloser-Message"), "")
		line := r.line()
		equal(t, name+": circuit", line["circuit"], "")
		equal(t, name+": status", line["status"], 400)
	}
	if n := r.guard.Circuits().Len(); n != 0 {
		t.Errorf("%d circuits were made", n)
	}
}

// TestClientThatBreaksOffItsBody is no failure of the service, and gets no
// answer that looks good.
func TestClientThatBreaksOffItsBody(t *testing.T) {
	for name, held := range map[string]int64{"held": 4000, "streamed": 10} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
				io.Copy(io.Discard, req.Body)
				ok(w, req)
			}, func(s *settings) { s.guard.MaxHeldBody = held })
			conn, in := r.raw("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + strings.Repeat("x", 500))
			conn.CloseWrite()
			if line, err := in.ReadString('\n'); err == nil && !strings.HasPrefix(line, "HTTP/1.1 400 ") {
				t.Errorf("answered %s", line)
			}
			if kind := r.line()["kind"]; kind != fault.Caller.String() && kind != fault.Cancelled.String() {
				t.Errorf("kind %v", kind)
			}
			if m := r.metrics(""); m.FailedCalls != 0 {
				t.Errorf("the service is blamed: %+v", m)
			}
		})
	}
}
