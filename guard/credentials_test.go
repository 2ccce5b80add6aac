package guard_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// spelled returns a header's name as it may be written.
func spelled(name string) []string {
	return []string{name, strings.ToLower(name), strings.ToUpper(name)}
}

// receives makes a call with a request that change has changed, to a chain of that
// one target, and tells what has gone out.
func receives(t *testing.T, target guard.Target, change func(*http.Request)) (out *http.Request) {
	t.Helper()
	target.Name = "x"
	r := newRig(t, answer(func(req *http.Request) (*http.Response, error) {
		out = req
		return good(req)
	}), guard.Config{Retry: once.Retry, Targets: []guard.Target{target}})
	req := newPost(t, "http://api", chat)
	change(req)
	before := fmt.Sprint(req.URL, req.Header)
	resp, err := r.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if after := fmt.Sprint(req.URL, req.Header); after != before {
		t.Errorf("the caller's request was changed from %s to %s", before, after)
	}
	return out
}

// The caller's credentials go to the host that he calls and to those that are to
// have them, in any spelling, and never beside a key of the target's own.
func TestCallersCredentialsStayWithTheirHost(t *testing.T) {
	own := http.Header{"Authorization": {"Bearer own"}}
	for _, row := range []struct {
		name   string
		target guard.Target
		passed bool
	}{
		{"as it came", guard.Target{}, true},
		{"the same host", guard.Target{URL: base(t, "http://api/other")}, true},
		{"another host", guard.Target{URL: base(t, "http://backup/v1")}, false},
		{"another port", guard.Target{URL: base(t, "http://api:81/v1")}, false},
		{"another scheme", guard.Target{URL: base(t, "https://api/v1")}, false},
		{"another host that is to have them", guard.Target{URL: base(t, "http://backup/v1"), PassKey: true}, true},
		{"a key of its own", guard.Target{Header: own}, false},
		{"a key of its own, and PassKey", guard.Target{URL: base(t, "http://backup/v1"), PassKey: true, Header: own}, false},
		{"another header of its own", guard.Target{Header: http.Header{"X-Team": {"a"}}}, true},
	} {
		for _, name := range []string{
			"Authorization", "Api-Key", "X-Api-Key", "X-Goog-Api-Key", "Ocp-Apim-Subscription-Key", "Openai-Organization", "Openai-Project",
			"Sec-Websocket-Protocol",
		} {
			for _, written := range spelled(name) {
				out := receives(t, row.target, func(r *http.Request) {
					r.Header[written] = []string{"realtime", "openai-insecure-api-key.secret"}
				})
				if got := strings.Contains(fmt.Sprint(out.Header), "secret"); got != row.passed {
					t.Errorf("%s: %s goes out: %v", row.name, written, got)
				}
			}
		}
		out := receives(t, row.target, func(r *http.Request) {
			r.URL.RawQuery = "a=1&key=secret&api-key=secret&api%5Fkey=secret&subscription-key=secret&access_token=secret&b=;&keys=2"
		})
		if query := out.URL.RawQuery; strings.Count(query, "secret") != map[bool]int{true: 5}[row.passed] ||
			!strings.HasPrefix(query, "a=1&") || !strings.HasSuffix(query, "&b=;&keys=2") {
			t.Errorf("%s: the query is %s", row.name, query)
		}
	}
}

// What else is in those headers and parameters stays as it is.
func TestWhatIsNoCredentialGoesOut(t *testing.T) {
	out := receives(t, guard.Target{URL: base(t, "http://backup/v1")}, func(r *http.Request) {
		r.Header.Set("Sec-Websocket-Protocol", "realtime")
		r.Header["x-team"] = []string{"a"}
		r.URL.RawQuery = "keyed=1&c=%zz"
	})
	if h := out.Header; h.Get("Sec-Websocket-Protocol") != "realtime" || !strings.Contains(fmt.Sprint(h), "x-team:[a]") || out.URL.RawQuery != "keyed=1&c=%zz" {
		t.Errorf("%s %v", out.URL, h)
	}
}

