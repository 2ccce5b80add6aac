package alert

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/slack"
)

// slackPost is where a bot posts.
const slackPost = "https://slack.com/api/chat.postMessage"

// slackService posts to a webhook of Slack, or as a bot. Only the URL of the target is
// shoutrrr's: its own sender has no deadline for bots, takes an HTTP 500 that says "ok"
// for success, and does not tell when to try again.
type slackService struct {
	wire   wire
	config slack.Config
}

func parseSlack(u *url.URL) (func(wire) service, error) {
	config, err := slack.CreateConfigFromURL(u)
	if err != nil {
		return nil, err
	}
	if u.Hostname() == "dummy.com" { // which shoutrrr takes without a token
		return nil, errors.New("this is an example")
	}
	return func(w wire) service { return &slackService{w, *config} }, nil
}

// slackMessage is what both ways to post take.
type slackMessage struct {
	Channel     string            `json:"channel,omitempty"`
	Username    string            `json:"username,omitempty"`
	IconURL     string            `json:"icon_url,omitempty"`
	IconEmoji   string            `json:"icon_emoji,omitempty"`
	ThreadTS    string            `json:"thread_ts,omitempty"`
	Text        string            `json:"text"`
	Attachments []slackAttachment `json:"attachments,omitempty"`
}

type slackAttachment struct {
	Color    string   `json:"color,omitempty"`
	Fallback string   `json:"fallback,omitempty"`
	Text     string   `json:"text"`
	MarkIn   []string `json:"mrkdwn_in,omitempty"`
}

func (s *slackService) send(ctx context.Context, p Page) error {
	if !s.config.Token.IsAPIToken() {
		_, err := s.wire.post(ctx, s.config.Token.WebhookURL(), nil, s.message(p))
		return err
	}
	header := http.Header{"Authorization": {s.config.Token.Authorization()}}
	text, err := s.wire.post(ctx, slackPost, header, s.message(p))
	if err != nil {
		return err
	}
	var answer struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return errors.New("the answer is not that of Slack's API")
	}
	if answer.OK {
		return nil
	}
	return &sendError{text: "Slack says: " + answer.Error, refused: !slackWillRecover(answer.Error)}
}

// slackWillRecover reports whether a word of Slack's for what is wrong is about Slack,
// not about us.
func slackWillRecover(problem string) bool {
	switch problem {
	case "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout":
		return true
	}
	return false
}

func (s *slackService) message(p Page) slackMessage {
	title, text := slackEscape(headline(p)), slackText(p)
	m := slackMessage{Username: s.config.BotName, ThreadTS: s.config.ThreadTS, Text: title}
	if s.config.Channel != "webhook" {
		m.Channel = s.config.Channel
	}
	if icon := s.config.Icon; strings.Contains(icon, "://") {
		m.IconURL = icon
	} else {
		m.IconEmoji = icon
	}
	if text != "" {
		m.Attachments = []slackAttachment{{cmp.Or(s.config.Color, slackColor(p)), title, text, []string{"text"}}}
	}
	return m
}

func slackColor(p Page) string {
	switch {
	case p.Test:
		return "#808080"
	case p.State == Resolved:
		return "good"
	case p.Severity == Critical:
		return "danger"
	}
	return "warning"
}

// slackText is a page's text in Slack's markup.
func slackText(p Page) string {
	var lines []string
	for _, s := range sections(p) {
		text := slackEscape(clip(s.text, bodyLimit/5))
		if s.name != "" {
			text = "*" + s.name + ":* " + text
		}
		lines = append(lines, text)
	}
	if p.Link != "" {
		lines = append(lines, slackEscape(oneLine(p.Link)))
	}
	return strings.Join(lines, "\n")
}

// slackEscape makes the three signs harmless with which Slack's markup mentions
// people and links.
func slackEscape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
