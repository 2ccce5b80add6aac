package integration

import (
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

// A real Prometheus keeps with a duration the trace that it is of.
func TestPrometheusKeepsExemplars(t *testing.T) {
	c := startOTelCollector(t)
	api := openaitest.Start(t, openaitest.Config{})
	env := append(c.env(), "RECLOSER_ADMIN_TOKEN="+secretToken)
	m := &measured{api: api, server: startServeIn(t, env, "--upstream", api.BaseURL)}
	p := startPrometheus(t, m.Admin, "--enable-feature=exemplar-storage")
	m.chat(t, "gpt-5")
	eventually(t, "an exemplar with a trace", func() bool {
		now := time.Now()
		at := func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
		var found []struct {
			Exemplars []struct {
				Labels map[string]string `json:"labels"`
			} `json:"exemplars"`
		}
		p.api(t, "/api/v1/query_exemplars", url.Values{
			"query": {"recloser_call_duration_seconds_bucket"}, "start": {at(now.Add(-time.Hour))}, "end": {at(now.Add(time.Minute))},
		}, &found)
		for _, series := range found {
			for _, e := range series.Exemplars {
				if len(e.Labels["trace_id"]) == 32 {
					return true
				}
			}
		}
		return false
	})
}
