package integration

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

// byKey is a service that fails some keys.
type byKey map[string]openaitest.Fault

func (byKey) Name() string { return "by-key" }

func (f byKey) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if fault := f[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]; fault != nil {
		fault.Serve(w, r, next)
		return
	}
	next.ServeHTTP(w, r)
}

// gateView is what the tests read of a gate in /api/circuits.
type gateView struct {
	Key, Model, State, Why string
	RateLimits             int64 `json:"rate_limits"`
	Quotas                 int64 `json:"quotas"`
}

// Of three keys one has no quota left and one is rate limited: each is found out
// by one attempt, and the third answers every call.
func TestPoolOfKeys(t *testing.T) {
	const calls = 40
	api := openaitest.Start(t, openaitest.Config{ClientHeader: "Authorization", Fault: byKey{
		secretPrimary: openaitest.Quota{}, secretBackup: openaitest.RateLimited{RetryAfter: 30 * time.Second},
	}})
	serve := startServeFile(t, []string{"KEY1=" + secretPrimary, "KEY2=" + secretBackup, "KEY3=" + secretThird}, []string{
		"upstream: " + api.BaseURL,
		"targets:",
		"  - {name: no-quota, pool: keys, key: {env: KEY1}}",
		"  - {name: limited, pool: keys, key: {env: KEY2}}",
		"  - {name: good, pool: keys, key: {env: KEY3}}",
	}, "--log-format", "json")
	for range calls {
		if said := serve.chat(t, "m"); said.Status != http.StatusOK || said.Header.Get("Recloser-Target") != "good" {
			t.Errorf("%+v", said)
		}
	}
	idle(t, api)
	for key, want := range map[string]int64{secretPrimary: 1, secretBackup: 1, secretThird: calls} {
		if n := api.Counts().ByClient["Bearer "+key].Attempts; n != want {
			t.Errorf("%d attempts with %s, not %d", n, key, want)
		}
	}
	checkPoolGates(t, serve)
	serve.stop()
	var warnings []string
	for line := range strings.Lines(serve.output()) {
		if strings.Contains(line, `"level":"WARN"`) {
			warnings = append(warnings, line)
		}
	}
	if len(warnings) != 2 || !strings.Contains(warnings[0], `"to":"parked"`) || !strings.Contains(warnings[1], `"rule":"quota-exhausted"`) {
		t.Errorf("want two warnings, that a key is parked and the alert of it: %q", warnings)
	}
}

// checkPoolGates demands that the admin listener tells of both keys, by labels.
func checkPoolGates(t *testing.T, serve *server) {
	t.Helper()
	text := serve.admin(t, "/api/circuits")
	var body struct{ Gates []gateView }
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.Fatal(err)
	}
	if secret := leaked(text); secret != "" {
		t.Errorf("/api/circuits has the secret %q: %s", secret, text)
	}
	states := map[string]gateView{}
	for _, g := range body.Gates {
		states[g.State] = g
	}
	parked, closed := states["parked"], states["closed"]
	if len(body.Gates) != 2 || parked.Quotas != 1 || closed.RateLimits != 1 || parked.Key == "" || closed.Key == "" || parked.Key == closed.Key {
		t.Errorf("want one parked gate and one that is closed, with labels: %s", text)
	}
}
