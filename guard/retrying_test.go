package guard_test

import (
	"testing"
	"testing/synctest"

	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

func TestRetryAfterARefusalElsewhereIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, inTurn(fixed(500, "{}"), good), guard.Config{Targets: two(), Retry: retry.Config{MaxRetries: 1}})
		r.force("m2")
		var report guard.Report
		if got := r.ask("http://api", chat, &report); got != "200" || report.Retries != 1 || r.count(guard.Retrying) != 1 {
			t.Errorf("%s, %d retries, %d events", got, report.Retries, r.count(guard.Retrying))
		}
	})
}
