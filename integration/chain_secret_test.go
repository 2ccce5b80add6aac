package integration

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// listener is a service that notes what of the secrets is in the heads of its
// requests.
type listener struct {
	*openaitest.Server
	URL string

	mu    sync.Mutex
	heard map[string]bool
	asked int
}

func startListener(t *testing.T) *listener {
	t.Helper()
	api, err := openaitest.New(openaitest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{Server: api, heard: map[string]bool{}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.note(fmt.Sprint(r.URL, r.Header))
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		_ = api.Close() // what hangs
		s.Close()
	})
	l.URL = s.URL + "/v1"
	return l
}

func (l *listener) note(head string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	for _, secret := range secrets() {
		if strings.Contains(head, secret) {
			l.heard[secret] = true
		}
	}
}

// check demands that these secrets have been heard, and no other.
func (l *listener) check(t *testing.T, who string, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var got []string
	for secret := range l.heard {
		got = append(got, secret)
	}
	slices.Sort(got)
	slices.Sort(want)
	if l.asked == 0 || !slices.Equal(got, want) {
		t.Errorf("%s was asked %d times and heard %q, not %q", who, l.asked, got, want)
	}
}

// chainFaults are those that let a call go on to the next target.
func chainFaults() []openaitest.Fault {
	return []openaitest.Fault{
		openaitest.Down{}, openaitest.HTML{Status: 502}, openaitest.HTML{}, openaitest.Reset{}, openaitest.Garbage{}, openaitest.Hang{},
		openaitest.ErrorEvent{}, openaitest.Truncated{}, openaitest.RateLimited{Bare: true}, openaitest.Quota{},
		openaitest.APIError{Status: 401},
	}
}

// admin gets a page of the admin listener.
func (s *server) admin(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(withPatience(t), http.MethodGet, "http://"+s.Admin+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s, %v", path, resp.Status, err)
	}
	return string(text)
}

// checkQuiet demands that nobody who calls, or looks, is told a secret. Of the log
// startServe sees to that.
func (s *server) checkQuiet(t *testing.T, said answer) {
	t.Helper()
	for what, text := range map[string]string{
		"the head": fmt.Sprint(said.Header), "the body": said.Body, "/api/circuits": s.admin(t, "/api/circuits"),
	} {
		if secret := leaked(text); secret != "" {
			t.Errorf("%s has the secret %q: %s", what, secret, text)
		}
	}
}

// keyFile writes a key to a file that nobody else can read.
func keyFile(t *testing.T, key string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Each key goes to its own host alone, and the client's to none but the upstream
// and targets that may have it: whatever happens to calls, at the most talkative
// level of the log.
func TestTargetsKeepSecrets(t *testing.T) {
	upstream, backup, stranger, friend := startListener(t), startListener(t), startListener(t), startListener(t)
	lines := []string{
		"upstream: " + upstream.URL,
		"targets:",
		"  - {name: primary, key: {env: PRIMARY_KEY}}",
		"  - {name: backup, url: " + backup.URL + ", key: {file: " + keyFile(t, secretBackup) + "}}",
		"  - {name: stranger, url: " + stranger.URL + "}",
		"  - {name: friend, url: " + friend.URL + ", pass_key: true}",
		"breaker: {failure_threshold: 2}",
		"timeouts: {headers: 100ms, idle: 100ms}",
		"retry: {base_delay: 1ms, max_wait: 10ms}",
	}
	for _, fault := range chainFaults() {
		serve := startServeFile(t, []string{"PRIMARY_KEY=" + secretPrimary}, lines, "--log-level", "debug")
		for _, l := range []*listener{upstream, backup, stranger} {
			l.Set(fault)
		}
		for i := range 6 {
			friend.Set(nil)
			if i > 1 {
				friend.Set(fault) // then there is nobody left
			}
			body := chatBody("m", i%2 == 1)
			serve.checkQuiet(t, serve.do(t, http.MethodPost, "/v1/chat/completions", "application/json", body))
		}
		serve.stop()
	}
	upstream.check(t, "the primary", secretPrimary)
	backup.check(t, "the backup", secretBackup)
	stranger.check(t, "a host without a key")
	friend.check(t, "a host that may have the client's key", secretKey)
}

// Nobody but the proxy hears the token by which it knows its clients.
func TestTargetsNeverHearClientToken(t *testing.T) {
	upstream, backup := startListener(t), startListener(t)
	serve := startServeFile(t, []string{"TOKEN=" + secretClient, "PRIMARY_KEY=" + secretPrimary, "BACKUP_KEY=" + secretBackup}, []string{
		"upstream: " + upstream.URL,
		"client_token: {env: TOKEN}",
		"targets:",
		"  - {name: primary, key: {env: PRIMARY_KEY}}",
		"  - {name: backup, url: " + backup.URL + ", key: {env: BACKUP_KEY}}",
	}, "--log-level", "debug")
	upstream.Set(openaitest.Down{})
	ask := func(header, value string) answer {
		req, err := http.NewRequestWithContext(withPatience(t), http.MethodPost, serve.URL()+"/chat/completions", chatBody("m", false))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(header, value)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return answer{resp.StatusCode, resp.Header, string(text), err}
	}
	for header, value := range map[string]string{"Authorization": "Bearer " + secretClient, "Api-Key": secretClient} {
		said := ask(header, value)
		if said.Status != http.StatusOK || said.Header.Get("Recloser-Target") != "backup" {
			t.Errorf("%+v", said)
		}
		serve.checkQuiet(t, said)
	}
	said := ask("Authorization", "Bearer "+secretKey)
	if said.Status != http.StatusUnauthorized {
		t.Errorf("of a client that is not known: %+v", said)
	}
	serve.checkQuiet(t, said)
	upstream.check(t, "the primary", secretPrimary)
	backup.check(t, "the backup", secretBackup)
}
