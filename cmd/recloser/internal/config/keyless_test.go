package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeylessReadsAFileWithoutItsSecrets(t *testing.T) {
	name := filepath.Join(t.TempDir(), "recloser.yaml")
	text := `admin: 0.0.0.0:8485
admin_token: {env: NOBODY}
client_token: {file: nowhere.txt}
breaker: {failure_threshold: 7}
alerts: [{env: NOWHERE}]
targets:
  - name: other
    url: https://other.example/v1
    key: {env: NOWHERE}
    headers: {X-Key: {file: nowhere.txt}}
`
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	given := Given{Flags: map[string]string{"config": name}}
	if _, err := Read(given); err == nil || !strings.Contains(err.Error(), "NOWHERE") {
		t.Errorf("with its secrets: %v", err)
	}
	given.Keyless = true
	c, err := Read(given)
	if err != nil || c.Guard.Breaker.FailureThreshold != 7 || len(c.Guard.Targets) != 1 {
		t.Errorf("without them: %+v, %v", c, err)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(text, "threshold: 7", "threshold: 0", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(given); err == nil {
		t.Error("what else is wrong is not told")
	}
}
