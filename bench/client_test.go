package bench

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	connections = 64

	// streamHeader tells the upstream to stream.
	streamHeader = "X-Bench-Stream"

	// patience is how long after the end of a slice an answer may come.
	patience = 10 * time.Second
)

// client sends one request again and again over all its connections. It is made
// to cost little: the machine's cores are shared with those who are measured.
type client struct {
	request []byte
	want    int // bytes of an answer's body
	conns   []*connection
}

// question is a request of an OpenAI client to addr, with a kilobyte of prompt.
func question(addr string, stream bool) string {
	body := `{"messages":[{"role":"user","content":"` + strings.Repeat("word ", 200) + `"}],"model":"gpt-4.1"}`
	extra := ""
	if stream {
		body = strings.TrimSuffix(body, "}") + `,"stream":true}`
		extra = streamHeader + ": 1\r\n"
	}
	return "POST " + chatPath + " HTTP/1.1\r\nHost: " + addr + "\r\n" +
		"User-Agent: OpenAI/Go 3.0.0\r\nAuthorization: Bearer sk-none\r\nAccept: application/json\r\n" +
		"Accept-Encoding: gzip\r\nContent-Type: application/json\r\nX-Stainless-Lang: go\r\n" +
		"X-Stainless-Package-Version: 3.0.0\r\nX-Stainless-Os: Linux\r\nX-Stainless-Arch: x64\r\n" +
		"X-Stainless-Runtime: go\r\nX-Stainless-Retry-Count: 0\r\n" + extra +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

func newClient(tb testing.TB, addr string, stream bool) *client {
	tb.Helper()
	c := &client{request: []byte(question(addr, stream)), want: len(completion)}
	if stream {
		c.want = len(streamed())
	}
	for range connections {
		conn := dial(tb, addr)
		c.conns = append(c.conns, &connection{conn: conn, answers: bufio.NewReader(conn)})
	}
	return c
}

// run keeps every connection busy for a time, at least for one request, and
// returns how many were answered.
func (c *client) run(d time.Duration) (int, error) {
	end := time.Now().Add(d)
	var done sync.WaitGroup
	for _, conn := range c.conns {
		done.Go(func() { conn.run(c, end) })
	}
	done.Wait()
	total := 0
	for _, conn := range c.conns {
		if conn.err != nil {
			return 0, conn.err
		}
		total += conn.count
	}
	return total, nil
}

// connection is one of a client's. What became of its last run is in it.
type connection struct {
	conn    net.Conn
	answers *bufio.Reader

	count int
	err   error
}

func (c *connection) run(of *client, end time.Time) {
	c.count = 0
	if c.err = c.conn.SetDeadline(end.Add(patience)); c.err != nil {
		return
	}
	for {
		if _, c.err = c.conn.Write(of.request); c.err != nil {
			return
		}
		var a answer
		if a, c.err = readAnswer(c.answers); c.err != nil {
			return
		}
		if a.status != http.StatusOK || a.body != of.want {
			c.err = fmt.Errorf("answered with status %d and %d bytes, want 200 and %d bytes", a.status, a.body, of.want)
			return
		}
		if c.count++; !time.Now().Before(end) {
			return
		}
	}
}
