package integration

import (
	"encoding/json"
	"math"
	"os/exec"
	"path/filepath"
	"testing"
)

// reported is what the tests read of recloser report --format json.
type reported struct {
	Total struct {
		Attempts, Calls map[string]int64
		Refused         int64
		Users           *float64 `json:"availability_users"`
		Upstream        *float64 `json:"availability_upstream"`
		Outages         struct {
			Count         int
			Ended         int
			UnknownLength int     `json:"unknown_length"`
			Down          float64 `json:"down_s"`
			Median        float64 `json:"median_recover_s"`
			Detect        float64 `json:"mean_detect_s"`
		}
	}
}

// reportOf imports a file of the shared traces and reports on it.
func reportOf(t *testing.T, name string, args ...string) (r reported) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "trace.db")
	run := func(args ...string) []byte {
		out, err := exec.CommandContext(t.Context(), binary(t), append(args, "--history", file)...).Output()
		if err != nil {
			t.Fatalf("recloser %v: %v", args, err)
		}
		return out
	}
	run(append([]string{"import", sharedFile(t, "traces/"+name)}, args...)...)
	if err := json.Unmarshal(run("report", "--since", "all", "--format", "json"), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func near(got, want float64) bool { return math.Abs(got-want) <= 0.001*math.Abs(want) }

// Counted with awk: 1431 rows, of which 181 are ok, 298 without an answer (status 0)
// and 952 a 429. The first 298 rows are those without an answer, from 0 s on; the
// fifth of them came at 10.151 s, the first answer at 11103.318 s.
func TestReportOfARealTrace(t *testing.T) {
	r := reportOf(t, "openai_pipeline_2024-08-28_09-02.csv.gz", "--start", "2024-08-28T00:00:00Z").Total
	if r.Attempts["success"] != 181 || r.Attempts["service"] != 298 || r.Attempts["rate_limit"] != 952 || r.Refused != 0 {
		t.Errorf("attempts %v", r.Attempts)
	}
	if r.Users == nil || !near(*r.Users, 181./1431) || r.Upstream == nil || !near(*r.Upstream, 181./(181+298)) {
		t.Errorf("users %v, upstream %v", *r.Users, *r.Upstream)
	}
	if o := r.Outages; o.Count != 1 || !near(o.Down, 11103.318) || !near(o.Detect, 10.151) {
		t.Errorf("outages %+v", o)
	}
}

// Counted with awk, overlapping incidents as one: 334, of which 304 have a length, the
// median of which is 78.5 min, in all 53,887 min.
func TestReportOfIncidents(t *testing.T) {
	o := reportOf(t, "incidents_openai_to_2024-08.csv.gz", "--circuit", "openai").Total.Outages
	if o.Count != 334 || o.Count-o.UnknownLength != 304 || !near(o.Down, 53887*60) || !near(o.Median, 78.5*60) {
		t.Errorf("%+v", o)
	}
}
