package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// chain is a proxy with a primary and a backup, each of which wants a key of its
// own and answers in words of its own.
type chain struct {
	serve           *server
	primary, backup *openaitest.Local
}

// chainChunks makes streams of 60 events: there is the role too, and the finish
// reason.
const chainChunks = 58

// startChain runs one with more lines in its file. What the primary does wrong is
// fault.
func startChain(t *testing.T, fault openaitest.Fault, lines ...string) chain {
	t.Helper()
	c := chain{
		primary: openaitest.Start(t, openaitest.Config{Fault: fault, APIKey: secretPrimary, Chunks: chainChunks, Seed: 1}),
		backup:  openaitest.Start(t, openaitest.Config{APIKey: secretBackup, Chunks: chainChunks, Seed: 2}),
	}
	c.serve = startServeFile(t, []string{"PRIMARY_KEY=" + secretPrimary, "BACKUP_KEY=" + secretBackup}, append([]string{
		"upstream: " + c.primary.BaseURL,
		"targets:",
		"  - {name: primary, key: {env: PRIMARY_KEY}}",
		"  - {name: backup, url: " + c.backup.BaseURL + ", key: {env: BACKUP_KEY}}",
	}, lines...))
	return c
}

// startServeFile is startServeIn with a configuration file of these lines.
func startServeFile(t *testing.T, env, lines []string, args ...string) *server {
	t.Helper()
	path := filepath.Join(t.TempDir(), "recloser.yaml")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return startServeIn(t, env, append([]string{"--config", path}, args...)...)
}

// chat is a call that nothing else is known of.
func (c chain) chat(op string) sdkCall {
	return sdkCall{URL: c.serve.URL(), Op: op, Model: modelOfOpenaitest}
}

// whole reports whether a client got all of an answer and nothing else.
func (s sighting) whole(stream bool) bool {
	pieces := 0
	if stream {
		pieces = chainChunks
	}
	return s.Error == nil && len(strings.Fields(s.Text)) == chainChunks && s.Pieces == pieces && s.Tokens > 0
}

// got says what a client got.
func (s sighting) got(stream bool) string {
	switch {
	case s.whole(stream):
		return "whole answer"
	case s.Error == nil:
		return fmt.Sprintf("%d words, no error", len(strings.Fields(s.Text)))
	}
	return s.words(stream)
}
