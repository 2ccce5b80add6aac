package alert

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/specialized/generic"
)

// WebhookPage is the JSON that a generic webhook receives. Fields may be added, never
// renamed. Times are RFC 3339; texts that are empty are left out.
type WebhookPage struct {
	Title   string `json:"title"`   // with the severity or the state before it
	Message string `json:"message"` // all texts and the link, a line each

	Key      string    `json:"key"` // of the trouble: the same for all its pages
	Rule     string    `json:"rule"`
	Subject  string    `json:"subject,omitempty"`
	Severity Severity  `json:"severity"` // warning or critical
	State    State     `json:"state"`    // firing or resolved
	Number   int       `json:"number"`   // from 1, among those of the trouble
	Test     bool      `json:"test"`     // nothing is wrong
	At       time.Time `json:"at,omitzero"`
	Since    time.Time `json:"since,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`

	What     string `json:"what,omitempty"`
	Why      string `json:"why,omitempty"`
	Users    string `json:"users,omitempty"`
	Next     string `json:"next,omitempty"`
	Link     string `json:"link,omitempty"`
	Instance string `json:"instance,omitempty"` // which Recloser has sent it
}

// genericService posts JSON to a webhook of anybody's. Only the URL of the target is
// shoutrrr's: its own sender has no deadline, and its JSON only title and message.
type genericService struct {
	wire    wire
	address string
	method  string
	title   string // field for the title, beside "title"
	message string // field for the message, beside "message"
	header  http.Header
	extra   map[string]string
}

func parseGeneric(u *url.URL) (func(wire) service, error) {
	config, err := genericConfig(u)
	switch {
	case err != nil:
		return nil, err
	case u.Hostname() == "":
		return nil, errors.New("there is no host")
	case config.Template != "" && !strings.EqualFold(config.Template, "json"):
		return nil, errors.New("there is no template but json")
	}
	s := genericService{
		address: config.WebhookURL().String(),
		method:  config.RequestMethod,
		title:   config.TitleKey,
		message: config.MessageKey,
		header:  http.Header{"Content-Type": {config.ContentType}},
		extra:   map[string]string{},
	}
	for key, values := range config.GetURL().Query() { // which spells the headers' names
		switch {
		case len(key) < 2:
		case key[0] == '@':
			s.header.Set(key[1:], values[0])
		case key[0] == '$':
			s.extra[key[1:]] = values[0]
		}
	}
	return func(w wire) service { here := s; here.wire = w; return &here }, nil
}

// genericConfig reads generic://host/path and generic+https://host/path, which differ
// in how their parameters are told from those of the webhook.
func genericConfig(u *url.URL) (*generic.Config, error) {
	_, over, custom := strings.Cut(u.Scheme, "+")
	if !custom {
		config, _ := generic.DefaultConfig()
		return config, config.SetURL(u)
	}
	if over != "http" && over != "https" {
		return nil, errors.New("this is neither HTTP nor HTTPS")
	}
	hook := *u
	hook.Scheme = over
	config, _, err := generic.ConfigFromWebhookURL(hook)
	return config, err
}

func (s *genericService) send(ctx context.Context, p Page) error {
	text, err := json.Marshal(webhookPage(p, s.wire.instance))
	if err != nil {
		return err
	}
	fields := map[string]any{}
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	fields[s.title], fields[s.message] = fields["title"], fields["message"]
	maps.Copy(fields, anyOf(s.extra))
	_, err = s.wire.request(ctx, s.method, s.address, s.header, fields)
	return err
}

func anyOf(texts map[string]string) map[string]any {
	all := map[string]any{}
	for key, text := range texts {
		all[key] = text
	}
	return all
}

func webhookPage(p Page, instance string) WebhookPage {
	return WebhookPage{
		Title: headline(p), Message: body(p, bodyLimit),
		Key: p.Key, Rule: p.Rule, Subject: p.Subject, Severity: p.Severity, State: p.State, Number: p.Number, Test: p.Test,
		At: p.At, Since: p.Since, Ended: p.Ended,
		What: p.What, Why: p.Why, Users: p.Users, Next: p.Next, Link: p.Link, Instance: instance,
	}
}
