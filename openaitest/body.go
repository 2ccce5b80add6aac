package openaitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

// payload is the body of a request: held if it can be JSON, measured if it is an
// upload.
type payload struct {
	raw    []byte
	size   int64
	tooBig bool
	upload *upload
}

// upload is what a multipart body contained.
type upload struct {
	purpose  string
	filename string
	bytes    int64
	hasFile  bool
}

// readBody reads r's body to its end. Only then does net/http notice a client
// that leaves while it waits for the answer.
func readBody(r *http.Request, limit int64) (payload, error) {
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	counted := &countingReader{r: r.Body}
	if kind == "multipart/form-data" {
		return readUpload(counted, params["boundary"])
	}
	var held bytes.Buffer
	if _, err := io.Copy(&held, io.LimitReader(counted, limit+1)); err != nil {
		return payload{}, fmt.Errorf("reading the body: %w", err)
	}
	if counted.n > limit {
		return payload{size: counted.n, tooBig: true}, nil
	}
	return payload{raw: held.Bytes(), size: counted.n}, nil
}

// readUpload walks through the parts. A body that is not what it claims to be is
// an upload without a file; only a broken connection is an error.
func readUpload(body *countingReader, boundary string) (payload, error) {
	up := new(upload)
	parts := multipart.NewReader(body, boundary)
	for {
		part, err := parts.NextPart()
		if err != nil {
			break
		}
		up.take(part)
	}
	_, err := io.Copy(io.Discard, body)
	if err != nil {
		return payload{}, fmt.Errorf("reading the upload: %w", err)
	}
	return payload{size: body.n, upload: up}, nil
}

func (u *upload) take(part *multipart.Part) {
	if part.FileName() != "" {
		u.hasFile, u.filename = true, part.FileName()
		u.bytes, _ = io.Copy(io.Discard, part)
		return
	}
	if part.FormName() == "purpose" {
		value, _ := io.ReadAll(io.LimitReader(part, 256))
		u.purpose = string(value)
	}
}

// asks reads the two fields that faults may depend on, as far as they are there.
func (p payload) asks() (model string, stream bool) {
	var fields struct {
		Model  string `json:"model"`
		Stream bool   `json:"stream"`
	}
	_ = json.Unmarshal(p.raw, &fields) // not JSON: both stay empty
	return fields.Model, fields.Stream
}

// countingReader counts what is read through it.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}
