package alert

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// deliver starts a delivery to one target, whose service is the stand-in.
func deliver(t *testing.T, text string, s *standIn, c DeliveryConfig) *Delivery {
	t.Helper()
	c.Transport = s
	return NewDelivery([]*Target{target(t, text)}, c)
}

// end closes a delivery from which nothing may be left.
func end(t *testing.T, d *Delivery) TargetStatus {
	t.Helper()
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return d.Status()[0]
}

func TestEachServiceIsTriedUntilItTakesThePage(t *testing.T) {
	services := map[string]string{
		"slack webhook": slackHook, "slack bot": slackBot, "pagerduty": pager, "generic": webhook,
		"teams": teamsFlow, "discord": discordHook, "alertmanager": manager,
	}
	for _, row := range []struct {
		name    string
		answers []http.HandlerFunc
		sends   int
		least   time.Duration // between the first attempt and the last
		most    time.Duration
		problem string
	}{
		{"works", nil, 1, 0, 0, ""},
		{"fails", []http.HandlerFunc{fail(500, "ok"), fail(503, "")}, 3, 1500 * time.Millisecond, 3 * time.Second, "answered 503 Service Unavailable"},
		{"hangs", []http.HandlerFunc{hang}, 2, 15500 * time.Millisecond, 16 * time.Second, "no answer within 15s"},
		{"limits", []http.HandlerFunc{limit("42")}, 2, 42 * time.Second, 43 * time.Second, "answered 429 Too Many Requests"},
		{"refuses for a moment", []http.HandlerFunc{fail(404, "")}, 2, 500 * time.Millisecond, time.Second, "answered 404 Not Found"},
	} {
		for name, text := range services {
			t.Run(row.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, log := &standIn{answers: slices.Clone(row.answers)}, &logText{}
					d := deliver(t, text, s, DeliveryConfig{Log: log.logger()})
					d.Deliver(down("k"))
					time.Sleep(2 * time.Minute)
					status := end(t, d)
					got := s.requests()
					if len(got) != row.sends || status.Sent != 1 || status.Failed != int64(row.sends-1) || status.Waiting != 0 || !status.FailingSince.IsZero() {
						t.Fatalf("%d requests, status %+v", len(got), status)
					}
					if took := got[len(got)-1].at.Sub(got[0].at); took < row.least || took > row.most {
						t.Errorf("the last attempt came %v after the first", took)
					}
					if !strings.Contains(status.LastError, row.problem) || (row.problem == "") != (status.LastError == "") {
						t.Errorf("last error %q", status.LastError)
					}
					if n := strings.Count(log.String(), "trying again"); n != min(1, row.sends-1) || strings.Count(log.String(), "alert: delivered") != 1 {
						t.Errorf("logged:\n%s", log)
					}
				})
			})
		}
	}
}

func TestWhatIsNeverTakenIsGivenUp(t *testing.T) {
	for _, row := range []struct {
		name   string
		answer http.HandlerFunc
		page   Page
		after  time.Duration
	}{
		{"critical", fail(500, ""), Page{Key: "k", Severity: Critical, State: Firing, Number: 1}, time.Hour},
		{"warning", fail(500, ""), Page{Key: "k", Severity: Warning, State: Firing, Number: 1}, 15 * time.Minute},
		{"end of a warning", fail(500, ""), Page{Key: "k", Severity: Warning, State: Resolved, Number: 2}, time.Hour},
		{"refused", fail(400, ""), Page{Key: "k", Severity: Critical, State: Firing, Number: 1}, time.Minute},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, log := &standIn{answers: slices.Repeat([]http.HandlerFunc{row.answer}, 1000)}, &logText{}
				d := deliver(t, webhook, s, DeliveryConfig{Log: log.logger()})
				d.Deliver(row.page)
				time.Sleep(2 * time.Hour)
				status := end(t, d)
				got := s.requests()
				if took := got[len(got)-1].at.Sub(got[0].at); took < row.after || took > row.after+time.Minute {
					t.Errorf("given up after %v", took)
				}
				if status.Dropped != 1 || status.Waiting != 0 || strings.Count(log.String(), "given up") != 1 || strings.Count(log.String(), "trying again") != 1 {
					t.Errorf("status %+v, logged:\n%s", status, log)
				}
			})
		})
	}
}

func TestDeliverWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{answers: slices.Repeat([]http.HandlerFunc{hang}, 1000)}
		d := deliver(t, slackHook, s, DeliveryConfig{Queue: 5})
		began := time.Now()
		for i := range 100 {
			d.Deliver(down(strings.Repeat("k", i+1)))
		}
		if time.Since(began) != 0 {
			t.Error("Deliver waited")
		}
		if status := d.Status()[0]; status.Waiting != 5 || status.Dropped != 95 {
			t.Errorf("%+v", status)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := d.Close(ctx); err == nil || !strings.Contains(err.Error(), "5 alerts") || time.Since(began) != 20*time.Second {
			t.Errorf("Close: %v after %v", err, time.Since(began))
		}
		d.Deliver(down("late"))
		if status := d.Status()[0]; status.Waiting != 0 || status.Dropped != 101 {
			t.Errorf("after the end: %+v", status)
		}
	})
}

func TestCloseSendsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{answers: []http.HandlerFunc{limit("600")}}
		d := deliver(t, slackHook, s, DeliveryConfig{})
		d.Deliver(down("a"))
		d.Deliver(down("b"))
		time.Sleep(time.Second)
		began := time.Now()
		if status := end(t, d); status.Sent != 2 || time.Since(began) > time.Second {
			t.Errorf("%+v after %v", status, time.Since(began))
		}
		if err := d.Close(t.Context()); err != nil {
			t.Errorf("closed twice: %v", err)
		}
	})
}

func TestOneTargetDoesNotHoldUpAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{}
		byHost := roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "hooks.slack.com" {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return s.RoundTrip(r)
		})
		d := NewDelivery([]*Target{target(t, slackHook), target(t, pager), target(t, slackHook)}, DeliveryConfig{Transport: byHost})
		d.Deliver(down("k"))
		synctest.Wait()
		all := d.Status()
		if all[0].Name != "slack" || all[1].Name != "pagerduty" || all[2].Name != "slack 2" {
			t.Errorf("%+v", all)
		}
		if all[0].Sent != 0 || all[0].Waiting != 1 || all[1].Sent != 1 {
			t.Errorf("%+v", all)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.Close(ctx); err == nil {
			t.Error("nothing was left")
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls it.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The same over real connections, with the real names of the hosts.
func TestOverTheNetwork(t *testing.T) {
	for name, text := range map[string]string{"slack": slackHook, "pagerduty": pager, "generic": webhook} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &standIn{answers: []http.HandlerFunc{fail(500, ""), hang, limit("1")}}
			d := NewDelivery([]*Target{target(t, text)}, DeliveryConfig{Transport: s.listen(t), Attempt: 200 * time.Millisecond})
			d.Deliver(down("k"))
			if status := end(t, d); status.Sent != 1 || status.Failed != 3 {
				t.Errorf("%+v", status)
			}
			if got := s.requests(); len(got) != 4 || got[3].body != got[0].body || got[3].body == "" {
				t.Errorf("%d requests", len(got))
			}
		})
	}
}

func TestSendTriesOnce(t *testing.T) {
	s := &standIn{answers: []http.HandlerFunc{fail(403, "invalid_token")}}
	transport := s.listen(t)
	err := sendOver(t.Context(), target(t, slackHook), down("k"), transport)
	if err == nil || err.Error() != "answered 403 Forbidden: invalid_token" || len(s.requests()) != 1 {
		t.Errorf("%v, %d requests", err, len(s.requests()))
	}
	if err := sendOver(t.Context(), target(t, slackHook), down("k"), transport); err != nil {
		t.Error(err)
	}
}

// Services that quote what they were sent, and connections whose errors have the URL.
func TestNoSecretLeavesADelivery(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, r.URL.RequestURI()+" "+r.Header.Get("Authorization")+" "+r.URL.String())
	}
	for text, secret := range map[string]string{
		slackHook: "abcdefghijklmnopqrstuvwx", slackBot: "abcdefghijklmnopqrstuvwx", pager: pagerKey,
		webhook: "t0psecret", teamsFlow: "Zm9vYmFyc2ln", discordHook: "d1sc0rd-t0ken", manager: "d2hvOmh1bnRlcjI=",
	} {
		broken := roundTripper(func(r *http.Request) (*http.Response, error) {
			return nil, errors.New("cannot reach " + r.URL.String() + " " + r.Header.Get("Authorization") + " of " + secret)
		})
		for _, transport := range []http.RoundTripper{broken, &standIn{answers: slices.Repeat([]http.HandlerFunc{echo}, 1000)}} {
			synctest.Test(t, func(t *testing.T) {
				log := &logText{}
				d := NewDelivery([]*Target{target(t, text)}, DeliveryConfig{Transport: transport, Log: log.logger()})
				d.Deliver(down("k"))
				time.Sleep(2 * time.Hour)
				all := log.String() + end(t, d).LastError
				if err := sendOver(t.Context(), target(t, text), down("k"), transport); err != nil {
					all += err.Error()
				}
				if strings.Contains(all, secret) || !strings.Contains(all, "given up") {
					t.Errorf("%s:\n%s", text, all)
				}
			})
		}
	}
}
