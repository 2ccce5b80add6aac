package alert

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestTargetsHaveNamesWithoutSecrets(t *testing.T) {
	for text, name := range map[string]string{
		slackHook:   "slack",
		slackBot:    "slack",
		pager:       "pagerduty",
		webhook:     "generic hooks.example.com",
		teamsFlow:   "teams",
		discordHook: "discord",
		manager:     "alertmanager am.example.com:9093",
		"generic://hooks.example.com:8443/in?disabletls=yes&@Authorization=Bearer+x":          "generic hooks.example.com:8443",
		"alertmanager+http://10.0.0.1:9093":                                                   "alertmanager 10.0.0.1:9093",
		"smtp://who:hunter2@mail.example.com:587/?from=a@example.com&to=b@example.com":        "smtp mail.example.com:587",
		"ntfy://ntfy.sh/secret-topic":                                                         "ntfy ntfy.sh",
		"opsgenie://api.opsgenie.com/0a1b2c3d-key":                                            "opsgenie",
		"telegram://123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA@telegram?chats=-1001234567": "telegram",
		"matrix://who:hunter2@matrix.example.com:1/?rooms=!room:example.com":                  "matrix", // which connects when it is initialized
	} {
		to, err := ParseTarget(" " + text + "\n")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if to.Name() != name || fmt.Sprintf("%v %+v %#v", to, to, to) != strings.Join([]string{name, name, name}, " ") {
			t.Errorf("%s: %v", text, to)
		}
	}
}

func TestWrongTargetsAreExplained(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"", "slack://"},
		{"xoxb-hunter2", "slack://"},
		{"xoxb-hunter2:hunter2", "there are alertmanager, "},
		{"https://user:hunter2%zz@example.com", "%40"},
		{"slak://hook:hunter2@webhook", "did you mean slack?"},
		{"pager-duty:///hunter2", "did you mean pagerduty?"},
		{"alertmanger+http://hunter2", "did you mean alertmanager?"},
		{"email://hunter2@example.com", "did you mean smtp?"},
		{"logger://hunter2", "there is no such service"},
		{"https://example.com/hunter2", "generic+https://"},
		{"https://hooks.slack.com/services/A/B/hunter2", "slack://hook:A-B-C@webhook"},
		{"https://events.pagerduty.com/hunter2", "pagerduty:///KEY"},
		{"https://x.webhook.office.com/webhookb2/hunter2", "teams+https://"},
		{"https://discord.com/api/webhooks/1/hunter2", "discord://TOKEN@ID"},
		{"slack://hook:hunter2@webhook", "slack://hook:A-B-C@webhook"},
		{"slack://dummy@dummy.com", "this is an example"},
		{"slack://hook:" + slackToken + "@webhook?colour=hunter2", "slack://hook:A-B-C@webhook"},
		{"pagerduty:///hunter2", "pagerduty:///KEY"},
		{"generic://?hunter2", "there is no host"},
		{"generic+ftp://example.com/hunter2", "generic+https://"},
		{"generic://example.com/hunter2?template=hunter2", "no template but json"},
		{"alertmanager://hunter2:9093", "alertmanager+http://"},
		{"alertmanager+http://example.com/?hunter2", "no parameters"},
		{"smtp://who:hunter2@mail.example.com/", "?from=ADDRESS"},
		{"teams://hunter2", "teams+https://"},
		{"teams+http://example.com/hunter2", "teams+https://"},
		{"zulip://hunter2", "https://shoutrrr"},
		{"ifttt://hunter2", "https://shoutrrr"},
		{"discord://hunter2", "https://shoutrrr"},
	} {
		_, err := ParseTarget(row.text)
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", row.text, err)
		}
	}
}

func TestAnythingCanBeParsed(t *testing.T) {
	for _, scheme := range Schemes() {
		for _, rest := range []string{"", "://", "://x", "://:@", "://a:b@c/d/e/f?g=h#i", "://%ff:%ff@%ff/%ff", "+https://", "+https://x/y?z", ":opaque", "://x/?%zz", "://" + strings.Repeat("é", 5000)} {
			if to, err := ParseTarget(scheme + rest); (to == nil) == (err == nil) {
				t.Errorf("%s%s: %v and %v", scheme, rest, to, err)
			}
		}
	}
}

// Errors as libraries write them, about each of the targets.
func TestErrorsHaveNoSecrets(t *testing.T) {
	for _, row := range []struct {
		target  string
		secrets []string
	}{
		{slackHook, []string{"abcdefghijklmnopqrstuvwx", "T00000000", "B00000000"}},
		{slackBot, []string{"abcdefghijklmnopqrstuvwx", "1234567890123", "C0123456789"}},
		{pager, []string{pagerKey}},
		{webhook, []string{"s3cr3t-path", "t0psecret", "s3cr3t"}},
		{teamsFlow, []string{"0a1b2c3d4e5f", "Zm9vYmFyc2ln"}},
		{discordHook, []string{"d1sc0rd-t0ken", "4815162342"}},
		{manager, []string{"hunter2", "d2hvOmh1bnRlcjI="}},
		{"generic+https://who:p%22a%26ss%20w@example.com/?@Authorization=Bearer+s%C3%A9cret-x", []string{`p"a&ss w`, "p%22a%26ss%20w", "p%22a%26ss+w", `p\"a&ss w`, `p\"a\u0026ss w`, "sécret-x", "s%C3%A9cret-x", "s%c3%a9cret-x"}},
		{"smtp://who:pw1@mail.example.com:587/?from=a@example.com&to=b@example.com", []string{"pw1"}},
		{"ntfy://who:pw1@ntfy.sh/secret-topic", []string{"pw1", "secret-topic"}},
		{"telegram://123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw4@telegram?chats=-1001234567", []string{"AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw4", "123456789", "1001234567"}},
	} {
		to := target(t, row.target)
		secrets := append([]string{row.target}, row.secrets...)
		for _, secret := range secrets {
			for _, text := range []string{
				secret, strings.ToUpper(secret), "cannot use " + secret + ": refused",
				(&url.Error{Op: "Post", URL: "https://example.com/" + secret, Err: errors.New(secret)}).Error(),
				fmt.Sprintf("%q", secret), url.QueryEscape(secret), url.PathEscape(secret),
				`{"url":"https:\/\/example.com\/` + secret + `"}`, "\xff" + secret + "\x00" + secret,
			} {
				got := strings.ToLower(to.secrets.clean(text))
				for _, s := range row.secrets {
					if strings.Contains(got, strings.ToLower(s)) {
						t.Errorf("%s: %q is left of %q", to.Name(), got, text)
					}
				}
			}
		}
		long := to.secrets.clean(strings.Repeat("x\n\x1b[31m ", 1000))
		if len(long) > 310 || strings.ContainsAny(long, "\n\x1b") {
			t.Errorf("%q", long)
		}
	}
	if got := target(t, manager).secrets.clean("dial tcp: lookup am.example.com: no such host"); got != "dial tcp: lookup am.example.com: no such host" {
		t.Errorf("what helps is gone: %s", got)
	}
}
