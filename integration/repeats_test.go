package integration

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/recloser/recloser/guard"
)

// repeatedPosts are the only endpoints of the API that may be asked again with
// POST where nobody knows whether the first time counted. So may /audio/speech,
// which the suite leaves out.
var repeatedPosts = []string{
	"/audio/transcriptions", "/audio/translations",
	"/chat/completions", "/completions", "/embeddings",
	"/images/edits", "/images/generations", "/images/variations",
	"/moderations", "/responses/compact", "/responses/input_tokens",
}

// oncePosts are some of those that must not be, because there would be a second
// file, run or bill: each must be among what the suite asks for.
var oncePosts = []string{
	"/assistants",
	"/batches", "/batches/{}/cancel",
	"/chat/completions/{}",
	"/containers", "/containers/{}/files",
	"/conversations", "/conversations/{}/items",
	"/files",
	"/fine_tuning/jobs", "/fine_tuning/jobs/{}/cancel",
	"/realtime/client_secrets",
	"/responses", "/responses/{}/cancel",
	"/threads", "/threads/runs", "/threads/{}/messages", "/threads/{}/runs", "/threads/{}/runs/{}/submit_tool_outputs",
	"/uploads", "/uploads/{}/complete", "/uploads/{}/parts",
	"/vector_stores", "/vector_stores/{}/file_batches", "/vector_stores/{}/files", "/vector_stores/{}/search",
	"/videos", "/videos/edits", "/videos/extensions", "/videos/{}/remix",
}

// mayRepeat is what is expected of the proxy's default.
func (c *suiteCall) mayRepeat() bool {
	return c.Method == http.MethodGet || c.Method == http.MethodDelete ||
		c.Method == http.MethodPost && slices.Contains(repeatedPosts, c.Path)
}

// checkSeen demands that the suite met every endpoint that is named here, and
// that the library's own rule says of each call what the proxy did.
func (r *faultRig) checkSeen(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := map[string]bool{} // paths of POST
	once := map[string]bool{}
	for _, call := range r.calls {
		if call.Method == http.MethodPost {
			asked[call.Path] = true
		}
		if call.attempts == 1 && len(call.plan) > 0 {
			once[call.Method+" "+call.Path] = true
		}
		req := httptest.NewRequest(call.Method, "http://api.example/v1"+call.Path, http.NoBody)
		if safe := guard.SafeToRepeat(req); safe != call.mayRepeat() {
			t.Errorf("%s %s: guard.SafeToRepeat says %v", call.Method, call.Path, safe)
		}
	}
	t.Logf("attempted once although that failed: %d endpoints", len(once))
	for _, pattern := range append(slices.Clone(oncePosts), repeatedPosts...) {
		if !slices.ContainsFunc(keys(asked), func(path string) bool { return fitsPath(pattern, path) }) {
			t.Errorf("the suite does not POST %s", pattern)
		}
	}
}

// checkResult demands that those tests failed, and no others, whose call was not
// repeated.
func (r *faultRig) checkResult(t *testing.T, direct, result suiteResult) {
	t.Helper()
	lost := 0
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, call := range r.calls {
		if !call.answered {
			lost++
		}
	}
	for _, d := range direct.differences(result) {
		if !strings.HasSuffix(d, `"pass", then "fail"`) {
			t.Errorf("direct, then with faults: %s", d)
		}
	}
	if n := result.count("fail"); n != lost {
		t.Errorf("%d tests failed for the sake of %d calls that failed", n, lost)
	}
}

// fitsPath tells whether a path has the parts of a pattern, in which {} is any.
func fitsPath(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, have, func(w, h string) bool { return w == "{}" || w == h })
}

func keys(of map[string]bool) []string {
	var all []string
	for name := range of {
		all = append(all, name)
	}
	return all
}
