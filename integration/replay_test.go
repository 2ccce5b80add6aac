package integration

import (
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/openaitest"
	"github.com/recloser/recloser/replay"
)

// The script that the proxy and the replay are both given: a call each 50 ms, and a
// service that is down from the third second to the eighth.
const (
	scriptStep = 50 * time.Millisecond
	scriptDown = 3 * time.Second
	scriptBack = 8 * time.Second
	scriptEnd  = 20 * time.Second
)

// scriptRecords is the script as a trace of those who call without a breaker.
func scriptRecords() iter.Seq2[replay.Record, error] {
	return func(yield func(replay.Record, error) bool) {
		for at := time.Duration(0); at < scriptEnd; at += scriptStep {
			r := replay.Record{At: at, Model: "gpt-5", Kind: fault.Success, Status: http.StatusOK, Latency: 5 * time.Millisecond}
			if at >= scriptDown && at < scriptBack {
				r.Kind, r.Status = fault.Service, http.StatusServiceUnavailable
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// outcomes are what became of the calls of the script.
type outcomes struct{ answered, failed, refused int }

// playScript plays it in real time.
func playScript(t *testing.T) (o outcomes) {
	api := openaitest.Start(t, openaitest.Config{})
	s := startServeIn(t, nil, "--upstream", api.BaseURL, "--failure-threshold", "5", "--base-timeout", "1s", "--reset-timeout", "30s", "--retries", "0", "--history", "off")
	begun, down := time.Now(), false
	for at := time.Duration(0); at < scriptEnd; at += scriptStep {
		time.Sleep(time.Until(begun.Add(at)))
		if is := at >= scriptDown && at < scriptBack; is != down {
			if down = is; down {
				api.Set(openaitest.Down{})
			} else {
				api.Set(nil)
			}
		}
		switch said := s.chat(t, "gpt-5"); {
		case said.Status == http.StatusOK:
			o.answered++
		case said.Header.Get("Recloser-Kind") == "refused":
			o.refused++
		default:
			o.failed++
		}
	}
	return o
}

// What the proxy does in real time is what the replay says that it does: within what the
// jitter of open periods makes of it in a hundred runs, and two calls, since a real call
// may come a moment before or after the service's change.
func TestReplayAgreesWithTheProxy(t *testing.T) {
	live := playScript(t)
	trace, err := replay.ReadTrace(scriptRecords(), replay.TraceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	policy := replay.Circuits{Breaker: breaker.Config{BaseTimeout: time.Second, ResetTimeout: 30 * time.Second}}.Policy("classic", "")
	var least, most outcomes
	for seed := range uint64(100) {
		s, err := replay.Run(trace.Stage(replay.Likely, replay.Client{}, seed), policy)
		if err != nil {
			t.Fatal(err)
		}
		o := outcomes{s.Answered + s.AfterRetry, s.WaitedThenFailed, s.RefusedAtOnce}
		if seed == 0 {
			least, most = o, o
		}
		least = outcomes{min(least.answered, o.answered), min(least.failed, o.failed), min(least.refused, o.refused)}
		most = outcomes{max(most.answered, o.answered), max(most.failed, o.failed), max(most.refused, o.refused)}
	}
	t.Logf("in real time %+v, replayed from %+v to %+v", live, least, most)
	const slack = 2
	for _, x := range []struct {
		what            string
		is, least, most int
	}{{"answered", live.answered, least.answered, most.answered}, {"failed", live.failed, least.failed, most.failed}, {"refused", live.refused, least.refused, most.refused}} {
		if x.is < x.least-slack || x.is > x.most+slack {
			t.Errorf("%s: %d in real time, and %d to %d replayed", x.what, x.is, x.least, x.most)
		}
	}
	if most.refused-least.refused > 60 { // 3 s: else this would say nothing
		t.Errorf("%+v to %+v", least, most)
	}
}
