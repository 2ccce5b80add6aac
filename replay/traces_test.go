package replay

import (
	"compress/gzip"
	"encoding/csv"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// publicTrace is one of testdata, whose README says what they are: those from the
// logs of clients stand at the end of attempts.
func publicTrace(t testing.TB, name string) *Trace {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(zr).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	ended := false
	for _, prefix := range []string{"openai_", "azure_graphrag_", "selfhosted_"} {
		ended = ended || len(name) > len(prefix) && name[:len(prefix)] == prefix
	}
	tr, err := ReadTrace(csvRecords(lines[1:]), TraceConfig{Ended: ended})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func csvRecords(lines [][]string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, l := range lines {
			status, err := strconv.Atoi(l[6])
			if err != nil {
				status = Unknown
			}
			r := Record{At: csvSeconds(l[0]), Model: l[1], Latency: csvSeconds(l[3]), Status: status, Kind: KindOf(l[2] == "ok", status)}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func csvSeconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return Unknown
	}
	return time.Duration(f * 1e9)
}

func production() []Policy {
	adaptive := breaker.Config{NewPolicy: breaker.Adaptive(breaker.AdaptiveConfig{QuotaRun: breaker.Off})}
	stall := breaker.Config{StallAfter: 2 * time.Minute}
	return []Policy{
		Circuits{Gates: true, Breaker: stall}.Policy("classic", ""),
		Circuits{Gates: true, Breaker: adaptive}.Policy("adaptive", ""),
		Circuits{Gates: true, Breaker: adaptive, Patience: 20 * time.Second}.Policy("adaptive, patient", ""),
	}
}

// played are the scores of the production policies on a public trace, by name.
func played(t *testing.T, name string) (TraceFacts, map[string]Result) {
	t.Helper()
	rep, err := publicTrace(t, name).Report(production(), Client{}, SpecCosts(), 1)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]Result{}
	for _, p := range rep.Policies {
		all[p.Name] = p
		s := &p.Score
		t.Logf("%-36s %-17s %d openings, %d answered of %d, %d refused (%.0f good), %d failed (%d limited), %d guessed; regret %.0f (%.0f to %.0f)",
			name, p.Name, s.Openings, s.Answered+s.AfterRetry, s.Requests, s.Refused, s.RefusedGood, s.Failed, s.Limited, s.Guessed,
			p.Regret, p.Optimistic.Regret, p.Pessimistic.Regret)
	}
	return rep.Trace, all
}

// Calm traffic, whatever its bursts, and a wrong key open nothing.
func TestNothingOpensOnCalmTraces(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"azure_llm_2023_code", "ragpulse_week", "probe_openai_models_2026-08", "openai_pipeline_2024-09-10_09-20", "openai_graphrag_calm_502",
		"openai_reevo_2023-12a", "burstgpt1_first_10h", "selfhosted_504", "openai_graphrag_badkey", "azure_agents_2026-04-19_20",
	} {
		_, all := played(t, name)
		for policy, r := range all {
			if r.Score.Openings > 0 {
				t.Errorf("%s opens on %s: %v", policy, name, r.Score.Log[0])
			}
		}
	}
}

func TestBrownoutIsReported(t *testing.T) {
	t.Parallel()
	f, _ := played(t, "azure_agents_2026-04-19_20")
	if len(f.Outages) != 0 || len(f.Brownouts) != 1 || f.Brownouts[0].Failed != 50 {
		t.Errorf("%+v", f)
	}
}

// Of 298 attempts without a connection at least 270 are saved; every outage is
// noticed within 6 failures.
func TestOutagesOfTraces(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"openai_pipeline_2024-08-28_09-02", "local_lmstudio_2026-03", "selfhosted_503_outage"} {
		f, all := played(t, name)
		for policy, r := range all {
			s := r.Score
			if s.Outages != 1 || s.Caught != 1 || s.DetectFailures > 6 {
				t.Errorf("%s on %s: %d of %d outages after %v failures", policy, name, s.Caught, s.Outages, s.DetectFailures)
			}
			saved := f.Failed - (s.Failed - s.Limited)
			if least := map[string]int{"openai_pipeline_2024-08-28_09-02": 270, "local_lmstudio_2026-03": 32, "selfhosted_503_outage": 17}[name]; policy != "classic" && saved < least {
				t.Errorf("%s on %s: %d of %d failures saved, want %d", policy, name, saved, f.Failed, least)
			}
		}
	}
}

// In a storm of 429s a gate costs few of the answers that the quota has to give.
func TestQuotaStormsAreAnswered(t *testing.T) {
	t.Parallel()
	for name, least := range map[string]map[string]float64{
		"openai_graphrag_storm_a": {"adaptive": 0.95, "adaptive, patient": 0.95},
		"openai_graphrag_storm_b": {"adaptive": 0.95, "adaptive, patient": 0.95},
		"azure_graphrag_storm_a":  {"adaptive": 0.95},
	} {
		f, all := played(t, name)
		for policy, share := range least {
			s := all[policy].Score
			if got := float64(s.Answered+s.AfterRetry) / float64(f.Answered); got < share {
				t.Errorf("%s on %s: %.1f %% of what was answered", policy, name, 100*got)
			}
		}
	}
}
