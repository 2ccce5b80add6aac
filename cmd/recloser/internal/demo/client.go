package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// client is an official-style client of the API. It may be used concurrently.
type client struct {
	base   string // such as http://127.0.0.1:8484/v1
	label  string // what the stand-in counts it as
	policy policy
	http   *http.Client
}

// labelHeader is where the stand-in looks for the label.
const labelHeader = "X-Client"

// newClient returns a client of base. Like the SDKs' default, its only timeout
// is that of the response's headers.
func newClient(base, label string, p policy) *client {
	return &client{
		base: base, label: label, policy: p,
		http: &http.Client{Transport: &http.Transport{
			MaxIdleConnsPerHost:   256,
			ResponseHeaderTimeout: 10 * time.Minute,
		}},
	}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// reply is how one attempt ended.
type reply struct {
	status  int // 0: no answer
	header  http.Header
	err     error // none, or a body that broke off
	message string
	code    string
}

func (r reply) good() bool { return r.err == nil && r.status == http.StatusOK }

// call makes one call, with its retries, until ctx ends it.
func (c *client) call(ctx context.Context, luck *rand.Rand) outcome {
	start := time.Now()
	for attempt := 1; ; attempt++ {
		r := c.attempt(ctx, attempt-1)
		wait, again := c.policy.again(attempt-1, r.status, r.header, time.Now(), luck.Float64())
		// An answer whose body breaks off has been handed over already.
		if r.good() || !again || r.status == http.StatusOK || !pause(ctx, wait) {
			return newOutcome(ctx, r, attempt, start)
		}
	}
}

// attempt makes one HTTP exchange.
func (c *client) attempt(ctx context.Context, retries int) reply {
	const question = `{"model":"gpt-5","messages":[{"role":"user","content":"Is anybody there?"}]}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/chat/completions", bytes.NewReader([]byte(question)))
	if err != nil {
		return reply{err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer sk-demo-needs-no-key")
	req.Header.Set("X-Stainless-Retry-Count", strconv.Itoa(retries))
	req.Header.Set(labelHeader, c.label)
	resp, err := c.http.Do(req)
	if err != nil {
		return reply{err: err, message: "the connection broke"}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	r := reply{status: resp.StatusCode, header: resp.Header, err: err}
	if resp.StatusCode >= http.StatusBadRequest {
		r.explain(body)
	}
	return r
}

// explain reads an error object.
func (r *reply) explain(body []byte) {
	var object struct {
		Error struct {
			Message string `json:"message"`
			Code    string `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &object) == nil {
		r.message, r.code = object.Error.Message, object.Error.Code
	}
	if r.message == "" {
		r.message = fmt.Sprintf("%d %s", r.status, http.StatusText(r.status))
	}
}

// pause reports false if ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
