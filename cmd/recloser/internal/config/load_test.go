package config

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

// load reads flags and variables written as "retries=3".
func load(flags, environ []string) (*Serve, error) {
	given := make(map[string]string)
	for _, f := range flags {
		name, text, _ := strings.Cut(f, "=")
		given[name] = text
	}
	return Load(Flags(given), Env(environ))
}

func TestDefaults(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	got := []any{
		c.Listen, c.Admin, c.AdminToken, c.Upstream.String(), c.MaxBody, c.DrainDelay, c.ShutdownGrace, c.LogFormat, c.LogLevel,
		c.Guard.Policy, c.Guard.Breaker.FailureThreshold, c.Guard.Breaker.BaseTimeout, c.Guard.Breaker.ResetTimeout, c.Guard.Breaker.StallAfter,
		c.Guard.Breaker.ProbeLease, c.Guard.Breaker.Mode, c.Guard.MaxCircuits, c.Guard.Count, c.Guard.MaxHeldBody,
		c.Guard.Retry.MaxRetries, c.Guard.Retry.BaseDelay, c.Guard.Retry.MaxWait, c.Guard.Timeouts, c.RetriesOn(),
	}
	want := []any{
		"127.0.0.1:8484", "127.0.0.1:8485", "", "https://api.openai.com/v1", int64(600 << 20), time.Second, 30 * time.Second, LogAuto, slog.LevelInfo,
		guard.Policy(0), 0, time.Duration(0), time.Duration(0), 2 * time.Minute,
		time.Duration(0), breaker.Normal, 1000, guard.PerAttempt, int64(4 << 20),
		2, 500 * time.Millisecond, 10 * time.Second, guard.Timeouts{
			Connect: 5 * time.Second, Headers: 10 * time.Minute, FirstContent: 10 * time.Minute, Idle: 2 * time.Minute, Total: -1,
		}, true,
	}
	if !slices.Equal(got, want) {
		t.Errorf("have %v\nwant %v", got, want)
	}
	if changed := c.Settings.Changed(); changed != nil {
		t.Errorf("changed by nobody: %v", changed)
	}
}

// TestGuardTakesWhatLoadAccepts: the ranges here are not wider than the library's.
func TestGuardTakesWhatLoadAccepts(t *testing.T) {
	for _, flags := range [][]string{
		nil,
		{"reset-timeout=1ms"},
		{"failure-threshold=1000000", "base-timeout=24h", "reset-timeout=24h", "probe-lease=24h", "stall-after=24h", "max-circuits=1000000"},
		{"retries=100", "retry-base-delay=1h", "max-retry-wait=1h", "max-held-body=1GiB", "count=call", "mode=observe"},
		{"retries=0", "stall-after=off", "connect-timeout=0", "total-timeout=1ms"},
		{"gate-max-closed=1ms", "quota-max-retest=1ms", "quota-test-lease=1ms", "max-gates=1", "gate-max-waiting=0", "gate-max-wait=1ms"},
		{"gate-max-closed=24h", "quota-max-retest=24h", "quota-test-lease=24h", "max-gates=1000000", "gate-max-waiting=1000000", "gate-max-wait=24h"},
		{"gates=off", "gate-wait=on", "gate-rate=off", "gate-slowdown=off", "retry-budget=off", "retry-budget-burst=1000000", "fallback-on=off"},
		{"retry-budget=1", "max-in-flight=1000000", "max-queued=1000000", "max-queue-wait=24h", "fallback-on=caller", "when-refused=wait"},
		{"max-in-flight=1", "max-queued=0", "max-queue-wait=1ms"},
		{"policy=adaptive", "adaptive-odds=10", "adaptive-failure-cost=0.001", "adaptive-waiting-cost=0.000001", "adaptive-quota-run=1"},
		{"adaptive-odds=1000000000000000", "adaptive-failure-cost=1000", "adaptive-waiting-cost=1000", "adaptive-quota-run=1000000", "reset-timeout=24h"},
	} {
		c, err := load(flags, nil)
		if err != nil {
			t.Errorf("%v: %v", flags, err)
			continue
		}
		if _, err := guard.New(nil, c.Guard); err != nil {
			t.Errorf("%v: %v", flags, err)
		}
	}
}

