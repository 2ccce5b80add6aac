package integration

import (
	"strings"
	"testing"
)

// What the tests send and no log may say. Every line of every "recloser serve"
// that they start is searched for it.
const (
	secretKey    = "sk-integration-4f1c9a7e2b-key"
	secretPrompt = "a prompt that nobody else may read"
	secretQuery  = "a-query-that-nobody-else-may-read"
	secretCookie = "a-cookie-that-nobody-else-may-read"
	secretToken  = "token-of-the-admin-listener"
	secretProxy  = "password-for-the-way-out"

	// Of targets.
	secretPrimary = "sk-primary-7d20b41c9e-key"
	secretBackup  = "sk-backup-c83a5f60d1-key"
	secretThird   = "sk-third-19e6ab72f4-key"
	secretClient  = "token-that-clients-of-the-proxy-have"
)

// secrets are all of them.
func secrets() []string {
	return []string{
		secretKey, secretPrompt, secretQuery, secretCookie, secretToken, secretProxy,
		secretPrimary, secretBackup, secretThird, secretClient,
	}
}

// leaked returns a secret that line has, or "". Half of a secret is one too.
func leaked(line string) string {
	for _, secret := range secrets() {
		half := len(secret) / 2
		if strings.Contains(line, secret[:half]) || strings.Contains(line, secret[half:]) {
			return secret
		}
	}
	return ""
}

func TestLeaked(t *testing.T) {
	for line, want := range map[string]string{
		`{"msg":"call","path":"/v1/models"}`:               "",
		`{"msg":"call","authorization":"` + secretKey:      secretKey,
		`{"msg":"call","body":"` + secretPrompt[:20] + `"`: secretPrompt,
	} {
		if got := leaked(line); got != want {
			t.Errorf("%s: %q, not %q", line, got, want)
		}
	}
}
