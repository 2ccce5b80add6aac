package gateway_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/gateway"
)

// newAdmin returns a rig whose requests go to an admin listener, in front of pages
// that say which method and path they were asked for.
func newAdmin(t *testing.T, cfg gateway.AdminConfig) *rig {
	t.Helper()
	if cfg.Pages == nil {
		cfg.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method, " ", r.URL.Path) })
	}
	cfg.LoginPage = func(wrong bool) []byte { return fmt.Appendf(nil, "login, wrong: %v", wrong) }
	srv := httptest.NewServer(gateway.NewAdmin(cfg))
	t.Cleanup(srv.Close)
	client := *srv.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &rig{T: t, proxy: srv, client: &client}
}

func TestHealthAndReadiness(t *testing.T) {
	var trouble error
	r := newAdmin(t, gateway.AdminConfig{Token: "t", Ready: func() error { return trouble }})
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := r.do("GET", path, ""); got.StatusCode != http.StatusOK || got.body != "ok\n" {
			t.Errorf("%s: %d %q", path, got.StatusCode, got.body)
		}
		for _, method := range []string{"POST", "DELETE", "OPTIONS"} {
			if got := r.do(method, path, ""); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d %v", method, path, got.StatusCode, got.Header)
			}
		}
	}
	trouble = errors.New("shutting down")
	if got := r.do("GET", "/readyz", ""); got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.body, "shutting down") {
		t.Errorf("%d %q", got.StatusCode, got.body)
	}
	if got := r.do("GET", "/healthz", ""); got.StatusCode != http.StatusOK {
		t.Errorf("%d", got.StatusCode)
	}
	if got := newAdmin(t, gateway.AdminConfig{}).do("GET", "/readyz", ""); got.StatusCode != http.StatusOK {
		t.Errorf("without Ready: %d", got.StatusCode)
	}
}

