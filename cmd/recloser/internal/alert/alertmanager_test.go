package alert

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func sentAlerts(t *testing.T, r request) []alertmanagerAlert {
	t.Helper()
	var all []alertmanagerAlert
	if err := json.Unmarshal([]byte(r.body), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAlertmanagerIsToldAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		firing := []Page{}
		set := func(p ...Page) { mu.Lock(); defer mu.Unlock(); firing = p }
		s := &standIn{}
		d := deliver(t, manager, s, DeliveryConfig{Instance: "here", Firing: func() []Page { mu.Lock(); defer mu.Unlock(); return firing }})
		p := down("k")
		set(p)
		d.Deliver(p)
		time.Sleep(3*time.Minute + time.Second)
		set()
		d.Deliver(up("k"))
		time.Sleep(time.Minute)
		end(t, d)

		got := s.requests()
		if len(got) != 5 { // the page, three times again, and the end
			t.Fatalf("%d requests", len(got))
		}
		if got[0].url != "https://am.example.com:9093/prefix/api/v2/alerts" || got[0].header.Get("Authorization") != "Basic d2hvOmh1bnRlcjI=" {
			t.Error(got[0].url, got[0].header)
		}
		for i, r := range got[:4] {
			a := sentAlerts(t, r)
			if len(a) != 1 || a[0].Labels["alertname"] != "RecloserCircuitOpen" || a[0].Labels["recloser_key"] != "k" || a[0].Labels["instance"] != "here" || !a[0].StartsAt.Equal(p.Since) {
				t.Errorf("%d: %s", i, r.body)
			}
			if left := a[0].EndsAt.Sub(r.at); left != alertLife {
				t.Errorf("%d: it ends in %v", i, left)
			}
		}
		if a := sentAlerts(t, got[4]); len(a) != 1 || a[0].EndsAt.After(got[4].at) {
			t.Errorf("%s", got[4].body)
		}
	})
}

func TestAlertmanagerWithNothingToTellIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{}
		d := deliver(t, manager, s, DeliveryConfig{Firing: func() []Page { return nil }})
		time.Sleep(time.Hour)
		if end(t, d); len(s.requests()) != 0 {
			t.Errorf("%d requests", len(s.requests()))
		}
	})
}

// A trouble that gets worse has another rule, too, which is the name of the alert.
func TestAlertmanagerEndsTheAlertThatGotWorse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{}
		d := deliver(t, manager, s, DeliveryConfig{})
		p := down("k")
		p.Rule, p.Severity = RepeatedTrips, Warning
		d.Deliver(p)
		time.Sleep(time.Second)
		worse := down("k")
		worse.Number = 2
		d.Deliver(worse)
		time.Sleep(time.Second)
		end(t, d)
		got := s.requests()
		if len(got) != 2 {
			t.Fatalf("%d requests", len(got))
		}
		a := sentAlerts(t, got[1])
		if len(a) != 2 || a[0].Labels["alertname"] != "RecloserRepeatedTrips" || a[0].Labels["severity"] != "warning" || a[0].EndsAt.After(got[1].at) ||
			a[1].Labels["alertname"] != "RecloserCircuitOpen" || !a[1].EndsAt.After(got[1].at) {
			t.Errorf("%s", got[1].body)
		}
	})
}

// The end is that of the alert which was begun.
func TestAlertmanagerEndsWhatItWasTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standIn{}
		d := deliver(t, manager, s, DeliveryConfig{})
		p := down("k")
		p.Rule, p.Severity = CircuitOpened, Warning
		d.Deliver(p)
		time.Sleep(time.Second)
		d.Deliver(up("k")) // it got worse while it was muted
		time.Sleep(time.Second)
		end(t, d)
		got := s.requests()
		if a := sentAlerts(t, got[len(got)-1]); len(a) != 1 || a[0].Labels["alertname"] != "RecloserCircuitOpened" || a[0].Labels["severity"] != "warning" || a[0].EndsAt.After(got[1].at) {
			t.Errorf("%s", got[1].body)
		}
	})
}

// missing ends a test for want of a program; in CI that is an error.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("MISSING in CI: %s", what)
	}
	t.Skipf("NOT RUN for want of %s", what)
}

// startAlertmanager starts a real one, and returns its address.
func startAlertmanager(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		missing(t, "prometheus-alertmanager: apt-get install --no-install-recommends prometheus-alertmanager")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(config, []byte("route: {receiver: none}\nreceivers: [{name: none}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, "--config.file="+config, "--storage.path="+dir, "--web.listen-address="+address, "--cluster.listen-address=")
	output := &logText{}
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		cmd.Wait()
		if t.Failed() {
			t.Log(output)
		}
	})
	eventually(t, func() bool {
		res, err := http.Get("http://" + address + "/-/ready")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return address
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(end) {
			t.Fatal("waited 20 s")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// listed are the alerts that Alertmanager takes for firing: name, severity, since when.
func listed(t *testing.T, address string) []string {
	t.Helper()
	res, err := http.Get("http://" + address + "/api/v2/alerts")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	var alerts []alertmanagerAlert
	if err := json.Unmarshal(text, &alerts); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var all []string
	for _, a := range alerts {
		all = append(all, strings.Join([]string{a.Labels["alertname"], a.Labels["severity"], a.StartsAt.UTC().Format(time.RFC3339), a.Annotations["next"]}, " "))
	}
	return all
}

func TestRealAlertmanager(t *testing.T) {
	address := startAlertmanager(t)
	d := NewDelivery([]*Target{target(t, "alertmanager+http://"+address)}, DeliveryConfig{})
	tell := func(p Page) {
		before := d.Status()[0].Sent
		d.Deliver(p)
		eventually(t, func() bool { return d.Status()[0].Sent > before })
	}
	is := func(want ...string) {
		t.Helper()
		if got := listed(t, address); strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("Alertmanager knows %q, not %q", got, want)
		}
	}
	p := down("circuit/api.openai.com/gpt-5")
	since := p.Since.UTC().Format(time.RFC3339)
	p.Severity = Warning
	tell(p)
	is("RecloserCircuitOpen warning " + since + " Look at the status page.")
	p.Number, p.Severity, p.Next = 2, Critical, "Call somebody." // worse
	tell(p)
	is("RecloserCircuitOpen critical " + since + " Call somebody.")
	p.Number, p.Next = 3, "Call somebody else." // a repeat
	tell(p)
	is("RecloserCircuitOpen critical " + since + " Call somebody else.")
	over := up(p.Key)
	over.Since = p.Since
	tell(over)
	is()
	odd := up("never heard of")
	odd.Ended = odd.Since.Add(-time.Second) // which would be refused
	tell(odd)
	is()
	if end(t, d).Failed != 0 {
		t.Error(d.Status())
	}
	if err := Send(t.Context(), target(t, "alertmanager+http://"+address+"/"), down("b")); err != nil {
		t.Error(err)
	}
	if got := listed(t, address); len(got) != 1 {
		t.Errorf("%q", got)
	}
	if err := Send(t.Context(), target(t, "alertmanager+http://who:hunter2@"+address+"/elsewhere"), down("b")); err == nil || !strings.HasPrefix(err.Error(), "answered 404 Not Found") {
		t.Error(err)
	}
}
