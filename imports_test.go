package recloser_test

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/recloser/recloser/internal/layers"
)

// The import rules of the house, as docs and ARCHITECTURE.md give them. This
// file holds those of the library and those that bind all modules; each module
// with rules of its own has such a file too. How a rule is checked, and that a
// violation of it is found, is in internal/layers.
const (
	rule1  = "rule 1: breaker, gate, retry and fault import nothing of ours; the first three no net/http"
	rule2  = "rule 2: guard and replay import those four only, openaitest nothing of ours"
	rule3  = "rule 3: the root module has no third-party import, tests included"
	rule4  = "rule 4: nothing imports from cmd"
	rule5  = "rule 5: no clock, timer, goroutine or global randomness in breaker, gate, retry and replay; no init, no package-level state, no vague package names"
	single = "one importer for each library"
)

const module = "github.com/recloser/recloser"

// nested are the folders of the other modules, and of the tools.
var nested = []string{"bench", "cmd", "examples", "integration", "openaiguard", "tools"}

var core = []string{"breaker", "gate", "retry", "fault"}

// http is what brings net/http into a program.
var http = []string{"net/http", "net/rpc", "expvar"}

var importRules = []layers.Rule{
	{Name: rule1, Dir: "breaker", Never: http},
	{Name: rule1, Dir: "gate", Never: http},
	{Name: rule1, Dir: "retry", Never: http},
	{Name: rule1, Dir: "fault"},
	{Name: rule2, Dir: "guard", Ours: core, Tests: []string{"openaitest"}},
	{Name: rule2, Dir: "replay", Ours: core, Never: http},
	{Name: rule2, Dir: "openaitest"},
	{Name: "internal/sketch is a leaf", Dir: "internal/sketch"},
	{Name: "internal/nearest is a leaf", Dir: "internal/nearest"},
	{Name: "internal/layers is for tests", Dir: "internal/layers"},
	{Name: "internal/layers is for tests", Dir: ".", Tests: []string{"internal/layers"}},
}

// importers says who may import a library, tests included.
var importers = map[string][]string{
	"github.com/openai/openai-go":             {"openaiguard", "integration", "examples"},
	"github.com/sony/gobreaker":               {"bench"},
	"github.com/failsafe-go/failsafe-go":      {"bench"},
	"github.com/zeromicro/go-zero":            {"bench"},
	"github.com/afex/hystrix-go":              {"bench"},
	"github.com/ncruces/go-sqlite3":           {"cmd/recloser/internal/history", "integration"},
	"github.com/redis/rueidis":                {"cmd/recloser/internal/fleet/redisstore", "integration"},
	"github.com/prometheus/client_golang":     {"cmd/recloser/internal/telemetry", "integration"},
	"go.opentelemetry.io":                     {"cmd/recloser/internal/telemetry", "integration"},
	"github.com/go-logr/logr":                 {"cmd/recloser/internal/telemetry"}, // OpenTelemetry's own log
	"go.yaml.in/yaml":                         {"cmd/recloser/internal/config", "integration"},
	"github.com/google/jsonschema-go":         {"cmd/recloser/internal/config", "integration"},
	"github.com/nicholas-fedor/shoutrrr":      {"cmd/recloser/internal/alert", "integration"},
	"github.com/chromedp":                     {"integration"},
	"github.com/Shopify/toxiproxy":            {"integration"},
	"pgregory.net/rapid":                      {"integration"},
	"github.com/anishathalye/porcupine":       {"integration"},
	"github.com/HdrHistogram/hdrhistogram-go": {"integration"},
}

func load(t *testing.T) layers.Tree {
	t.Helper()
	tree, err := layers.Load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func report(t *testing.T, violations []string) {
	t.Helper()
	for _, v := range violations {
		t.Error(v)
	}
}

func TestLibraryImports(t *testing.T) {
	report(t, layers.CheckImports(load(t).Without(nested...), module, importRules))
}

func TestRootModuleHasNoDependency(t *testing.T) {
	gomod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	report(t, layers.CheckNoRequire(gomod, rule3))
	report(t, layers.CheckStandardOnly(load(t).Without(nested...), rule3, module))
}

func TestNothingImportsFromCmd(t *testing.T) {
	report(t, layers.CheckImporters(load(t), rule4, map[string][]string{module + "/cmd": {"cmd"}}))
}

func TestOneImporterForEachLibrary(t *testing.T) {
	report(t, layers.CheckImporters(load(t), single, importers))
}

// clockReaders are functions of the core that may read the clock or draw a
// number although they are no short form (N beside NAt), and why.
var clockReaders = map[string]string{
	"breaker.Breaker.now": "the one place that all short forms read it through",
	"breaker.newSettings": "draws the seed, once, where none is given",
	"gate.Gate.now":       "the one place that all short forms read it through",
	"gate.newSettings":    "draws the seed, once, where none is given",
}

func TestCoreTakesTimeAsParameter(t *testing.T) {
	pure := load(t).In("breaker", "gate", "retry", "replay")
	report(t, layers.CheckDotImports(pure, rule5))
	report(t, layers.CheckClock(pure, rule5, slices.Collect(maps.Keys(clockReaders))...))
}

func TestNoStateBesideValues(t *testing.T) {
	all := load(t)
	report(t, layers.CheckNoInit(all, rule5))
	report(t, layers.CheckNoState(all, rule5, "cmd/recloser.version")) // set by the linker
	report(t, layers.CheckPackageNames(all, rule5))
}