func TestAdminHeaders(t *testing.T) {
	r := newAdmin(t, gateway.AdminConfig{Token: "t"})
	for _, path := range []string{"/", "/healthz", "/login", "/assets/x.css", "/api/overview"} {
		h := r.do("GET", path, "").Header
		csp := h.Get("Content-Security-Policy")
		if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
			!strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestAdminToken(t *testing.T) {
	r := newAdmin(t, gateway.AdminConfig{Token: "right"})
	for authorization, want := range map[string]int{
		"": 401, "Bearer wrong": 401, "Bearer righ": 401, "Bearer rightt": 401, "Bearer": 401, "Bearer ": 401,
		"Basic right": 401, "right": 401, "Bearer right": 200, "bearer right": 200,
	} {
		for _, path := range []string{"/", "/api/circuits", "/report", "/nothing"} {
			var header []string
			if authorization != "" {
				header = []string{"Authorization", authorization}
			}
			got := r.do("GET", path, "", header...)
			if got.StatusCode != want {
				t.Errorf("%q %s: %d", authorization, path, got.StatusCode)
			}
			if want != 401 {
				continue
			}
			if _, _, code := r.apiError(got); code != "unauthorized" || got.Header.Get("WWW-Authenticate") == "" || strings.Contains(got.body, "right") {
				t.Errorf("%q %s: %v %s", authorization, path, got.Header, got.body)
			}
		}
	}
	if got := r.do("GET", "/assets/a.css", ""); got.body != "GET /assets/a.css" {
		t.Errorf("the login page's style: %d %q", got.StatusCode, got.body)
	}
	if got := newAdmin(t, gateway.AdminConfig{}).do("POST", "/api/bypass", ""); got.body != "POST /api/bypass" {
		t.Errorf("without a token: %d %q", got.StatusCode, got.body)
	}
}

// People are sent to the login page; programs, and those who act, are told.
func TestWithoutAuthenticationPagesLeadToLogin(t *testing.T) {
	r := newAdmin(t, gateway.AdminConfig{Token: "right"})
	for _, c := range []struct {
		method, path, location string
	}{
		{"GET", "/", "/login?next=%2F"},
		{"GET", "/circuits/host%2Fm?last=1h&x=%22", "/login?next=%2Fcircuits%2Fhost%252Fm%3Flast%3D1h%26x%3D%2522"},
		{"HEAD", "/report", "/login?next=%2Freport"},
		{"POST", "/", ""},
		{"GET", "/api/overview", ""},
	} {
		got := r.do(c.method, c.path, "", "Accept", "text/html,*/*")
		want := http.StatusSeeOther
		if c.location == "" {
			want = http.StatusUnauthorized
		}
		if got.StatusCode != want || got.Header.Get("Location") != c.location {
			t.Errorf("%s %s: %d %q", c.method, c.path, got.StatusCode, got.Header.Get("Location"))
		}
	}
}

// login posts a token and returns the answer.
func (r *rig) login(token, next string, header ...string) answer {
	r.Helper()
	form := url.Values{"token": {token}}.Encode()
	return r.do("POST", "/login?next="+url.QueryEscape(next), form, append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)...)
}

func TestLogin(t *testing.T) {
	r := newAdmin(t, gateway.AdminConfig{Token: "right"})
	if got := r.do("GET", "/login", ""); got.StatusCode != http.StatusOK || got.body != "login, wrong: false" || got.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %q", got.StatusCode, got.body)
	}
	begin := time.Now()
	got := r.login("wrong", "/")
	if got.StatusCode != http.StatusUnauthorized || got.body != "login, wrong: true" || len(got.Cookies()) != 0 || time.Since(begin) < 200*time.Millisecond {
		t.Errorf("wrong: %d %q %v", got.StatusCode, got.body, got.Cookies())
	}
	got = r.login("right", "/circuits/host%2Fm?last=1h")
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/circuits/host%2Fm?last=1h" || len(got.Cookies()) != 1 {
		t.Fatalf("right: %d %v", got.StatusCode, got.Header)
	}
	c := got.Cookies()[0]
	if c.Name != "recloser_session" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure || c.MaxAge != 12*3600 || strings.Contains(c.Value, "right") {
		t.Errorf("%+v", c)
	}
	if got := r.do("GET", "/api/overview", "", "Cookie", c.Name+"="+c.Value); got.body != "GET /api/overview" {
		t.Errorf("with the cookie: %d %q", got.StatusCode, got.body)
	}
	if got := r.do("GET", "/", "", "Cookie", c.Name+"="+c.Value, "Authorization", "Bearer wrong"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong token beside the cookie: %d", got.StatusCode)
	}
	if got := r.login("right", "/", "X-Forwarded-Proto", "https"); !got.Cookies()[0].Secure {
		t.Error("behind TLS the cookie is not secure")
	}
	out := r.do("POST", "/logout", "")
	if out.StatusCode != http.StatusSeeOther || out.Header.Get("Location") != "/login" || out.Cookies()[0].MaxAge >= 0 || out.Cookies()[0].Value != "" {
		t.Errorf("logout: %d %v", out.StatusCode, out.Header)
	}
	for _, path := range []string{"/logout", "/login"} {
		if got := r.do("DELETE", path, ""); got.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("DELETE %s: %d", path, got.StatusCode)
		}
	}
	// The token counts in the body alone.
	if got := r.do("POST", "/login?token=right", "", "Content-Type", "application/x-www-form-urlencoded"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("in the address: %d", got.StatusCode)
	}
}

