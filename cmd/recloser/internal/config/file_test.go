package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
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

// readText reads flags and variables written as "retries=3", and a file.
func readText(t *testing.T, flags, environ []string, text string) (*Serve, error) {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "recloser.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	given := map[string]string{"config": name}
	for _, f := range flags {
		name, text, _ := strings.Cut(f, "=")
		given[name] = text
	}
	c, err := Read(Given{Flags: given, Environ: environ})
	if err != nil {
		err = fmt.Errorf("%s", strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""))
	}
	return c, err
}

// TestPrecedence: a flag wins over its variable, that over the file, that over the
// default.
func TestPrecedence(t *testing.T) {
	const flag, variable, file = 9, 8, 7
	for n := range 8 {
		var flags, environ []string
		text, want, source, from := "", 0, Default, "default" // no threshold: adaptive
		if n&1 != 0 {
			text = "# one line more\nbreaker: {failure_threshold: 7}\n"
			want, source, from = file, File, "recloser.yaml:2"
		}
		if n&2 != 0 {
			environ = []string{"RECLOSER_FAILURE_THRESHOLD=8"}
			want, source, from = variable, Environment, "RECLOSER_FAILURE_THRESHOLD"
		}
		if n&4 != 0 {
			flags = []string{"failure-threshold=9"}
			want, source, from = flag, Flag, "--failure-threshold"
		}
		c, err := readText(t, flags, environ, text)
		if err != nil {
			t.Errorf("%v %v %q: %v", flags, environ, text, err)
			continue
		}
		s := c.Settings.Get("failure-threshold")
		if got := c.Guard.Breaker.FailureThreshold; got != want || s.Source != source || filepath.Base(s.From()) != from || s.Source.String() == "invalid" {
			t.Errorf("%v %v %q: %d from %v, %s; want %d from %v, %s", flags, environ, text, got, s.Source, s.From(), want, source, from)
		}
	}
	if name := (Given{Flags: map[string]string{"config": "a"}, Environ: []string{"RECLOSER_CONFIG=b"}}).File(); name != "a" {
		t.Errorf("the file is %s", name)
	}
	if name := (Given{Environ: []string{"RECLOSER_CONFIG=b"}}).File(); name != "b" {
		t.Errorf("the file is %s", name)
	}
}

// TestWrongValueOfFileIsToldAlsoWhereAFlagWins: or it would be found on another day.
func TestWrongValueOfFileIsToldAlsoWhereAFlagWins(t *testing.T) {
	_, err := readText(t, []string{"retries=1"}, nil, "retry: {max_retries: many}")
	if err == nil || err.Error() != `recloser.yaml:1: retry.max_retries is "many": use a whole number from 0 (none) to 100` {
		t.Error(err)
	}
	// A variable that the file names is no misspelt setting.
	environ := []string{"RECLOSER_SECRET=x", "RECLOSER_RETRYS=1"}
	if c, err := readText(t, nil, environ, "admin_token: {env: RECLOSER_SECRET}"); err != nil || len(c.Unknown(environ)) != 1 {
		t.Errorf("%v", err)
	}
	// A secret that nobody needs is not fetched.
	if _, err := readText(t, []string{"admin-token=x"}, nil, "admin_token: {env: NOWHERE}"); err != nil {
		t.Error(err)
	}
}

