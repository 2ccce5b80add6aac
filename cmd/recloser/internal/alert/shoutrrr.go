package alert

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/format"
	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/discord"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/rocketchat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/pushover"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// shoutrrrSchemes are those of the library. Its logger is left out: what is sent is
// logged anyway.
func shoutrrrSchemes() []string {
	all := (&router.ServiceRouter{}).ListServices()
	return slices.DeleteFunc(all, func(s string) bool { return s == "logger" })
}

func shoutrrrKind(scheme string) kind {
	k := kind{write: "it as https://shoutrrr.nickfedor.com/services/ has it"}
	k.parse = func(u *url.URL) (func(wire) service, error) { return parseShoutrrr(scheme, u) }
	switch scheme {
	case "smtp":
		k.shown = parts{host: true, query: true}
		k.write = "smtp://USER:PASSWORD@HOST:587/?from=ADDRESS&to=ADDRESS"
	case "ntfy":
		k.shown = parts{host: true, query: true}
		k.write = "ntfy://HOST/TOPIC"
	}
	return k
}

// hanging is how many attempts of a target may have been given up without having come
// back. Some services of the library cannot be broken off: their goroutines end when
// their connections do.
const hanging = 4

// shoutrrrService sends by the library.
type shoutrrrService struct {
	wire   wire
	scheme string
	url    *url.URL
	title  string // key of the parameter that has the title; "": there is none
	busy   chan struct{}
}

func parseShoutrrr(scheme string, u *url.URL) (open func(wire) service, err error) {
	defer func() {
		if recover() != nil { // the library's, for want of a part of the URL
			err = errors.New("a part is missing")
		}
	}()
	if u.Hostname() == "dummy.com" { // which it takes without a token
		return nil, errors.New("this is an example")
	}
	title, err := checkShoutrrr(scheme, u)
	if err != nil {
		return nil, err
	}
	return func(w wire) service {
		return &shoutrrrService{w, scheme, u, title, make(chan struct{}, hanging)}
	}, nil
}

// checkShoutrrr reads a URL as the service will, but opens no connection, as the
// initializing of Matrix does. It returns the parameter that has the title.
func checkShoutrrr(scheme string, u *url.URL) (string, error) {
	r := &router.ServiceRouter{}
	s, err := r.NewService(scheme)
	if err != nil {
		return "", err
	}
	if scheme != "matrix" {
		if s, err = r.Locate(u.String()); err != nil {
			return "", reason(s, u, err)
		}
	}
	config := format.GetServiceConfig(s)
	if scheme == "matrix" {
		if err := config.SetURL(u); err != nil {
			return "", err
		}
	}
	keys := format.NewPropKeyResolver(config)
	if scheme != "mattermost" && slices.Contains(keys.QueryFields(), types.TitleKey) { // Mattermost's is not used
		return types.TitleKey, nil
	}
	return "", nil
}

// reason asks the configuration itself what is wrong: the router does not say.
func reason(s types.Service, u *url.URL, err error) error {
	if s == nil {
		return err
	}
	if why := format.GetServiceConfig(s).SetURL(u); why != nil {
		return why
	}
	return err
}

// send lets the library make its attempt, and leaves it alone when the time is up.
func (s *shoutrrrService) send(ctx context.Context, p Page) error {
	select {
	case s.busy <- struct{}{}:
	default:
		return fmt.Errorf("%d earlier attempts hang", hanging)
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-s.busy }()
		done <- s.attempt(ctx, p)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attempt uses an instance of its own, as services change their configuration when
// they send. That they panic happens: Zulip's does where there is no connection.
func (s *shoutrrrService) attempt(ctx context.Context, p Page) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the library failed: %v", r)
		}
	}()
	located, err := (&router.ServiceRouter{}).Locate(s.url.String())
	if err != nil {
		return err
	}
	s.useOurTransport(ctx, located)
	message, params := s.message(p)
	return located.Send(message, &params)
}

// textLimits are those of services that refuse what is longer, in characters, which
// may have four bytes.
func textLimit(scheme string) int {
	switch scheme {
	case "pushover", "telegram", "lark", "wecom":
		return 1000
	case "discord":
		return 1900
	}
	return bodyLimit
}

// message is a page as the service takes it.
func (s *shoutrrrService) message(p Page) (string, types.Params) {
	params := types.Params{}
	title, text := headline(p), body(p, textLimit(s.scheme))
	switch {
	case s.title == "":
		return clip(title+"\n"+text, textLimit(s.scheme)), params
	case s.scheme == "smtp":
		title = mime.QEncoding.Encode("utf-8", title)
	case s.scheme == "zulip":
		title = clip(title, 60)
	case s.scheme == "opsgenie":
		params["alias"] = clip(p.Key, 500)
		if p.State == Resolved { // which would be taken for another of the same: the library cannot close
			params["alias"] = "resolved/" + params["alias"]
			params["priority"] = "P5"
		}
	}
	params[s.title] = title
	if text == "" {
		text = title // some services refuse to send nothing
	}
	return text, params
}

// useOurTransport makes those services end with the context that let themselves be
// given an HTTP client, and say what was answered.
func (s *shoutrrrService) useOurTransport(ctx context.Context, located types.Service) {
	client := &http.Client{Transport: &once{ctx: ctx, via: s.wire.transport}}
	switch service := located.(type) {
	case *discord.Service:
		service.HTTPClient, service.Sleeper = client, noSleep{} // it would try again for minutes
	case *rocketchat.Service:
		service.Client = client
	case *pushover.Service:
		service.Client = client
	}
}

// noSleep is in place of a service's own waits: after a failure nothing is sent again.
type noSleep struct{}

// Sleep does not.
func (noSleep) Sleep(time.Duration) {}

// once ends all requests with a context, and lets none go out after one has failed.
type once struct {
	ctx    context.Context //nolint:containedctx // that of one attempt, for a library that takes none
	via    http.RoundTripper
	failed error
}

// RoundTrip returns an error for an answer that is none of success, too.
func (o *once) RoundTrip(req *http.Request) (*http.Response, error) {
	if o.failed != nil {
		return nil, o.failed
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	context.AfterFunc(o.ctx, func() { cancel(context.Cause(o.ctx)) })
	res, err := o.via.RoundTrip(req.WithContext(ctx))
	if err == nil {
		if err = judge(res, nil); err != nil {
			res.Body.Close()
		}
	}
	if err != nil {
		o.failed = err
		return nil, err
	}
	return res, nil
}