func TestLoginLeadsToThisListenerOnly(t *testing.T) {
	r := newAdmin(t, gateway.AdminConfig{Token: "right"})
	for next, want := range map[string]string{
		"/": "/", "/report?last=30d": "/report?last=30d", "": "/", "https://evil.example": "/", "//evil.example": "/", "/\\evil.example": "/", "\\\\evil.example": "/",
		"/\t/evil.example": "/", "\n//evil.example": "/", "javascript:alert(1)": "/", "evil": "/", "/login": "/", "/logout": "/", "/x\r\nSet-Cookie: a=b": "/",
		"/" + strings.Repeat("x", 5000): "/", "/%zz": "/", "/é": "/", "http:/x": "/", "///evil.example": "/",
	} {
		if got := r.login("right", next); got.Header.Get("Location") != want || got.StatusCode != http.StatusSeeOther {
			t.Errorf("%q: %d to %q", next, got.StatusCode, got.Header.Get("Location"))
		}
	}
	open := newAdmin(t, gateway.AdminConfig{})
	if got := open.do("GET", "/login?next=/report", ""); got.Header.Get("Location") != "/report" {
		t.Errorf("without a token: %d %v", got.StatusCode, got.Header)
	}
}

func TestSessionsEndAndCannotBeForged(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	r := newAdmin(t, gateway.AdminConfig{Token: "right", Now: clock})
	good := r.login("right", "/").Cookies()[0].Value
	status := func(r *rig, value string) int {
		return r.do("GET", "/api/overview", "", "Cookie", "recloser_session="+value).StatusCode
	}
	later := newAdmin(t, gateway.AdminConfig{Token: "right", Now: clock}) // after a restart
	other := newAdmin(t, gateway.AdminConfig{Token: "another", Now: clock})
	if a, b, c := status(r, good), status(later, good), status(other, good); a != 200 || b != 200 || c != 401 {
		t.Errorf("%d, after a restart %d, with another token %d", a, b, c)
	}
	for i := range good {
		forged := []byte(good)
		forged[i] ^= 1
		if i == len(good)-1 { // its last bits are padding
			forged[i] = '!'
		}
		if got := status(r, string(forged)); got != 401 {
			t.Errorf("byte %d changed: %d", i, got)
		}
	}
	for _, value := range []string{"", "right", good + "A", good[:20], strings.Repeat("A", len(good)), "__________"} {
		if got := status(r, value); got != 401 {
			t.Errorf("%q: %d", value, got)
		}
	}
	mu.Lock()
	now = now.Add(12*time.Hour - time.Second)
	mu.Unlock()
	if got := status(r, good); got != 200 {
		t.Errorf("before its end: %d", got)
	}
	mu.Lock()
	now = now.Add(time.Second)
	mu.Unlock()
	if got := status(r, good); got != 401 {
		t.Errorf("at its end: %d", got)
	}
}

func TestPagesFromElsewhereCannotAct(t *testing.T) {
	for _, token := range []string{"", "right"} {
		r := newAdmin(t, gateway.AdminConfig{Token: token})
		host := strings.TrimPrefix(r.proxy.URL, "http://")
		for _, c := range []struct {
			want   int
			header []string
		}{
			{200, nil},
			{200, []string{"Sec-Fetch-Site", "same-origin"}},
			{200, []string{"Origin", "http://" + host}},
			{403, []string{"Sec-Fetch-Site", "cross-site"}},
			{403, []string{"Sec-Fetch-Site", "same-site"}},
			{403, []string{"Origin", "https://evil.example"}},
			{403, []string{"Origin", "null"}},
		} {
			header := append([]string{"Authorization", "Bearer right"}, c.header...)
			for _, path := range []string{"/api/bypass", "/login", "/logout"} {
				got := r.do("POST", path, "token=right", append(header, "Content-Type", "application/x-www-form-urlencoded")...)
				want := c.want
				if want == 200 && path != "/api/bypass" {
					want = 303
				}
				if got.StatusCode != want {
					t.Errorf("%v %s: %d", c.header, path, got.StatusCode)
				}
			}
			if got := r.do("GET", "/", "", header...); got.StatusCode != 200 {
				t.Errorf("%v: a link from elsewhere: %d", c.header, got.StatusCode)
			}
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	r := newAdmin(t, gateway.AdminConfig{Token: "t", Pages: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		fmt.Fprint(w, err)
	})})
	if got := r.do("POST", "/api/bypass", strings.Repeat("x", 70_000), "Authorization", "Bearer t"); !strings.Contains(got.body, "too large") {
		t.Errorf("%d %q", got.StatusCode, got.body)
	}
	if got := r.login(strings.Repeat("x", 70_000), "/"); got.StatusCode != http.StatusBadRequest {
		t.Errorf("%d", got.StatusCode)
	}
}

