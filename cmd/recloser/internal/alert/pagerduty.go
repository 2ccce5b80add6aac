package alert

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/incident/pagerduty"
)

// pagerDutyService posts to PagerDuty's Events API v2. Only the URL of the target is
// shoutrrr's: its own sender puts details and links where the API does not look for
// them, and loses the status of an answer.
type pagerDutyService struct {
	wire    wire
	config  pagerduty.Config
	address string
}

func parsePagerDuty(u *url.URL) (func(wire) service, error) {
	config := pagerduty.Config{Host: "events.pagerduty.com", Port: 443}
	if err := config.SetURL(u); err != nil {
		return nil, err
	}
	address := url.URL{Scheme: "https", Host: config.Host, Path: "/v2/enqueue"}
	if config.Port != 443 {
		address.Host = net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	}
	return func(w wire) service { return &pagerDutyService{w, config, address.String()} }, nil
}

// pagerDutyEvent is one of the Events API v2. A resolve has no more than the first three.
type pagerDutyEvent struct {
	RoutingKey string            `json:"routing_key"`
	Action     string            `json:"event_action"`
	DedupKey   string            `json:"dedup_key"`
	Client     string            `json:"client,omitempty"`
	ClientURL  string            `json:"client_url,omitempty"`
	Links      []pagerDutyLink   `json:"links,omitempty"`
	Payload    *pagerDutyPayload `json:"payload,omitempty"`
}

type pagerDutyLink struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

type pagerDutyPayload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"`
	Timestamp time.Time         `json:"timestamp,omitzero"`
	Component string            `json:"component,omitempty"`
	Class     string            `json:"class,omitempty"`
	Details   map[string]string `json:"custom_details,omitempty"`
}

func (s *pagerDutyService) send(ctx context.Context, p Page) error {
	_, err := s.wire.post(ctx, s.address, nil, s.event(p))
	return err
}

// pagerDutyLimit is of several fields, in characters.
const pagerDutyLimit = 255

func (s *pagerDutyService) event(p Page) pagerDutyEvent {
	e := pagerDutyEvent{RoutingKey: s.config.IntegrationKey, Action: "trigger", DedupKey: dedupKey(p.Key)}
	if p.State == Resolved {
		e.Action = "resolve"
		return e
	}
	e.Client, e.ClientURL = cmp.Or(s.config.Client, "Recloser"), cmp.Or(s.config.ClientURL, p.Link)
	if p.Link != "" {
		e.Links = []pagerDutyLink{{p.Link, "What Recloser knows of it"}}
	}
	source := s.config.Source
	if source == "" || source == "default" { // the word that stands for none in shoutrrr
		source = cmp.Or(s.wire.instance, "recloser")
	}
	e.Payload = &pagerDutyPayload{
		Summary:   headline(p),
		Source:    clip(source, pagerDutyLimit),
		Severity:  pagerDutySeverity(p),
		Timestamp: p.At,
		Component: clip(p.Subject, pagerDutyLimit),
		Class:     clip(p.Rule, pagerDutyLimit),
		Details:   pagerDutyDetails(p),
	}
	return e
}

func pagerDutySeverity(p Page) string {
	switch {
	case p.Test:
		return "info"
	case p.Severity == Critical:
		return "critical"
	}
	return "warning"
}

func pagerDutyDetails(p Page) map[string]string {
	d := map[string]string{}
	for name, text := range map[string]string{"what": p.What, "why": p.Why, "users": p.Users, "next": p.Next} {
		if text != "" {
			d[name] = clip(text, bodyLimit)
		}
	}
	if p.Test {
		d["test"] = isTest
	}
	return d
}

// dedupKey is a trouble's key as PagerDuty takes it, the same for the same.
func dedupKey(key string) string {
	if len(key) <= pagerDutyLimit {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}
