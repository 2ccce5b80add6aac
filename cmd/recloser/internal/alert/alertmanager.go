package alert

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// How a firing alert is kept alive in Alertmanager, which forgets all when it is
// restarted: it is sent again each alertRepeat, and over alertLife after the last time,
// should this process be gone. Both are what Prometheus does.
const (
	alertRepeat = time.Minute
	alertLife   = 4 * time.Minute
	alertBatch  = 500 // in one request
)

// alertmanagerService posts to the v2 API of an Alertmanager.
//
// Alertmanager knows an alert by its labels, so a trouble whose severity changes, and
// with it the rule, is another alert for it. Both are labels nonetheless, because they
// are what people route by. So that there is one alert at any time, the old one is
// ended in the same request that begins the new one. It is remembered which that is:
// to end what was never begun would show in notifications. After a restart the old one
// ends by itself, alertLife after it was last sent.
type alertmanagerService struct {
	wire    wire
	address string
	header  http.Header
	firing  map[string]labelled // by key, as it was last sent
}

// labelled is what of a trouble may change and is a label.
type labelled struct {
	rule     string
	severity Severity
}

func parseAlertmanager(u *url.URL) (func(wire) service, error) {
	_, over, _ := strings.Cut(u.Scheme, "+")
	switch {
	case over != "http" && over != "https":
		return nil, errors.New("this says neither HTTP nor HTTPS")
	case u.Hostname() == "":
		return nil, errors.New("there is no host")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("there are no parameters")
	}
	prefix := strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/api/v2/alerts")
	address := url.URL{Scheme: over, Host: u.Host, Path: strings.TrimRight(prefix, "/") + "/api/v2/alerts"}
	header := http.Header{}
	if u.User != nil {
		password, _ := u.User.Password()
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)))
	}
	return func(w wire) service {
		return &alertmanagerService{w, address.String(), header, map[string]labelled{}}
	}, nil
}

// alertmanagerAlert is one of the v2 API's.
type alertmanagerAlert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	StartsAt     time.Time         `json:"startsAt,omitzero"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

func (s *alertmanagerService) send(ctx context.Context, p Page) error {
	return s.post(ctx, []Page{p})
}

// repeat keeps alive what is firing.
func (s *alertmanagerService) repeat(ctx context.Context, firing []Page) error {
	alive := map[string]bool{}
	for _, p := range firing {
		alive[p.Key] = true
	}
	for key := range s.firing {
		if !alive[key] {
			delete(s.firing, key) // its end is sent as a page, or was
		}
	}
	for batch := range slices.Chunk(firing, alertBatch) {
		if err := s.post(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

func (s *alertmanagerService) post(ctx context.Context, pages []Page) error {
	var alerts []alertmanagerAlert
	now := time.Now()
	for _, p := range pages {
		alerts = append(alerts, s.alerts(p, now)...)
	}
	if _, err := s.wire.post(ctx, s.address, s.header, alerts); err != nil {
		return err
	}
	for _, p := range pages {
		if p.State == Resolved {
			delete(s.firing, p.Key)
		} else {
			s.firing[p.Key] = labelled{p.Rule, p.Severity}
		}
	}
	return nil
}

// alerts are what a page means: that one is firing or ended, and that the one which was
// firing under other labels is ended.
func (s *alertmanagerService) alerts(p Page, now time.Time) []alertmanagerAlert {
	before, known := s.firing[p.Key]
	old := p
	if known {
		old.Rule, old.Severity = before.rule, before.severity
	}
	if p.State == Resolved {
		ends := now
		if !p.Ended.IsZero() && p.Ended.Before(now) {
			ends = p.Ended
		}
		return []alertmanagerAlert{s.alert(old, ends)}
	}
	var all []alertmanagerAlert
	if known && before != (labelled{p.Rule, p.Severity}) {
		all = append(all, s.alert(old, now))
	}
	return append(all, s.alert(p, now.Add(alertLife)))
}

func (s *alertmanagerService) alert(p Page, ends time.Time) alertmanagerAlert {
	a := alertmanagerAlert{
		Labels: filled(map[string]string{
			"alertname":    alertName(p),
			"severity":     string(p.Severity),
			"recloser_key": p.Key,
			"subject":      p.Subject,
			"instance":     s.wire.instance,
		}),
		Annotations: filled(map[string]string{
			"summary":     headline(p),
			"description": body(Page{What: p.What, Why: p.Why, Test: p.Test}, bodyLimit),
			"users":       p.Users,
			"next":        p.Next,
		}),
		StartsAt: p.Since,
		EndsAt:   ends,
	}
	if a.EndsAt.Before(a.StartsAt) { // which is refused
		a.EndsAt = a.StartsAt
	}
	if u, err := url.Parse(p.Link); err == nil && u.IsAbs() {
		a.GeneratorURL = p.Link
	}
	return a
}

// filled is without what is empty, which Alertmanager would refuse or forget.
func filled(texts map[string]string) map[string]string {
	for name, text := range texts {
		if texts[name] = strings.ToValidUTF8(text, "?"); text == "" {
			delete(texts, name)
		}
	}
	return texts
}

// alertName is the name of a rule as alerts have them: circuit-open is
// RecloserCircuitOpen.
func alertName(p Page) string {
	var name strings.Builder
	name.WriteString("Recloser")
	for part := range strings.FieldsFuncSeq(p.Rule, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		first, size := utf8.DecodeRuneInString(part)
		name.WriteRune(unicode.ToUpper(first))
		name.WriteString(part[size:])
	}
	return name.String()
}