func TestLayers(t *testing.T) {
	tests := []struct {
		flags, environ []string
		threshold      int
		source         Source
		origin         string
	}{
		{nil, nil, 0, Default, "--failure-threshold"},
		{nil, []string{"RECLOSER_FAILURE_THRESHOLD=7"}, 7, Environment, "RECLOSER_FAILURE_THRESHOLD"},
		{[]string{"failure-threshold=9"}, nil, 9, Flag, "--failure-threshold"},
		{[]string{"failure-threshold=9"}, []string{"RECLOSER_FAILURE_THRESHOLD=7"}, 9, Flag, "--failure-threshold"},
		{[]string{"failure-threshold=9"}, []string{"RECLOSER_FAILURE_THRESHOLD=bad"}, 9, Flag, "--failure-threshold"},
		{nil, []string{"RECLOSER_FAILURE_THRESHOLD="}, 0, Default, "--failure-threshold"},
		{[]string{"failure-threshold=5"}, nil, 5, Flag, "--failure-threshold"},
	}
	for _, tt := range tests {
		c, err := load(tt.flags, tt.environ)
		if err != nil {
			t.Errorf("%v %v: %v", tt.flags, tt.environ, err)
			continue
		}
		s := c.Settings.Get("failure-threshold")
		if c.Guard.Breaker.FailureThreshold != tt.threshold || s.Source != tt.source || s.Origin != tt.origin {
			t.Errorf("%v %v: %d from %v, %s", tt.flags, tt.environ, c.Guard.Breaker.FailureThreshold, s.Source, s.Origin)
		}
	}
}

// TestAnotherLayerFits: a file will be one between the environment and the defaults.
func TestAnotherLayerFits(t *testing.T) {
	file := Layer{Source: File, Lookup: func(option string) (string, string, bool) {
		return "11", "recloser.yaml:3", option == "failure-threshold" || option == "retries"
	}}
	c, err := Load(Flags(nil), Env([]string{"RECLOSER_RETRIES=1"}), file)
	if err != nil {
		t.Fatal(err)
	}
	if c.Guard.Breaker.FailureThreshold != 11 || c.Guard.Retry.MaxRetries != 1 {
		t.Errorf("%+v", c.Guard)
	}
	if origin := c.Settings.Get("failure-threshold").Origin; origin != "recloser.yaml:3" {
		t.Error(origin)
	}
}

