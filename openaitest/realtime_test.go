package openaitest_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// dialRealtime does the client's part of the handshake, with the key that RFC
// 6455 has as an example.
func dialRealtime(t *testing.T, l *openaitest.Local) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(l.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprint(conn, "GET /v1/realtime?model=m HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-Websocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("%+v", resp)
	}
	return conn, in
}

// masked returns a frame as a client sends it.
func masked(first byte, payload []byte) []byte {
	out := []byte{first}
	switch n := len(payload); {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	mask := []byte{1, 2, 3, 4}
	out = append(out, mask...)
	for i, b := range payload {
		out = append(out, b^mask[i%4])
	}
	return out
}

func TestRealtimeEchoes(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{})
	conn, in := dialRealtime(t, l)
	tests := []struct {
		sent, answer byte // the first byte of the frame
		size, head   int  // of the payload, of the answer's head
	}{
		{0x81, 0x81, 5, 2},
		{0x01, 0x01, 125, 2}, // a fragment
		{0x80, 0x80, 126, 4},
		{0x89, 0x8a, 0, 2}, // ping, pong
		{0x82, 0x82, 65_535, 4},
		{0x82, 0x82, 65_536, 10},
		{0x88, 0x88, 2, 2}, // close
	}
	for _, tt := range tests {
		payload := bytes.Repeat([]byte("abc"), tt.size)[:tt.size]
		if _, err := conn.Write(masked(tt.sent, payload)); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, tt.head+tt.size)
		if _, err := io.ReadFull(in, answer); err != nil {
			t.Fatalf("%d bytes: %v", tt.size, err)
		}
		if answer[0] != tt.answer || !bytes.Equal(answer[tt.head:], payload) {
			t.Errorf("%d bytes: %x…", tt.size, answer[:tt.head])
		}
	}
	if _, err := in.ReadByte(); err != io.EOF {
		t.Errorf("after close: %v", err)
	}
	idle(t, l)
	if c := l.Counts(); c.ByStatus["1xx"] != 1 || c.ByEndpoint["realtime"] != 1 || c.Canceled != 0 {
		t.Errorf("%+v", c)
	}
}

func TestRealtimeEndsOnBadFramesAndClose(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{})
	for name, bytes := range map[string][]byte{
		"not masked": {0x81, 0x01, 'a'},
		"huge":       {0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	} {
		conn, in := dialRealtime(t, l)
		_, _ = conn.Write(bytes)
		if b, err := in.ReadByte(); err == nil {
			t.Errorf("%s: answered %x", name, b)
		}
	}
	_, in := dialRealtime(t, l)
	_ = l.Server.Close()
	if b, err := in.ReadByte(); err == nil {
		t.Errorf("after Close: %x", b)
	}
	idle(t, l)
}
