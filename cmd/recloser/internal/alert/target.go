package alert

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/recloser/recloser/internal/nearest"
)

// Target is where pages are sent: a Slack channel, a PagerDuty service, an
// Alertmanager. ParseTarget makes it; it does not change and may be used concurrently.
// It holds secrets and prints as its name.
type Target struct {
	name    string
	urgent  bool   // it gets only what is Critical
	text    string // the URL
	secrets redactor
	open    func(wire) service
}

// Name is a label without secrets: the service, and its host where that is no secret.
func (t *Target) Name() string { return t.name }

// OnlyCritical returns a target that gets only Critical pages, and their ends.
func (t *Target) OnlyCritical() *Target {
	urgent := *t
	urgent.urgent = true
	return &urgent
}

// Critical reports whether it gets only such pages.
func (t *Target) Critical() bool { return t.urgent }

// wants reports whether it gets a page.
func (t *Target) wants(p Page) bool { return !t.urgent || p.Severity == Critical || p.Test }

// String is the name, so that no secret is printed by mistake.
func (t *Target) String() string { return t.name }

// GoString is the name, too.
func (t *Target) GoString() string { return t.name }

// kind is a service that can be told of something.
type kind struct {
	parse func(*url.URL) (func(wire) service, error)
	shown parts // of its URL, that are no secret
	write string
}

// kinds are those that we speak to ourselves, because shoutrrr neither lets its
// requests be bounded nor says why they failed, or does not know the service. All
// others are shoutrrr's.
func kinds() map[string]kind {
	all := map[string]kind{
		"slack":        {parseSlack, parts{}, "slack://hook:A-B-C@webhook, where A/B/C ends the address of the webhook, or slack://xoxb:TOKEN@CHANNEL"},
		"pagerduty":    {parsePagerDuty, parts{}, "pagerduty:///KEY with the 32 signs of the integration key"},
		"teams":        {parseTeams, parts{}, "teams+https://, followed by what follows https:// in the address of the webhook"},
		"generic":      {parseGeneric, parts{host: true}, "generic+https:// or generic+http://, followed by host and path"},
		"alertmanager": {parseAlertmanager, parts{host: true, path: true}, "alertmanager+http://HOST:9093 or alertmanager+https://USER:PASSWORD@HOST"},
	}
	for _, scheme := range shoutrrrSchemes() {
		if _, own := all[scheme]; !own {
			all[scheme] = shoutrrrKind(scheme)
		}
	}
	return all
}

// Schemes are the services that a target can be of, sorted.
func Schemes() []string { return slices.Sorted(maps.Keys(kinds())) }

// ParseTarget reads the URL of a target: alertmanager+http://host:9093, or one of the
// shoutrrr library, such as slack://hook:A-B-C@webhook. An error says what to write
// instead, and nothing of what was written, which may be a secret.
func ParseTarget(text string) (*Target, error) {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return nil, errors.New("this is not the URL of a service: write it as in slack://hook:A-B-C@webhook, and %40 for @ within a password")
	}
	scheme, _, _ := strings.Cut(u.Scheme, "+")
	k, known := kinds()[scheme]
	if !known {
		return nil, unknownScheme(u)
	}
	open, err := k.parse(u)
	if err != nil {
		secrets := newRedactor(text, u, parts{})
		return nil, fmt.Errorf("%s: %s: write %s", scheme, secrets.clean(err.Error()), k.write)
	}
	name := scheme
	if k.shown.host && u.Host != "" {
		name += " " + clip(oneLine(u.Host), 80)
	}
	return &Target{name: name, text: text, secrets: newRedactor(text, u, k.shown), open: open}, nil
}

// unknownScheme says what to write in place of a scheme that there is not.
func unknownScheme(u *url.URL) error {
	if u.Scheme == "http" || u.Scheme == "https" {
		return webAddress(strings.ToLower(u.Hostname()))
	}
	scheme, _, _ := strings.Cut(u.Scheme, "+")
	if near := nearScheme(scheme); near != "" {
		return errors.New("there is no such service; did you mean " + near + "?")
	}
	return errors.New("there is no such service: there are " + strings.Join(Schemes(), ", "))
}

// webAddress says how the address of a webhook, as services show it, is written.
func webAddress(host string) error {
	var scheme string
	switch {
	case host == "hooks.slack.com":
		scheme = "slack"
	case host == "events.pagerduty.com":
		scheme = "pagerduty"
	case strings.HasSuffix(host, ".webhook.office.com"), strings.HasSuffix(host, ".logic.azure.com"), strings.HasSuffix(host, ".api.powerplatform.com"):
		scheme = "teams"
	case host == "discord.com":
		return errors.New("this is an address of Discord: write discord://TOKEN@ID with the last two parts of its path, the ID first in the address and last here")
	default:
		return errors.New("this does not say what kind of service it is: write generic+https:// for a webhook that takes JSON, alertmanager+https:// for an Alertmanager")
	}
	return errors.New("this does not say what kind of service it is: write " + kinds()[scheme].write)
}

// nearScheme is the scheme that was probably meant, or "".
func nearScheme(scheme string) string {
	switch scheme {
	case "mail", "email", "mailto", "smtps":
		return "smtp"
	case "webhook", "hook", "web":
		return "generic"
	case "msteams", "office":
		return "teams"
	case "prometheus", "am":
		return "alertmanager"
	case "pd":
		return "pagerduty"
	}
	return nearest.Of(scheme, Schemes())
}
