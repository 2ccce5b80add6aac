package openaitest

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
)

// realtime accepts a WebSocket and sends each frame back as it came, fragments
// too. It answers pings, and ends when the client closes. It is as much of RFC
// 6455 as it takes to see that a proxy carries frames both ways.
func (s *Server) realtime(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Sec-WebSocket-Key")
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || key == "" {
		badRequest("", "", "This endpoint speaks WebSocket only.").Serve(w, r, nil)
		return
	}
	h := w.Header()
	h.Set("Upgrade", "websocket")
	h.Set("Connection", "Upgrade")
	h.Set("Sec-WebSocket-Accept", acceptKey(key))
	w.WriteHeader(http.StatusSwitchingProtocols)
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	whole(r)
	echoFrames(r.Context(), conn, rw)
}

// acceptKey proves to the client that the server understood its handshake.
func acceptKey(key string) string {
	const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	sum := sha1.Sum([]byte(key + guid))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func echoFrames(ctx context.Context, conn net.Conn, rw *bufio.ReadWriter) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // on Server.Close
	for rw.Flush() == nil {
		f, err := readFrame(rw)
		if err != nil {
			return
		}
		if f.opcode() == opPing {
			f.first = f.first&^0x0f | opPong
		}
		writeFrame(rw, f)
		if f.opcode() == opClose {
			_ = rw.Flush()
			return
		}
	}
}

const (
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA

	maxFrame = 16 << 20
)

// frame is one WebSocket frame, its payload unmasked.
type frame struct {
	first   byte // the final bit, reserved bits and opcode
	payload []byte
}

func (f frame) opcode() byte { return f.first & 0x0f }

var errFrame = errors.New("openaitest: not a frame that a client may send")

func readFrame(r io.Reader) (frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	size := uint64(head[1] & 0x7f)
	var ext [8]byte
	switch size {
	case 126:
		_, _ = io.ReadFull(r, ext[6:]) // an error comes back in the next read
		size = binary.BigEndian.Uint64(ext[:])
	case 127:
		_, _ = io.ReadFull(r, ext[:])
		size = binary.BigEndian.Uint64(ext[:])
	}
	if masked := head[1]&0x80 != 0; !masked || size > maxFrame {
		return frame{}, errFrame
	}
	rest := make([]byte, 4+size)
	if _, err := io.ReadFull(r, rest); err != nil {
		return frame{}, err
	}
	mask, payload := rest[:4], rest[4:]
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return frame{head[0], payload}, nil
}

// writeFrame sends f unmasked, as servers do. Errors surface in the next Flush.
func writeFrame(w *bufio.ReadWriter, f frame) {
	_ = w.WriteByte(f.first)
	switch n := len(f.payload); {
	case n < 126:
		_ = w.WriteByte(byte(n))
	case n <= 0xffff:
		_ = w.WriteByte(126)
		_, _ = w.Write(binary.BigEndian.AppendUint16(nil, uint16(n)))
	default:
		_ = w.WriteByte(127)
		_, _ = w.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
	}
	_, _ = w.Write(f.payload)
}
