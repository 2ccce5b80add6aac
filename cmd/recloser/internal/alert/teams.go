package alert

import (
	"context"
	"errors"
	"net/url"
	"strings"
)

// teamsService posts a card to a Teams workflow ("when a webhook request is
// received"), which shoutrrr does not know: it knows the connectors that Microsoft is
// switching off.
type teamsService struct {
	wire    wire
	address string
}

func parseTeams(u *url.URL) (func(wire) service, error) {
	if u.Scheme != "teams+https" || strings.HasSuffix(strings.ToLower(u.Hostname()), ".webhook.office.com") {
		return parseShoutrrr("teams", u)
	}
	if u.Hostname() == "" {
		return nil, errors.New("there is no host")
	}
	flow := *u
	flow.Scheme = "https"
	return func(w wire) service { return &teamsService{w, flow.String()} }, nil
}

type teamsMessage struct {
	Type        string            `json:"type"`
	Attachments []teamsAttachment `json:"attachments"`
}

type teamsAttachment struct {
	ContentType string    `json:"contentType"`
	Content     teamsCard `json:"content"`
}

// teamsCard is an adaptive card.
type teamsCard struct {
	Schema  string        `json:"$schema"`
	Type    string        `json:"type"`
	Version string        `json:"version"`
	Body    []teamsText   `json:"body"`
	Actions []teamsAction `json:"actions,omitempty"`
}

type teamsText struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Wrap   bool   `json:"wrap"`
	Weight string `json:"weight,omitempty"`
	Size   string `json:"size,omitempty"`
}

type teamsAction struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

func (s *teamsService) send(ctx context.Context, p Page) error {
	card := teamsCard{Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4"}
	card.Body = append(card.Body, teamsText{Type: "TextBlock", Text: headline(p), Wrap: true, Weight: "Bolder", Size: "Medium"})
	for _, part := range sections(p) {
		text := clip(part.text, bodyLimit)
		if part.name != "" {
			text = "**" + part.name + ":** " + text
		}
		card.Body = append(card.Body, teamsText{Type: "TextBlock", Text: text, Wrap: true})
	}
	if p.Link != "" {
		card.Actions = []teamsAction{{"Action.OpenUrl", "Open in Recloser", p.Link}}
	}
	_, err := s.wire.post(ctx, s.address, nil, teamsMessage{"message", []teamsAttachment{{"application/vnd.microsoft.card.adaptive", card}}})
	return err
}
