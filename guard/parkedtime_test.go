package guard_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
)

// What a refused caller is told is counted from when it is told.
func TestTimeOfAParkedKeyIsCountedFromNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, inTurn(fixed(503, "{}"), good), guard.Config{GateWait: guard.On, Gate: gate.Config{Retest: 40 * time.Second}, Targets: []guard.Target{{Name: "a"}, {Name: "b", Model: "m2", URL: base(t, "http://backup")}}, Retry: once.Retry})
		_ = r.ask("http://api", chat, &guard.Report{})
		r.gate("gpt-5").Report(gate.Report{Kind: gate.Quota})
		r.close("m2", 29*time.Second)
		time.AfterFunc(28*time.Second, func() { r.close("m2", 20*time.Minute) })
		var report guard.Report
		t0 := time.Now()
		got := r.ask("http://api", chat, &report)
		due := time.Until(r.gate("gpt-5").Metrics().Until)
		t.Log(got, time.Since(t0), report.Target, report.Fault.RetryAfter, "due in", due)
		if report.Fault.RetryAfter > due*6/5 {
			t.Errorf("told %v, it is %v", report.Fault.RetryAfter, due)
		}
	})
}
