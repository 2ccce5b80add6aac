package openaitest

import "net/http"

// Garbage sends bytes that are not HTTP and closes the connection. Over HTTP/2
// it only resets the stream.
//
// In a script: garbage.
type Garbage struct{}

const garbageBytes = 64

// Name is "garbage".
func (Garbage) Name() string { return "garbage" }

func (Garbage) String() string { return "garbage" }

// Serve sends the bytes.
func (Garbage) Serve(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	conn, err := takeConn(w, false)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	rng := AttemptOf(r).Rand()
	noise := make([]byte, garbageBytes)
	for i := range noise {
		noise[i] = byte(0x80 + rng.IntN(0x80)) // never the beginning of "HTTP/"
	}
	noise[len(noise)-1] = '\n'
	_, _ = conn.Write(noise)
	_ = conn.Close()
}
