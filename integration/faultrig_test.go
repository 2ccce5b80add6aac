package integration

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// faultRig is a proxy between two handlers that keep the books of every call:
// the one in front gives each call a number, and the one behind lets the first
// attempts of each call fail before they reach the mock.
type faultRig struct {
	URL string // where clients call

	serve *server

	mu    sync.Mutex
	calls map[string]*suiteCall // by their number
	wrong []string              // what must not have happened
}

// suiteCall is one call of the client's suite.
type suiteCall struct {
	Method, Path string

	request  string // what an attempt asked for
	plan     []int  // the faults that its first attempts meet
	attempts int    // that came out of the proxy
	answered bool   // one of them was passed on to the mock

	Status int // of the proxy's answer
	header http.Header
}

// The faults, all of them before the first byte of an answer.
const (
	fault503 = iota
	faultHTML502
	faultReset
	faultHTML200
	faultHang // until the proxy's deadline
	faultKinds
)

var faultNames = [faultKinds]string{"503", "HTML 502", "reset", "HTML 200", "hang"}

const (
	callNumber = "Conformance-Call" // the header that has a call's number
	// hangTime is the proxy's deadline in which the mock must answer on a busy
	// machine, and hangShare how few endpoints there are to wait for it.
	hangTime  = "2s"
	hangShare = 24
)

// planned is what the first attempts at an endpoint meet: the same in each run,
// whatever the order of the calls.
func planned(method, path string) []int {
	if path == "/" {
		return nil // not the API: each test asks there whether the mock is up
	}
	sum := fnv.New32a()
	_, _ = io.WriteString(sum, method+path)
	n := int(sum.Sum32() % 997)
	plan := []int{n % faultHang, (n + 1) % faultHang}
	if n%hangShare == 0 {
		plan[0] = faultHang
	}
	for i, kind := range plan {
		if kind == faultHTML200 && method != http.MethodPost {
			plan[i] = fault503 // what is fetched may be a page
		}
	}
	return plan
}

func startFaultRig(t *testing.T, mock string, args ...string) *faultRig {
	t.Helper()
	r := &faultRig{calls: map[string]*suiteCall{}}
	behind := httptest.NewUnstartedServer(r.behind(passOn(t, mock)))
	// Or net/http in the proxy would try again by itself a request that is reset
	// on a connection used before, and the books would not tell who it was.
	behind.Config.SetKeepAlivesEnabled(false)
	behind.Start()
	t.Cleanup(behind.Close)
	r.serve = startServe(t, append([]string{
		"--upstream", behind.URL, "--headers-timeout", hangTime, "--retry-base-delay", "1ms",
		"--failure-threshold", "1000000", "--retry-budget", "off", // that every first attempt fails is no outage here
	}, args...)...)
	front := httptest.NewServer(r.front(passOn(t, "http://"+r.serve.Proxy)))
	t.Cleanup(front.Close)
	r.URL = front.URL
	return r
}

// passOn is a plain reverse proxy.
func passOn(t *testing.T, to string) *httputil.ReverseProxy {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Transport: &http.Transport{MaxIdleConnsPerHost: 16},
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}
}

// front numbers the calls, and notes what became of them.
func (r *faultRig) front(next *httputil.ReverseProxy) http.Handler {
	next.ModifyResponse = func(resp *http.Response) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		call := r.calls[resp.Request.Header.Get(callNumber)]
		call.Status, call.header = resp.StatusCode, resp.Header.Clone()
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		number := strconv.Itoa(len(r.calls))
		r.calls[number] = &suiteCall{Method: req.Method, Path: req.URL.Path, plan: planned(req.Method, req.URL.Path)}
		r.mu.Unlock()
		req.Header.Set(callNumber, number)
		if again := req.Header.Get("X-Stainless-Retry-Count"); again != "" && again != "0" {
			r.complain("%s %s: the client tries again by itself", req.Method, req.URL.Path)
		}
		next.ServeHTTP(w, req)
	})
}

