package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"time"

	"github.com/recloser/recloser/guard"
)

// DefaultMaxBody is the largest request body that is passed on, unless Config
// says otherwise: files of 512 MiB are the largest that the API takes.
const DefaultMaxBody = 600 << 20

// maxUnread is the largest body that is read of a request that is not even tried.
const maxUnread = 256 << 10

// Config sets up a Proxy. Upstream and Guard are needed.
type Config struct {
	// Upstream is the base of the API, e.g. https://api.openai.com/v1.
	Upstream *url.URL

	// Guard makes the calls.
	Guard *guard.Guard

	// RetriesOn tells that the guard retries: clients are then told to leave
	// failures alone. Of a call that came as far as the guard, that says so itself.
	RetriesOn bool

	// ClientTokens, if there are any, are what clients must present, one of them, as
	// "Authorization: Bearer TOKEN" or "Api-Key: TOKEN". It is not passed on.
	ClientTokens []string

	// MaxBody is the largest request body, in bytes, that is passed on; what is
	// larger is answered with 413. Zero means DefaultMaxBody.
	MaxBody int64

	// Linger is how long the connection of a stream that failed stays open at
	// most, for its client to read that and leave, before it is broken off. Zero
	// means 1 s; a negative one means not at all.
	Linger time.Duration

	// Log gets one line for each call. Its handler must not block. Nil: none.
	Log *slog.Logger

	// Now is the clock. Nil means time.Now.
	Now func() time.Time

	// Rand gives numbers from [0, 1) that spread the times told to those who are
	// refused for longer than they are told. Nil means math/rand/v2.
	Rand func() float64
}

func (c Config) withDefaults() Config {
	c.MaxBody = cmp.Or(c.MaxBody, DefaultMaxBody)
	c.Linger = cmp.Or(c.Linger, time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.Guard == nil {
		errs = append(errs, errors.New("gateway: Guard is nil"))
	}
	if slices.Contains(c.ClientTokens, "") {
		errs = append(errs, errors.New("gateway: ClientTokens has an empty one, which everybody has: remove it"))
	}
	if c.MaxBody < 0 {
		errs = append(errs, fmt.Errorf("gateway: MaxBody is %d: use 1 or more bytes, or 0 for %d", c.MaxBody, DefaultMaxBody))
	}
	return errors.Join(append(errs, checkUpstream(c.Upstream))...)
}

// Proxy is the http.Handler of the proxy listener. Make it with New.
type Proxy struct {
	cfg     Config // with its defaults filled in
	hop     hop
	clients clients
	reverse *httputil.ReverseProxy
}

// New returns a proxy. An error names the fields of cfg that are wrong.
func New(cfg Config) (*Proxy, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	p := &Proxy{cfg: cfg, hop: newHop(), clients: newClients(cfg.ClientTokens)}
	target := newTarget(cfg.Upstream)
	p.reverse = &httputil.ReverseProxy{
		Transport: cfg.Guard,
		Rewrite: func(r *httputil.ProxyRequest) {
			target.rewrite(r)
			p.clients.hide(r.Out.Header)
			p.hop.mark(r.Out.Header)
		},
		ModifyResponse: annotate,
		ErrorHandler:   answerFailure,
		BufferPool:     &buffers{},
		ErrorLog:       log.New(io.Discard, "", 0), // the access log says what became of a call
	}
	return p, nil
}

// ServeHTTP passes one call on. Like httputil.ReverseProxy, it panics with
// http.ErrAbortHandler to break off an answer that cannot be completed.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Without it, net/http reads the whole of a request before the answer's first
	// byte goes out, and breaks calls whose answer begins earlier. HTTP/2 has it
	// always, and says that it cannot switch it on.
	_ = http.NewResponseController(w).EnableFullDuplex()
	c := newCall(p, w, r)
	defer c.end()
	if refusal, unfit := p.unfit(r); unfit {
		c.answer(refusal)
		if r.ContentLength > 0 && r.ContentLength <= maxUnread && r.Header.Get("Expect") == "" {
			// Left unread it would break the connection, perhaps before the client has
			// read the answer.
			_ = c.FlushError()
			_, _ = io.Copy(io.Discard, r.Body)
		}
		c.complete = true
		return
	}
	ctx := guard.WithErrorEvents(guard.WithReport(context.WithValue(r.Context(), callKey{}, c), &c.report))
	in := r.WithContext(ctx)
	if in.ContentLength < 0 {
		// It is not told of w: then it would change w's headers on its own, from
		// the goroutine that sends the body.
		in.Body = http.MaxBytesReader(nil, in.Body, p.cfg.MaxBody)
	}
	p.reverse.ServeHTTP(c, in)
	c.complete = true
}

// unfit returns the answer for a request that is not even tried.
func (p *Proxy) unfit(r *http.Request) (_ reply, unfit bool) {
	switch {
	case r.Method == http.MethodConnect:
		return notAProxy(), true
	case p.hop.passed(r.Header):
		return loop(), true
	case !p.clients.know(r.Header):
		return unknownClient(), true
	case r.ContentLength > p.cfg.MaxBody:
		return tooLarge(p.cfg.MaxBody), true
	}
	return reply{}, false
}