// TestFileHasEveryField of the public configurations that a file can have.
func TestFileHasEveryField(t *testing.T) {
	paths := make(map[string]bool)
	for _, o := range Options() {
		if paths[o.Path] {
			t.Errorf("%s is there twice", o.Path)
		}
		paths[o.Path] = true
	}
	elsewhere := map[string]string{ // field: its path, or why it has none
		"guard.Breaker": "section", "guard.Retry": "section", "guard.Timeouts": "section", "guard.Gray": "section", "guard.Overrides": "section",
		"guard.Policy": "breaker.policy", "guard.Adaptive": "section", "adaptive.MaxProbeWait": "breaker.reset_timeout",
		"guard.MaxCircuits": "breaker.max_circuits", "guard.Count": "breaker.count", "guard.Commit": "stream.commit",
		"guard.CommitAfter": "stream.commit_after", "guard.Ending": "stream.ending", "guard.MaxHeldBody": "limits.max_held_body",
		"guard.HashKey": "the history has it",
		"guard.Safe":    "function", "guard.Upstream": "function", "guard.Observe": "function",
		"guard.Gate": "section", "guard.Budget": "section", "guard.Limits": "section", "guard.Targets": "list", "guard.BasePath": "upstream",
		"guard.Gates": "gate.enabled", "guard.GateWait": "gate.wait", "guard.MaxGates": "gate.max_gates",
		"guard.FallBackOn": "fallback.on", "guard.WhenRefused": "fallback.when_refused",
		"budget.Share": "retry.budget", "budget.Most": "retry.budget_burst",
		"gate.NoRate": "gate.rate", "gate.NoSlowdown": "gate.slowdown", "gate.OnTransition": "function", "gate.Seed": "for tests",
		"adaptive.Odds": "breaker.adaptive_odds", "adaptive.FailureCost": "breaker.adaptive_failure_cost",
		"adaptive.WaitingCost": "breaker.adaptive_waiting_cost", "adaptive.QuotaRun": "breaker.adaptive_quota_run",
		"breaker.NewPolicy": "breaker.policy", "breaker.MayProbe": "function", "breaker.Parent": "circuit",
		"breaker.Classify": "function", "breaker.OnTransition": "function", "breaker.Seed": "for tests",
	}
	for section, config := range map[string]any{
		"guard": guard.Config{}, "breaker": breaker.Config{}, "retry": retry.Config{}, "timeouts": guard.Timeouts{}, "gray": guard.Gray{},
		"gate": gate.Config{}, "budget": retry.BudgetConfig{}, "limits": guard.Limits{}, "adaptive": breaker.AdaptiveConfig{},
	} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(config)) {
			path, ok := elsewhere[section+"."+f.Name]
			if !ok {
				path = section + "." + snakeOf(f.Name)
			}
			if strings.Contains(path, ".") && !paths[path] {
				t.Errorf("%s.%s: there is no %s", section, f.Name, path)
			}
		}
	}
}

// snakeOf writes a name of Go with underscores: max_retries, html.
func snakeOf(name string) string {
	if strings.ToUpper(name) == name {
		return strings.ToLower(name)
	}
	return strings.ToLower(goHumps.ReplaceAllString(name, "${1}_$2"))
}

func TestOverridesOfTheFile(t *testing.T) {
	c, err := readText(t, nil, nil, `
overrides:
  - models: [o3*, gpt-5-pro]
    timeouts: {connect: 1s, headers: 2s, first_content: 30m, idle: off, total: 1h}
    breaker: {failure_threshold: off, failure_rate: 0.25, stall_after: off, reset_timeout: 5s, ramp: on, mode: observe}
  - upstream: "*.local:80"
    endpoint: /responses
    safe_to_repeat: true
    breaker: {stall_after: 3m}
    retry: {max_retries: 0, base_delay: 1s, max_delay: 2s, max_wait: 3s, strategy: none}
    stream: {commit: headers, commit_after: off, ending: finish}
    gray: {html: off, empty: true}
  - models: x
    safe_to_repeat: false
    stream: {ending: any}
  - upstream: y
    gate: {wait: off}
    fallback: {on: [rate_limit, quota], when_refused: refuse}
    limits: {max_in_flight: 3, max_queued: 0, max_queue_wait: 1s}
  - endpoint: /z
    gate: {wait: on}
    fallback: {on: off}
`)
	if err != nil {
		t.Fatal(err)
	}
	finish, any := guard.EndFinish, guard.EndAny
	want := []guard.Override{
		{
			Models:   []string{"o3*", "gpt-5-pro"},
			Timeouts: guard.Timeouts{Connect: time.Second, Headers: 2 * time.Second, FirstContent: 30 * time.Minute, Idle: -1, Total: time.Hour},
			Breaker:  breaker.Config{FailureThreshold: -1, FailureRate: 0.25, ResetTimeout: 5 * time.Second, Ramp: true, Mode: breaker.Observe}, StallAfter: -1,
		},
		{
			Upstream: "*.local:80", Endpoint: "/responses", Safe: new(true), StallAfter: 3 * time.Minute,
			Retry:  retry.Config{MaxRetries: -1, BaseDelay: time.Second, MaxDelay: 2 * time.Second, MaxWait: 3 * time.Second},
			Commit: guard.CommitHeaders, CommitAfter: -1, Ending: &finish, Gray: guard.Gray{HTML: guard.Off, Empty: guard.On},
		},
		{Models: []string{"x"}, Safe: new(false), Ending: &any},
		{
			Upstream: "y", GateWait: guard.Off, FallBackOn: []fault.Kind{fault.RateLimit, fault.Quota}, WhenRefused: guard.Refuse,
			Limits: guard.Limits{MaxInFlight: 3, MaxQueued: -1, MaxQueueWait: time.Second},
		},
		{Endpoint: "/z", GateWait: guard.On, FallBackOn: []fault.Kind{}},
	}
	got := c.Guard.Overrides
	if len(got) != len(want) {
		t.Fatalf("%d overrides", len(got))
	}
	if got[1].Retry.Strategy == nil {
		t.Error("no strategy")
	}
	got[1].Retry.Strategy = nil // a function
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("overrides[%d]\nhave %+v\nwant %+v", i, got[i], want[i])
		}
	}
	if _, err := guard.New(nil, c.Guard); err != nil {
		t.Error(err)
	}
}

