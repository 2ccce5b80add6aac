package breaker_test

import (
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

func TestWhy(t *testing.T) {
	fail := func(r *rig, cause string) {
		p := r.allow()
		p.RecordResultAt(r.clock, breaker.Result{Outcome: breaker.Failure, Cause: cause})
	}
	for _, tt := range []struct {
		name string
		cfg  breaker.Config
		do   func(*rig)
		want string
	}{
		{"calm", breaker.Config{}, func(*rig) {}, "closed since 12:00:00"},
		{"a run", breaker.Config{}, func(r *rig) { r.calls(2, breaker.Failure) }, "closed since 12:00:00; 2 of 5 consecutive failures"},
		{"a rate", breaker.Config{FailureRate: 0.5}, func(r *rig) { r.call(breaker.Failure); r.call(breaker.Success) }, "closed since 12:00:00; 1 of 2 calls failed in 10s (trips at 50 % of at least 20)"},
		{"open", breaker.Config{BaseTimeout: 30 * time.Second}, func(r *rig) {
			for _, cause := range []string{"503", "timeout", "503", "timeout", "503"} {
				fail(r, cause)
			}
			r.wait(13 * time.Second)
		}, "opened 12:00:00: 5 consecutive failures (3 × 503, 2 × timeout); next probe in 17s (1st open period, 30s)"},
		{"third period", breaker.Config{BaseTimeout: 30 * time.Second}, func(r *rig) {
			r.trip()
			for range 2 {
				r.untilDue()
				fail(r, "502")
			}
			r.wait(time.Second)
		}, "opened 12:00:00: 5 consecutive failures; next probe in 29s (3rd open period, 30s)"},
		{"due", breaker.Config{BaseTimeout: 30 * time.Second}, func(r *rig) { r.trip(); r.untilDue() }, "opened 12:00:00: 5 consecutive failures; probe due (1st open period, 30s)"},
		{"half-open", breaker.Config{BaseTimeout: 30 * time.Second}, func(r *rig) { r.trip(); r.untilDue(); r.allow() }, "opened 12:00:00: 5 consecutive failures; 1 probe out since 12:00:30"},
		{"ramp", breaker.Config{Ramp: true, BaseTimeout: 30 * time.Second}, func(r *rig) { r.trip(); r.untilDue(); r.call(breaker.Success); r.allow() }, "closed since 12:00:30; letting calls back in: 1 of 2 out"},
		{"stalled", breaker.Config{StallAfter: 10 * time.Second, BaseTimeout: 30 * time.Second}, func(r *rig) {
			for range 4 {
				r.allow()
			}
			r.wait(11 * time.Second)
			fail(r, "timeout")
		}, "opened 12:00:11: 1 consecutive failure (1 × timeout) and 4 calls without an answer; next probe in 30s (1st open period, 30s)"},
		{"forced", breaker.Config{Mode: breaker.ForcedOpen}, func(*rig) {}, "forced open by an operator; closed since 12:00:00"},
		{"disabled", breaker.Config{Mode: breaker.Disabled}, func(*rig) {}, "disabled by an operator; closed since 12:00:00"},
		{"observed", breaker.Config{Mode: breaker.Observe}, func(*rig) {}, "observed only, refuses nothing; closed since 12:00:00"},
		{"by hand", breaker.Config{}, func(r *rig) { r.b.TripAt(r.clock, "maintenance", r.clock.Add(5*time.Second)) }, "opened 12:00:00: maintenance; next probe in 5s (1st open period, 5s)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, tt.cfg)
			tt.do(r)
			if got := r.b.WhyAt(r.clock); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
