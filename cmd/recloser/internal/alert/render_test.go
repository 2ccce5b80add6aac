package alert

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// received is what a service gets of a page.
func received(t *testing.T, to string, p Page) request {
	t.Helper()
	s := &standIn{}
	if err := sendOver(t.Context(), target(t, to), p, s); err != nil {
		t.Fatal(err)
	}
	if len(s.got) != 1 {
		t.Fatalf("%d requests", len(s.got))
	}
	return s.got[0]
}

func TestSlackMessage(t *testing.T) {
	got := received(t, slackHook, down("k"))
	if got.url != "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx" {
		t.Error(got.url)
	}
	want := `{"text":"CRITICAL: api.openai.com/gpt-5 is down","attachments":[{"color":"danger","fallback":"CRITICAL: api.openai.com/gpt-5 is down",` +
		`"text":"The circuit has been open for 1m0s.\n*Why:* 5 of 5 attempts failed.\n*Users:* They read \u0026lt;an error\u0026gt; \u0026amp; wait.\n*Next:* Look at the status page.\nhttps://recloser.example.com/#c=1","mrkdwn_in":["text"]}]}`
	if got.body != want {
		t.Errorf("%s\nnot\n%s", got.body, want)
	}
	got = received(t, slackBot, up("k"))
	if got.url != "https://slack.com/api/chat.postMessage" || got.header.Get("Authorization") != "Bearer xoxb-123456789012-1234567890123-abcdefghijklmnopqrstuvwx" {
		t.Error(got.url, got.header)
	}
	if f := got.fields(t); f["channel"] != "C0123456789" || f["text"] != "Resolved: api.openai.com/gpt-5 is down" {
		t.Error(got.body)
	}
}

func TestSlackBotIsRefused(t *testing.T) {
	for word, refused := range map[string]bool{"invalid_auth": true, "ratelimited": false} {
		s := &standIn{answers: []http.HandlerFunc{fail(200, `{"ok":false,"error":"`+word+`"}`)}}
		err := sendOver(t.Context(), target(t, slackBot), down("k"), s)
		if err == nil || err.Error() != "Slack says: "+word || isRefused(err) != refused {
			t.Errorf("%s: %v", word, err)
		}
	}
}

func TestPagerDutyResolvesWhatItTriggered(t *testing.T) {
	long := strings.Repeat("k", 300)
	for _, key := range []string{"circuit/api.openai.com/gpt-5", long} {
		trigger, resolve := received(t, pager, down(key)), received(t, pager, up(key))
		f := trigger.fields(t)
		if trigger.url != "https://events.pagerduty.com/v2/enqueue" || f["routing_key"] != pagerKey || f["event_action"] != "trigger" {
			t.Errorf("%s %s", trigger.url, trigger.body)
		}
		payload, _ := f["payload"].(map[string]any)
		details, _ := payload["custom_details"].(map[string]any)
		if payload["severity"] != "critical" || payload["source"] == "" || payload["summary"] != "CRITICAL: api.openai.com/gpt-5 is down" || details["why"] != "5 of 5 attempts failed." {
			t.Error(trigger.body)
		}
		r := resolve.fields(t)
		dedup, _ := f["dedup_key"].(string)
		if r["event_action"] != "resolve" || r["routing_key"] != pagerKey || r["dedup_key"] != dedup || dedup == "" || len(dedup) > 255 {
			t.Error(resolve.body)
		}
		if key != long && dedup != key {
			t.Error(dedup)
		}
	}
	if dedupKey(long) == dedupKey(long+"k") {
		t.Error("two troubles are one")
	}
	if got := received(t, "pagerduty://eu.example.com:8443/"+pagerKey, down("k")); got.url != "https://eu.example.com:8443/v2/enqueue" {
		t.Error(got.url)
	}
}

func TestWebhookFields(t *testing.T) {
	got := received(t, webhook, down("k"))
	f := got.fields(t)
	for field, want := range map[string]any{
		"title": "CRITICAL: api.openai.com/gpt-5 is down", "key": "k", "rule": "circuit-open", "subject": "api.openai.com/gpt-5",
		"severity": "critical", "state": "firing", "number": 1.0, "test": false, "why": "5 of 5 attempts failed.",
		"users": "They read <an error> & wait.", "next": "Look at the status page.", "link": "https://recloser.example.com/#c=1",
	} {
		if f[field] != want {
			t.Errorf("%s is %v", field, f[field])
		}
	}
	if got.url != "https://hooks.example.com/in/s3cr3t-path?token=t0psecret" || got.header.Get("Content-Type") != "application/json" {
		t.Error(got.url, got.header)
	}
	if _, ended := f["ended"]; ended || f["since"] == nil {
		t.Error(got.body)
	}
	got = received(t, "generic://example.com/in?messagekey=text&titlekey=subject&$team=ai&@X-Token=abc&method=PUT", up("k"))
	f = got.fields(t)
	if f["text"] != "It is over.\nhttps://recloser.example.com/#c=1" || f["subject"] != "Resolved: api.openai.com/gpt-5 is down" || f["team"] != "ai" || got.header.Get("X-Token") != "abc" || got.url != "https://example.com/in" || f["ended"] == nil {
		t.Error(got.url, got.header, got.body)
	}
}

func TestTeamsCard(t *testing.T) {
	got := received(t, teamsFlow, down("k"))
	if !strings.HasPrefix(got.url, "https://prod-1.westeurope.logic.azure.com/workflows/0a1b2c3d4e5f/") || !strings.HasSuffix(got.url, "?sig=Zm9vYmFyc2ln") {
		t.Error(got.url)
	}
	for _, part := range []string{`"type":"message"`, `"contentType":"application/vnd.microsoft.card.adaptive"`, `"CRITICAL: api.openai.com/gpt-5 is down"`, `"**Why:** 5 of 5 attempts failed."`, `"Action.OpenUrl"`} {
		if !strings.Contains(got.body, part) {
			t.Errorf("no %s in %s", part, got.body)
		}
	}
}

func TestTestsSayThatNothingIsWrong(t *testing.T) {
	p := down("test")
	p.Test = true
	for _, to := range []string{slackHook, slackBot, pager, webhook, teamsFlow, discordHook, manager} {
		got := received(t, to, p)
		if !strings.Contains(got.body, "TEST, nothing is wrong: ") || !strings.Contains(got.body, isTest) || strings.Contains(got.body, "CRITICAL") {
			t.Errorf("%s: %s", to, got.body)
		}
	}
}

func TestLongTextsAreCut(t *testing.T) {
	p := down("k")
	p.Title = strings.Repeat("é\n", 500)
	p.What, p.Why, p.Users, p.Next = strings.Repeat("w ", 5000), strings.Repeat("é", 5000), "", strings.Repeat("n", 5000)
	for _, to := range []string{slackHook, pager, webhook, teamsFlow, discordHook, manager} {
		received(t, to, p)
	}
	if n := utf8.RuneCountInString(headline(p)); n > titleLimit || strings.Contains(headline(p), "\n") {
		t.Errorf("%d: %s", n, headline(p))
	}
	text := body(p, 1000)
	if n := utf8.RuneCountInString(text); n != 1000 || !strings.HasSuffix(text, "…\n"+p.Link) || !utf8.ValidString(text) {
		t.Errorf("%d: %s", n, text)
	}
}
