package guard_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/recloser/recloser/guard"
)

// A target's URL takes the place of the base path as it is written, escapes and all,
// and its query that of parameters of the same name.
func TestTargetsURL(t *testing.T) {
	for _, row := range []struct{ basePath, target, asked, want string }{
		{"/v1", "https://b/openai/v1", "http://api/v1/files/a%2Fb?x=1", "https://b/openai/v1/files/a%2Fb?x=1"},
		{"", "https://b/openai/v1", "http://api/v1", "https://b/openai/v1"},
		{"", "https://b/openai", "http://api/v1beta/x", "https://b/openai/v1beta/x"},
		{"", "https://b/a%2Fb/", "http://api/v1/x%20y", "https://b/a%2Fb/x%20y"},
		{"/", "https://b/o", "http://api/v1/chat", "https://b/o/v1/chat"},
		{"/a%2Fb", "https://b/o", "http://api/a%2Fb/chat", "https://b/o/chat"},
		{"/a b", "https://b/o", "http://api/a%20b/chat", "https://b/o/chat"},
		{"/v1/", "https://b/o/", "http://api/v1/", "https://b/o/"},
		{"", "https://b", "http://api/v1/x", "https://b/x"},
		{"", "https://b", "http://user:secret@api/v1/x", "https://b/x"},
		{"", "https://b?v=1", "http://api/v1/x?a=1;b=2&c=%zz&v=2&%76=3", "https://b/x?v=1&a=1;b=2&c=%zz"},
	} {
		var got, host string
		r := newRig(t, answer(func(req *http.Request) (*http.Response, error) {
			got, host = req.URL.String(), req.Host
			return good(req)
		}), guard.Config{BasePath: row.basePath, Targets: []guard.Target{{Name: "b", URL: base(t, row.target)}}})
		resp, err := r.RoundTrip(&http.Request{Method: http.MethodGet, URL: base(t, row.asked), Header: http.Header{}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got != row.want || host != "b" {
			t.Errorf("%s for %s: got %s at %q, want %s", row.target, row.asked, got, host, row.want)
		}
	}
}

func TestBasePathThatCannotBeReadIsRefused(t *testing.T) {
	if _, err := guard.New(nil, guard.Config{BasePath: "/%zz"}); err == nil || !strings.Contains(err.Error(), "BasePath") {
		t.Errorf("got %v", err)
	}
}