// Cookies are of a host: they go to no other, whoever may have the key.
func TestCookiesStayWithTheirHost(t *testing.T) {
	for _, row := range []struct {
		target guard.Target
		passed bool
	}{
		{guard.Target{}, true},
		{guard.Target{URL: base(t, "http://api/other")}, true},
		{guard.Target{Header: http.Header{"Api-Key": {"own"}}}, true},
		{guard.Target{URL: base(t, "http://backup/v1")}, false},
		{guard.Target{URL: base(t, "http://backup/v1"), PassKey: true}, false},
		{guard.Target{URL: base(t, "https://api/v1"), PassKey: true}, false},
	} {
		for _, written := range spelled("Cookie") {
			out := receives(t, row.target, func(r *http.Request) { r.Header[written] = []string{"session=secret"} })
			if got := len(out.Header[written]) > 0; got != row.passed {
				t.Errorf("%+v: %s goes out: %v", row.target, written, got)
			}
		}
	}
}

// A target's headers take the place of the caller's in any spelling, and one without
// a value takes them out.
func TestTargetsHeadersTakeThePlaceOfAnySpelling(t *testing.T) {
	target := guard.Target{Header: http.Header{"X-Team": {"own"}, "X-Trace": nil}}
	for i, written := range spelled("X-Team") {
		out := receives(t, target, func(r *http.Request) {
			r.Header[written] = []string{"caller's"}
			r.Header[spelled("X-Trace")[i]] = []string{"caller's"}
		})
		if h := out.Header; strings.Contains(fmt.Sprint(h), "caller's") || fmt.Sprint(h["X-Team"]) != "[own]" {
			t.Errorf("%s: %v", written, h)
		}
	}
}

// Gates tell callers apart by their keys in any spelling.
func TestGatesKnowKeysInAnySpelling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, answer(func(req *http.Request) (*http.Response, error) {
			return respond(req, 429, text("{}"), "Retry-After", "60"), nil
		}), once)
		ask := func(name, key string) bool {
			req := newPost(t, "http://api", chat)
			req.Header[name] = []string{key}
			resp, err := r.RoundTrip(req)
			if err == nil {
				resp.Body.Close()
			}
			return err == nil
		}
		for i, name := range spelled("Authorization") {
			if got := ask(name, "Bearer first"); got != (i == 0) {
				t.Errorf("%s: the same key is let through: %v", name, got)
			}
			if !ask(name, "Bearer "+name) {
				t.Errorf("%s: another key is held back", name)
			}
		}
	})
}

// redirects are the statuses that send a client elsewhere.
var redirects = []int{301, 302, 303, 307, 308}

// A redirect by a target that is more than the caller's own host is a failure of the
// target: who followed it would take the wrong key there.
func TestRedirectOfATargetIsAFault(t *testing.T) {
	own := http.Header{"Authorization": {"Bearer own"}}
	for name, row := range map[string]struct {
		target guard.Target
		fault  bool
	}{
		"as it came":          {guard.Target{}, false},
		"another header":      {guard.Target{Header: http.Header{"X-Team": {"a"}}}, false},
		"another model":       {guard.Target{Model: "m2"}, false},
		"another URL":         {guard.Target{URL: base(t, "http://backup/v1")}, true},
		"another path":        {guard.Target{URL: base(t, "http://api/v2"), PassKey: true}, true},
		"a key of its own":    {guard.Target{Header: own}, true},
		"another key's place": {guard.Target{Header: http.Header{"Api-Key": {"own"}}}, true},
	} {
		for _, status := range redirects {
			r := newRig(t, fixed(status, "", "Location", "/v1/chat/completions"), guard.Config{
				Retry: once.Retry, Targets: []guard.Target{named(row.target, "x")},
			})
			var report guard.Report
			resp, _, err := r.post(guard.WithReport(t.Context(), &report), "http://api", chat)
			f, _ := errors.AsType[*fault.Error](err)
			switch {
			case row.fault && (f == nil || f.Code != fault.CodeRedirect || f.Kind != fault.Service || f.Status != status || report.Fault != f):
				t.Errorf("%s, %d: got %v, %+v", name, status, err, report)
			case !row.fault && (err != nil || resp.StatusCode != status || report.Kind != fault.Success):
				t.Errorf("%s, %d: got %v, %+v", name, status, err, report)
			}
		}
	}
}

func named(t guard.Target, name string) guard.Target {
	t.Name = name
	return t
}