// Guesses of one place are answered one after the other, however many come at once;
// others do not wait for them, nor does who has the token.
func TestGuessingIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := gateway.NewAdmin(gateway.AdminConfig{Token: "right", LoginPage: func(bool) []byte { return nil }})
		try := func(from, token string) (int, time.Duration) {
			req := httptest.NewRequest("POST", "/login", strings.NewReader("token="+token))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.RemoteAddr = from
			w := httptest.NewRecorder()
			begin := time.Now()
			h.ServeHTTP(w, req)
			return w.Code, time.Since(begin)
		}
		var mu sync.Mutex
		count := map[int]int{}
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				status, took := try(fmt.Sprintf("192.0.2.1:%d", 1000+i), "wrong")
				mu.Lock()
				defer mu.Unlock()
				count[status]++
				if status == 401 && took > 6*time.Second {
					t.Errorf("%v", took)
				}
			})
		}
		synctest.Wait()
		if status, took := try("192.0.2.2:1", "right"); status != 303 || took != 0 {
			t.Errorf("another's: %d after %v", status, took)
		}
		if status, _ := try("192.0.2.1:1", "right"); status != 429 {
			t.Errorf("too many: %d", status)
		}
		all.Wait()
		if count[401] != 21 || count[429] != 79 {
			t.Errorf("%v", count)
		}
		time.Sleep(time.Second)
		if status, took := try("192.0.2.1:1", "right"); status != 303 || took != 0 {
			t.Errorf("afterwards: %d after %v", status, took)
		}
	})
}

// A browser's way: to the login page, with the token to where it wanted to go.
func TestBrowserLogsIn(t *testing.T) {
	r := newAdmin(t, gateway.AdminConfig{Token: "right"})
	jar, _ := cookiejar.New(nil)
	r.client = &http.Client{Jar: jar}
	if got := r.do("GET", "/report", "", "Accept", "text/html"); got.body != "login, wrong: false" || got.Request.URL.RawQuery != "next=%2Freport" {
		t.Fatalf("%v %q", got.Request.URL, got.body)
	}
	if got := r.login("right", "/report"); got.body != "GET /report" {
		t.Fatalf("%v %q", got.Request.URL, got.body)
	}
	if got := r.do("POST", "/logout", ""); got.Request.URL.Path != "/login" {
		t.Errorf("%v", got.Request.URL)
	}
	if got := r.do("GET", "/api/overview", ""); got.StatusCode != 401 {
		t.Errorf("after the logout: %d", got.StatusCode)
	}
}

// What is open when a session ends, such as an event stream, ends with it.
func TestStreamsEndWithTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var took time.Duration
		h := gateway.NewAdmin(gateway.AdminConfig{
			Token: "right", LoginPage: func(bool) []byte { return nil },
			Pages: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				begin := time.Now()
				<-r.Context().Done()
				took = time.Since(begin)
			}),
		})
		w := httptest.NewRecorder()
		req := httptest.NewRequest("POST", "/login", strings.NewReader("token=right"))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		h.ServeHTTP(w, req)
		time.Sleep(time.Hour)
		req = httptest.NewRequest("GET", "/api/events", nil)
		req.AddCookie(w.Result().Cookies()[0])
		h.ServeHTTP(httptest.NewRecorder(), req)
		if took != 11*time.Hour {
			t.Errorf("%v", took)
		}
	})
}