// TestEveryOptionIsReadFromAFile with its default, or the first of its values.
func TestEveryOptionIsReadFromAFile(t *testing.T) {
	for _, o := range Options() {
		text := o.Default
		if len(o.Values) > 0 {
			text = o.Values[0]
		}
		if o.Secret {
			continue
		}
		section, field := o.section()
		file := field + ": " + text
		if section != "" {
			file = section + ": {" + field + ": " + text + "}"
		}
		c, err := readText(t, nil, nil, file)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		} else if s := c.Settings.Get(o.Name); s.Source != File || s.Text != text {
			t.Errorf("%s: %q from %v", file, s.Text, s.Source)
		}
	}
}

func TestAliasesAndEmptySections(t *testing.T) {
	c, err := readText(t, nil, nil, `
breaker:
overrides:
  - &slow
    models: [o3]
    timeouts: &long {idle: 5m}
  - models: [o4]
    timeouts: *long
retry: {}
timeouts: *long
`)
	if err != nil {
		t.Fatal(err)
	}
	if o := c.Guard.Overrides; len(o) != 2 || o[1].Timeouts.Idle != 5*time.Minute || c.Guard.Timeouts.Idle != 5*time.Minute {
		t.Errorf("%+v", o)
	}
	if _, err := readText(t, nil, nil, "overrides:\n# none\n"); err != nil {
		t.Error(err)
	}
}

// TestBombIsRefusedInTime: nine times nine times nine aliases.
func TestBombIsRefusedInTime(t *testing.T) {
	var text strings.Builder
	text.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 9; i++ {
		alias := fmt.Sprintf("*a%d", i-1)
		fmt.Fprintf(&text, "a%d: &a%d [%s]\n", i, i, strings.Join(slices.Repeat([]string{alias}, 9), ", "))
	}
	text.WriteString("overrides: *a8\n")
	begin := time.Now()
	if _, err := readText(t, nil, nil, text.String()); err == nil {
		t.Error("taken")
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if _, err := readText(t, nil, nil, "#"+strings.Repeat("x", maxFile)); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Error(err)
	}
}