// behind lets attempts fail.
func (r *faultRig) behind(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			r.complain("%s %s: the body of an attempt: %v", req.Method, req.URL.Path, err)
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		kind := r.attempt(req, body)
		req.Header.Del(callNumber)
		switch kind {
		case faultKinds:
			next.ServeHTTP(w, req)
		case fault503:
			failWith(w, http.StatusServiceUnavailable, "application/json",
				`{"error":{"message":"The server had an error while processing your request.","type":"server_error","param":null,"code":null}}`)
		case faultHTML502:
			failWith(w, http.StatusBadGateway, "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>")
		case faultHTML200:
			failWith(w, http.StatusOK, "text/html; charset=utf-8", "<html><body><h1>Just a moment...</h1></body></html>")
		case faultReset:
			reset(w)
		case faultHang:
			<-req.Context().Done()
		}
	})
}

// attempt enters an attempt in the books and returns the fault that it meets;
// faultKinds: none.
func (r *faultRig) attempt(req *http.Request, body []byte) int {
	headers := req.Header.Clone()
	headers.Del("Recloser-Hop")
	request := fmt.Sprintf("%s %s %v %x", req.Method, req.URL, headers, sha256.Sum256(body))
	r.mu.Lock()
	defer r.mu.Unlock()
	call := r.calls[req.Header.Get(callNumber)]
	call.attempts++
	if call.attempts == 1 {
		call.request = request
	} else if request != call.request {
		r.wrong = append(r.wrong, fmt.Sprintf("attempt %d is %s, not %s", call.attempts, request, call.request))
	}
	if call.attempts <= len(call.plan) {
		return call.plan[call.attempts-1]
	}
	call.answered = true
	return faultKinds
}

func (r *faultRig) complain(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

func failWith(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// reset breaks the connection as a crashed server does.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// check demands that each call was attempted as often as it may be, and that the
// proxy's headers and circuits say the same as the books.
func (r *faultRig) check(t *testing.T, mayRepeat func(*suiteCall) bool) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, complaint := range r.wrong {
		t.Error(complaint)
	}
	var attempts, failed int
	var met [faultKinds]int
	for _, call := range r.calls {
		call.check(t, mayRepeat(call))
		attempts += call.attempts
		for _, kind := range call.plan[:min(call.attempts, len(call.plan))] {
			met[kind]++
			failed++
		}
	}
	said := make([]string, faultKinds)
	for kind, n := range met {
		said[kind] = fmt.Sprintf("%d × %s", n, faultNames[kind])
		if n == 0 {
			t.Errorf("no attempt has met %s", faultNames[kind])
		}
	}
	t.Logf("%d calls, %d attempts, of which failed %d: %s", len(r.calls), attempts, failed, strings.Join(said, ", "))
	if len(r.calls) < suiteRequests {
		t.Errorf("%d calls, not at least %d", len(r.calls), suiteRequests)
	}
	var total, failures int64
	for _, c := range r.serve.circuits(t) {
		if strings.Contains(c.Name, "/") { // a model's, or of the calls without one
			total, failures = total+c.TotalCalls, failures+c.FailedCalls
		}
		if c.State != "closed" || c.RefusedCalls > 0 {
			t.Errorf("circuit %+v", c)
		}
	}
	if total != int64(attempts) || failures != int64(failed) {
		t.Errorf("the circuits counted %d attempts with %d failed, not %d and %d", total, failures, attempts, failed)
	}
}

func (c *suiteCall) check(t *testing.T, mayRepeat bool) {
	t.Helper()
	want := len(c.plan) + 1
	if !mayRepeat {
		want = 1
	}
	if c.attempts != want || c.answered != (want > len(c.plan)) {
		t.Errorf("%s %s: %d attempts, not %d", c.Method, c.Path, c.attempts, want)
	}
	if n := c.header.Get("Recloser-Attempts"); n != strconv.Itoa(c.attempts) {
		t.Errorf("%s %s: Recloser-Attempts is %q after %d", c.Method, c.Path, n, c.attempts)
	}
	if !c.answered && (c.Status < 500 || c.header.Get("X-Should-Retry") != "false") {
		t.Errorf("%s %s: a failure came as %d, %v", c.Method, c.Path, c.Status, c.header)
	}
}
