package integration

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// steps is an upstream whose stream says its next event when it is told to.
type steps struct {
	next chan string // closed: the end
}

func (s *steps) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		select {
		case event, more := <-s.next:
			if !more {
				return
			}
			_, _ = io.WriteString(w, "data: "+event+"\n\n")
		case <-r.Context().Done():
			return
		}
	}
}

// chunk is an event of a chat stream.
func chunk(text, finish string) string {
	return fmt.Sprintf(`{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":%q},"finish_reason":%s}]}`, text, finish)
}

// startStream begins a stream through the proxy and returns its lines as they
// come, and the error that ends it, if one does.
func startStream(t *testing.T, serve *server) <-chan string {
	t.Helper()
	resp := serve.begin(t, http.MethodPost, "/v1/chat/completions", "application/json", chatBody("m", true))
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Recloser-Kind") != "success" {
		t.Fatalf("%s, %v", resp.Status, resp.Header)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		defer resp.Body.Close()
		in := bufio.NewScanner(resp.Body)
		for in.Scan() {
			if in.Text() != "" {
				lines <- in.Text()
			}
		}
		if err := in.Err(); err != nil {
			lines <- err.Error()
		}
	}()
	return lines
}

// The headers, and then every event, arrive before the service has said the
// next one.
func TestServeStreamIsNotBuffered(t *testing.T) {
	api := &steps{next: make(chan string)}
	url, host := startUpstream(t, api.ServeHTTP)
	serve := startServe(t, "--upstream", url, "--commit", "headers")
	lines := startStream(t, serve) // nothing but headers was said
	events := []string{chunk("one", "null"), chunk("two", "null"), chunk("", `"stop"`), "[DONE]"}
	for _, event := range events {
		api.next <- event
		if got := receive(t, event, lines); got != "data: "+event {
			t.Fatalf("%q, not %q", got, event)
		}
	}
	close(api.next)
	if got, more := <-lines; more {
		t.Errorf("after the end: %q", got)
	}
	want := circuit{Name: host + "/m", State: "closed", TotalCalls: 1}
	eventually(t, "one call, a success", func() bool { return serve.circuit(t, want.Name) == want })
}

// The upstream's connection is killed in the middle of an answer. Whatever the
// answer's framing, the client gets what had come, and then finds its own
// connection broken, never a proper end; of a stream, behind an event that says
// so. The circuit has a failure.
func TestServeBrokenAnswers(t *testing.T) {
	half := `{"id":"` + strings.Repeat("half of it ", 10_000)
	event := "data: " + chunk("a", "null") + "\n\n"
	for name, tt := range map[string]struct{ head, body, sent string }{
		"length":  {"Content-Type: application/json\r\nContent-Length: 220000\r\n", half, half},
		"chunked": {"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", half, chunked(half)},
		"stream":  {"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n", event, chunked(event)},
	} {
		t.Run(name, func(t *testing.T) {
			die := make(chan struct{})
			addr := startKiller(t, "HTTP/1.1 200 OK\r\n"+tt.head+"\r\n"+tt.sent, die)
			serve := startServe(t, "--upstream", "http://"+addr+"/v1")
			resp := serve.begin(t, http.MethodPost, "/v1/chat/completions", "application/json", chatBody("m", name == "stream"))
			defer resp.Body.Close()
			begun := make([]byte, min(len(tt.body), 16<<10))
			if _, err := io.ReadFull(resp.Body, begun); err != nil {
				t.Fatalf("%q, %v", begun, err)
			}
			close(die)
			rest, err := io.ReadAll(resp.Body)
			came, told, _ := strings.Cut(string(begun)+string(rest), "data: {\"error\":")
			if err == nil || !strings.HasPrefix(tt.body, came) || (told != "") != (name == "stream") {
				t.Errorf("%d bytes that end with %q and %v", len(rest), rest[max(0, len(rest)-50):], err)
			}
			want := circuit{Name: addr + "/m", State: "closed", TotalCalls: 1, FailedCalls: 1}
			eventually(t, "one call, a failure", func() bool { return serve.circuit(t, want.Name) == want })
		})
	}
}

func chunked(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

// startKiller listens, and to each connection says its words once a request has
// come, and resets it when die is closed.
func startKiller(t *testing.T, words string, die <-chan struct{}) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	kill := func(conn net.Conn) {
		defer conn.Close()
		r, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(conn, words)
		<-die
		_ = conn.(*net.TCPConn).SetLinger(0)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go kill(conn)
		}
	}()
	return listener.Addr().String()
}
