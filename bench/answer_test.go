package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

// answer is what there is to know of a response.
type answer struct {
	status int
	body   int // bytes
}

// readAnswer reads one response, at a fraction of what http.ReadResponse costs.
// It understands as much of HTTP as Go's own servers use.
func readAnswer(r *bufio.Reader) (answer, error) {
	line, err := readLine(r)
	if err != nil {
		return answer{}, err
	}
	_, rest, _ := bytes.Cut(line, []byte(" "))
	code, _, _ := bytes.Cut(rest, []byte(" "))
	a := answer{}
	if a.status, err = strconv.Atoi(string(code)); err != nil {
		return a, fmt.Errorf("no status line: %q", line)
	}
	chunked := false
	for {
		if line, err = readLine(r); err != nil {
			return a, err
		}
		if len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if a.body, err = strconv.Atoi(string(value)); err != nil {
				return a, err
			}
		}
		chunked = chunked || string(line) == "Transfer-Encoding: chunked"
	}
	if chunked {
		a.body, err = discardChunks(r)
		return a, err
	}
	_, err = r.Discard(a.body)
	return a, err
}

// discardChunks reads a chunked body, without trailers, and returns its length.
func discardChunks(r *bufio.Reader) (total int, err error) {
	for {
		line, err := readLine(r)
		if err != nil {
			return total, err
		}
		size, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil {
			return total, fmt.Errorf("no chunk: %w", err)
		}
		if _, err := r.Discard(int(size) + len("\r\n")); err != nil {
			return total, err
		}
		if size == 0 {
			return total, nil
		}
		total += int(size)
	}
}

// readLine returns the next line, which is good until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

func TestReadAnswer(t *testing.T) {
	server := httptest.NewServer(newUpstream())
	defer server.Close()
	addr := server.Listener.Addr().String()
	for name, want := range map[string]int{"": len(completion), "1": len(streamed())} {
		request := "POST " + chatPath + " HTTP/1.1\r\nHost: " + addr + "\r\n" + streamHeader + ": " + name + "\r\n\r\n"
		conn := dial(t, addr)
		r := bufio.NewReader(conn)
		for range 2 { // the second shows that nothing of the first was left
			_, _ = io.WriteString(conn, request)
			if got, err := readAnswer(r); err != nil || got != (answer{http.StatusOK, want}) {
				t.Errorf("stream %q: got %+v, %v; want %d bytes", name, got, err, want)
			}
		}
	}
	for _, bad := range []string{"", "HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n"} {
		if got, err := readAnswer(bufio.NewReader(bytes.NewReader([]byte(bad)))); err == nil {
			t.Errorf("%q was taken for an answer: %+v", bad, got)
		}
	}
}