// Other answers of three hundred and more are none that a client follows.
func TestNoRedirectWithoutLocation(t *testing.T) {
	for _, status := range append([]int{300, 304}, redirects...) {
		r := newRig(t, fixed(status, ""), guard.Config{Retry: once.Retry, Targets: []guard.Target{{Name: "x", URL: base(t, "http://backup")}}})
		if got := r.ask("http://api", chat, &guard.Report{}); got != fmt.Sprint(status) {
			t.Errorf("%d: %s", status, got)
		}
	}
}

// After a target's redirect the call goes on to the next target, and neither is
// tried again.
func TestRedirectOfATargetGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, inTurn(fixed(307, "", "Location", "http://evil"), good), guard.Config{
			Targets: []guard.Target{{Name: "a", URL: base(t, "http://a")}, {Name: "b"}},
		})
		var report guard.Report
		if got := r.ask("http://api", chat, &report); got != "200" || report.Target != "b" || report.Fallbacks != 1 {
			t.Errorf("%s, %+v", got, report)
		}
		r = newRig(t, fixed(307, "", "Location", "http://evil"), guard.Config{Targets: []guard.Target{{Name: "a", URL: base(t, "http://a")}}})
		if got := r.ask("http://api", chat, &report); !strings.Contains(got, fault.CodeRedirect) || r.count(guard.Retrying) != 0 {
			t.Errorf("%s, %d retries", got, r.count(guard.Retrying))
		}
	})
}

// hops are a transport of hosts that answers "away" with a redirect to the host
// there, and notes who was called with what.
type hops struct {
	mu   sync.Mutex
	seen []string
}

func (h *hops) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = append(h.seen, strings.TrimSpace(r.URL.Host+" "+r.Header.Get("Authorization")))
	switch r.URL.Host {
	case "away":
		return respond(r, 307, text(""), "Location", "http://there/v1/chat/completions"), nil
	case "there":
		return respond(r, 503, text("{}")), nil
	}
	return good(r)
}

// Where a client follows a redirect, that request is no target's business: it has no
// key of a target's, goes to the host that it names, and nowhere else.
func TestFollowedRedirectUsesNoTargets(t *testing.T) {
	own := http.Header{"Authorization": {"Bearer own"}}
	for _, row := range []struct {
		name  string
		chain []guard.Target
		want  string
	}{
		{"no chain", nil, "away, there"},
		{"a chain", []guard.Target{{Name: "a"}, {Name: "b", URL: base(t, "http://backup"), Header: own}}, "away, there"},
		{"a pool", []guard.Target{{Name: "a", Pool: "p"}, {Name: "b", Pool: "p"}}, "away, there"},
		{"a redirect that is not followed", []guard.Target{{Name: "a", Header: own}}, "away Bearer own"},
	} {
		h := &hops{}
		r := newRig(t, h, guard.Config{Retry: once.Retry, Targets: row.chain})
		var report guard.Report
		resp, err := r.Client().Do(newPost(t, "http://away", chat).WithContext(guard.WithReport(t.Context(), &report)))
		if err == nil {
			resp.Body.Close()
		}
		if got := strings.Join(h.seen, ", "); got != row.want {
			t.Errorf("%s: called %s, want %s", row.name, got, row.want)
		}
		if followed := err == nil; followed && (resp.StatusCode != 503 || report.Target != "" || report.Circuit != "there/gpt-5") {
			t.Errorf("%s: %d, %+v", row.name, resp.StatusCode, report)
		}
	}
}

// Also a target alone, with a key or address of its own, has no part in it.
func TestFollowedRedirectUsesNoTargetAlone(t *testing.T) {
	for _, target := range []guard.Target{
		{Header: http.Header{"Authorization": {"Bearer own"}}}, {URL: base(t, "http://backup/v1")}, {Model: "m2"},
	} {
		out := receives(t, target, func(r *http.Request) {
			r.Response = &http.Response{StatusCode: 307, Request: r}
			r.Header.Set("Authorization", "Bearer caller")
		})
		sent := make([]byte, len(chat))
		n, _ := out.Body.Read(sent)
		if out.URL.Host != "api" || out.Header.Get("Authorization") != "Bearer caller" || string(sent[:n]) != chat {
			t.Errorf("%+v: %s %v %s", target, out.URL, out.Header, sent[:n])
		}
	}
}