func TestReplace(t *testing.T) {
	read := func(flags []string, text string) *Serve {
		t.Helper()
		c, err := readText(t, flags, []string{"TOKEN=hunter2", "OTHER=swordfish"}, text)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	before := read(nil, "admin_token: {env: TOKEN}\noverrides:\n  - models: [a]\n    timeouts: {idle: 1m}\n")
	rows := []struct{ flags, text, changed, wrong string }{
		{"", "# moved\nadmin_token: {env: TOKEN}\noverrides:\n\n  - models: [a]\n    timeouts: {idle: 1m}\n", "", ""},
		{"", "admin_token: {env: OTHER}\noverrides:\n  - models: [a]\n    timeouts: {idle: 2m}\n", "admin_token overrides", ""},
		{"retries=7", "admin_token: {env: TOKEN}\n", "retries overrides", ""},
		{"", "listen: :1\nadmin: off\nlog: {format: text}\n", "admin_token overrides", "listen admin log.format"},
	}
	for i, row := range rows {
		var flags []string
		if row.flags != "" {
			flags = []string{row.flags}
		}
		attrs, errs := before.Replace(read(flags, row.text))
		var changed []string
		for _, a := range attrs {
			changed = append(changed, a.Key)
			if strings.Contains(a.String(), "hunter2") || strings.Contains(a.String(), "swordfish") {
				t.Errorf("row %d shows a secret: %s", i, a)
			}
		}
		if got := strings.Join(changed, " "); got != row.changed {
			t.Errorf("row %d: %q changes, want %q", i, got, row.changed)
		}
		for n, field := range strings.Fields(row.wrong) {
			if n >= len(errs) || !strings.Contains(errs[n].Error(), ": "+field+" is ") || !strings.Contains(errs[n].Error(), "cannot change while Recloser runs") {
				t.Errorf("row %d: %v", i, errs)
			}
		}
		if len(errs) != len(strings.Fields(row.wrong)) {
			t.Errorf("row %d: %v", i, errs)
		}
	}
}

// TestEffectiveConfigurationIsAFile: what is written comes to the same when it is
// read, whatever was given.
func TestEffectiveConfigurationIsAFile(t *testing.T) {
	texts := map[string]string{"": ""}
	for _, o := range options() {
		for _, v := range o.Values {
			texts[o.Name+"="+v] = ""
		}
	}
	for _, flags := range []string{"reset-timeout=500ms", "retry-base-delay=20s", "failure-threshold=off failure-rate=1", "failure-threshold=3", "adaptive-odds=100 adaptive-quota-run=3", "listen=:0", "admin=off", "drain-delay=0", "gate-max-closed=500ms", "quota-max-retest=1m", "fallback-on=off", "fallback-on=quota,caller", "max-in-flight=5 max-queued=0", "stall-after=0s", "upstream=http://[::1]:9/v1"} {
		texts[flags] = ""
	}
	texts["mode=observe"] = "overrides:\n  - models: ['a: b', \"#c\", '*']\n    endpoint: /x y\n    upstream: 'a:1'\n    timeouts: {idle: 1s}\n    safe_to_repeat: false\n    fallback: {on: [quota, timeout]}\n"
	texts["retries=0"] = "breaker: {slow_rate: 0.5, slow_after: 1s, ramp: false}\noverrides:\n  - upstream: x\n    breaker: {reset_timeout: 1ms, stall_after: off}\n"
	texts["policy=adaptive retries=1"] = "overrides:\n  - models: [a]\n    breaker: {policy: classic, failure_threshold: 3}\n"
	texts["retries=1"] = "overrides:\n  - models: [a]\n    breaker: {failure_threshold: 3}\n"
	texts["failure-threshold=4"] = "overrides:\n  - models: [a]\n    breaker: {policy: adaptive}\n"
	for flags, text := range texts {
		c, err := readText(t, strings.Fields(flags), nil, text)
		if err != nil {
			t.Errorf("%s: %v", flags, err)
			continue
		}
		written := writeYAML(t, c)
		again, err := readText(t, nil, nil, written)
		if err != nil {
			t.Errorf("%s: %v\n%s", flags, err, written)
			continue
		}
		for i, s := range c.Settings {
			if is := again.Settings[i].Text; is != s.Text && s.Kind != Toggle {
				t.Errorf("%s: %s is %q, then %q", flags, s.Name, s.Text, is)
			}
		}
		if is, was := again.Guard, c.Guard; is.Policy != was.Policy || is.Adaptive != was.Adaptive || !reflect.DeepEqual(is.Breaker, was.Breaker) && was.Breaker.BaseTimeout != 0 {
			t.Errorf("%s: %+v, then %+v", flags, was.Breaker, is.Breaker)
		}
		if c.written() != again.written() {
			t.Errorf("%s: %s\nthen %s", flags, c.written(), again.written())
		}
		if plain := withoutComments(writeYAML(t, again)); plain != withoutComments(written) {
			t.Errorf("%s:\n%s\nthen\n%s", flags, written, plain)
		}
	}
}

func writeYAML(t *testing.T, c *Serve) string {
	t.Helper()
	var out strings.Builder
	if err := c.WriteYAML(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// withoutComments drops where values come from.
func withoutComments(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if i := strings.LastIndex(line, " # "); i >= 0 {
			line = line[:i] + "\n"
		}
		out.WriteString(line)
	}
	return out.String()
}

func TestSecretsByReference(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rows := map[string]string{ // file: the token, or "!" and part of the error
		"{file: " + write("good", "hunter2\n") + "}":      "hunter2",
		"{file: " + write("windows", "hunter2\r\n") + "}": "hunter2",
		"{env: TOKEN}":                                                   "swordfish",
		"{file: " + write("empty", "\n") + "}":                           "!is empty, or larger",
		"{file: " + write("two", "a b\n") + "}":                          "!admin_token: use printable ASCII",
		"{file: " + dir + "}":                                            "!cannot be read",
		"{file: " + write("big", strings.Repeat("x", maxSecret+1)) + "}": "!is empty, or larger",
		"{env: EMPTY}":                                                   "!EMPTY is not set",
		"{}":                                                             "!admin_token is empty: write {env: NAME} or {file: PATH}",
		"":                                                               "!admin_token has no value",
	}
	for _, ref := range slices.Sorted(maps.Keys(rows)) {
		want := rows[ref]
		c, err := readText(t, nil, []string{"TOKEN=swordfish", "EMPTY="}, "admin_token: "+ref)
		part, wrong := strings.CutPrefix(want, "!")
		switch {
		case wrong && (err == nil || !strings.Contains(err.Error(), part)):
			t.Errorf("%s: %v, want %s", ref, err, part)
		case !wrong && (err != nil || c.AdminToken != want):
			t.Errorf("%s: %v", ref, err)
		case !wrong && strings.Contains(writeYAML(t, c), want):
			t.Errorf("%s: the token is written", ref)
		}
	}
}