func TestNoneIsNegative(t *testing.T) {
	c, err := load([]string{
		"retries=0", "stall-after=off", "connect-timeout=off", "headers-timeout=0",
		"first-content-timeout=off", "idle-timeout=off", "total-timeout=off", "commit-after=0", "admin=off",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	none := guard.Timeouts{Connect: -1, Headers: -1, FirstContent: -1, Idle: -1, Total: -1}
	if c.Guard.Retry.MaxRetries >= 0 || c.Guard.Breaker.StallAfter >= 0 || c.Guard.Timeouts != none || c.Guard.CommitAfter >= 0 || c.Admin != "" || c.RetriesOn() {
		t.Errorf("%+v", c)
	}
}

// TestSwitchesAndLists come out as guard has them.
func TestSwitchesAndLists(t *testing.T) {
	first := []fault.Kind{fault.Service, fault.Overload, fault.Timeout, fault.RateLimit, fault.Quota}
	tests := []struct {
		flags []string
		want  guard.Config // only the fields below
	}{
		{nil, guard.Config{
			Gates: guard.On, GateWait: guard.Off, MaxGates: 1000, FallBackOn: first, WhenRefused: guard.Refuse, BasePath: "/v1",
			Gate:   gate.Config{MaxClosed: time.Minute, MaxWaiting: 100, MaxWait: 30 * time.Second, MaxRetest: time.Hour, TestLease: time.Minute},
			Budget: retry.BudgetConfig{Share: 0.1, Most: 10}, Limits: guard.Limits{MaxQueued: 100, MaxQueueWait: 30 * time.Second},
		}},
		{[]string{
			"gates=off", "gate-wait=on", "max-gates=7", "fallback-on=caller, quota", "when-refused=wait", "upstream=https://h/a%2Fb/",
			"gate-max-closed=1s", "gate-first-guess=1ms", "gate-rate=off", "gate-slowdown=off", "gate-max-waiting=0", "gate-max-wait=2s",
			"quota-retest=3s", "quota-max-retest=4s", "quota-test-lease=5s", "retry-budget=off", "retry-budget-burst=3",
			"max-in-flight=5", "max-queued=0", "max-queue-wait=6s",
		}, guard.Config{
			Gates: guard.Off, GateWait: guard.On, MaxGates: 7, FallBackOn: []fault.Kind{fault.Caller, fault.Quota}, WhenRefused: guard.Await, BasePath: "/a%2Fb",
			Gate: gate.Config{
				MaxClosed: time.Second, FirstGuess: time.Millisecond, NoRate: true, NoSlowdown: true, MaxWaiting: -1, MaxWait: 2 * time.Second,
				Retest: 3 * time.Second, MaxRetest: 4 * time.Second, TestLease: 5 * time.Second,
			},
			Budget: retry.BudgetConfig{Share: -1, Most: 3}, Limits: guard.Limits{MaxInFlight: 5, MaxQueued: -1, MaxQueueWait: 6 * time.Second},
		}},
	}
	for _, tt := range tests {
		c, err := load(tt.flags, nil)
		if err != nil {
			t.Fatal(err)
		}
		g := c.Guard
		have := guard.Config{
			Gates: g.Gates, GateWait: g.GateWait, MaxGates: g.MaxGates, FallBackOn: g.FallBackOn, WhenRefused: g.WhenRefused, BasePath: g.BasePath,
			Gate: g.Gate, Budget: g.Budget, Limits: g.Limits,
		}
		if !reflect.DeepEqual(have, tt.want) {
			t.Errorf("%v:\nhave %+v\nwant %+v", tt.flags, have, tt.want)
		}
	}
	for upstream, want := range map[string]string{
		"https://h": "/", "https://h/": "/", "https://openrouter.ai/api/v1": "/api/v1", "https://h/v1//": "/v1",
	} {
		if c, err := load([]string{"upstream=" + upstream}, nil); err != nil || c.Guard.BasePath != want {
			t.Errorf("%s: %q %v, want %q", upstream, c.Guard.BasePath, err, want)
		}
	}
	if c, err := load([]string{"fallback-on=off"}, nil); err != nil || c.Guard.FallBackOn == nil || len(c.Guard.FallBackOn) != 0 {
		t.Errorf("off is %#v: nil would be the default", c.Guard.FallBackOn)
	}
}

// TestZeroIsOff however it is written.
func TestZeroIsOff(t *testing.T) {
	for _, zero := range []string{"0", "0s", "0ms", "0h0m", "off"} {
		c, err := load([]string{"stall-after=" + zero, "connect-timeout=" + zero, "total-timeout=" + zero}, nil)
		if err != nil {
			t.Errorf("%s: %v", zero, err)
		} else if c.Guard.Breaker.StallAfter >= 0 || c.Guard.Timeouts.Connect >= 0 || c.Guard.Timeouts.Total >= 0 {
			t.Errorf("%s: %+v", zero, c.Guard)
		}
	}
}

func TestEveryStrategyHasAName(t *testing.T) {
	for _, name := range retry.Names() {
		if c, err := load([]string{"retry-strategy=" + name}, nil); err != nil || c.Guard.Retry.Strategy == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSafeToRepeat(t *testing.T) {
	chat := httptest.NewRequest(http.MethodPost, "/v1/chat/completions", http.NoBody)
	file := httptest.NewRequest(http.MethodPost, "/v1/files", http.NoBody)
	for text, want := range map[string][2]bool{"auto": {true, false}, "all": {true, true}, "none": {}} {
		c, err := load([]string{"safe-to-repeat=" + text}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]bool{c.Guard.Safe(chat), c.Guard.Safe(file)}; got != want {
			t.Errorf("%s: chat and file are %v, not %v", text, got, want)
		}
	}
}

func TestSettingsForTheLog(t *testing.T) {
	c, err := load([]string{"retries=0"}, []string{"RECLOSER_ADMIN_TOKEN=hunter2", "RECLOSER_LISTEN=:1"})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	h := slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	slog.New(h).LogAttrs(t.Context(), slog.LevelInfo, "settings", c.Settings.Changed().Attrs()...)
	const want = `level=INFO msg=settings listen=":1 (environment)" admin_token="[set] (environment)" retries="0 (flag)"` + "\n"
	if out.String() != want {
		t.Errorf("have %swant %s", out.String(), want)
	}
}
