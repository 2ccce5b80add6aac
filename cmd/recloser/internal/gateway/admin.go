package gateway

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// AdminConfig sets up the admin listener's handler. The zero value knows of
// nothing but /healthz and /readyz.
type AdminConfig struct {
	// Token, if there is one, must be presented as "Authorization: Bearer TOKEN",
	// or at /login, for everything but /healthz, /readyz and /assets/.
	Token string
	// Ready says why no calls should be sent here, or nil. A nil Ready is always
	// ready.
	Ready func() error
	// Trouble says in words what is not as it should be although calls can be sent
	// here. Nil: nothing.
	Trouble func() []string
	// Pages answers what is beyond the front door. Nil: there is nothing.
	Pages http.Handler
	// LoginPage is the page where the token is typed in; wrong: the last one was not
	// it. Nil: there is no such page.
	LoginPage func(wrong bool) []byte
	// Log is told of wrong tokens, not what they were. Nil: nobody is.
	Log *slog.Logger
	// Now is the clock of sessions; nil: time.Now.
	Now func() time.Time
}

// NewAdmin returns the handler of the admin listener, which is the front door of
// its pages: it tells who may enter, and has /healthz and /readyz for everybody.
func NewAdmin(cfg AdminConfig) http.Handler {
	if cfg.Ready == nil {
		cfg.Ready = func() error { return nil }
	}
	if cfg.Pages == nil {
		cfg.Pages = http.HandlerFunc(noPage)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &admin{
		cfg: cfg, token: sha256.Sum256([]byte(cfg.Token)), sessions: newSessions(cfg.Token, cfg.Now),
		patience: newPatience(cfg.Now), origins: http.NewCrossOriginProtection(),
	}
}

type admin struct {
	cfg      AdminConfig
	token    [sha256.Size]byte
	sessions sessions
	patience *patience
	origins  *http.CrossOriginProtection
}

// maxAdminBody bounds what is sent to the admin listener.
const maxAdminBody = 64 << 10

// pagePolicy lets a page use its own files, and nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// ServeHTTP lets in who may enter.
func (a *admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Referrer-Policy", "no-referrer")
	if a.origins.Check(r) != nil {
		writeError(w, http.StatusForbidden, apiError{
			Type: typeInvalid, Code: "cross_origin", Message: "A page from elsewhere has sent this. It cannot act here.",
		})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxAdminBody)
	switch r.URL.Path {
	case "/healthz":
		only(w, r, a.health, http.MethodGet, http.MethodHead)
	case "/readyz":
		only(w, r, a.readiness, http.MethodGet, http.MethodHead)
	case loginPath:
		a.loginOr404(w, r)
	case "/logout":
		only(w, r, a.logout, http.MethodPost)
	default:
		a.enter(w, r)
	}
}

// enter leads to the pages. Their style is for everybody: the login page has it
// too.
func (a *admin) enter(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/assets/") || a.hasToken(r) {
		a.cfg.Pages.ServeHTTP(w, r)
		return
	}
	left := a.session(r)
	if left <= 0 {
		a.turnAway(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), left) // an event stream ends with its session
	defer cancel()
	a.cfg.Pages.ServeHTTP(w, r.WithContext(ctx))
}

// hasToken reports whether a request has the token, or needs none.
func (a *admin) hasToken(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return a.cfg.Token == "" || strings.EqualFold(scheme, "Bearer") && a.isToken(strings.TrimSpace(token))
}

// session is how long the session of a request has left. Who presents a token instead,
// though a wrong one, has none.
func (a *admin) session(r *http.Request) time.Duration {
	c, err := r.Cookie(sessionCookie)
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if err != nil || strings.EqualFold(scheme, "Bearer") { // another scheme is a proxy's before this one
		return 0
	}
	return a.sessions.left(c.Value)
}

// isToken compares digests, so that the time it takes tells nothing, not even a
// length.
func (a *admin) isToken(given string) bool {
	digest := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(digest[:], a.token[:]) == 1
}

// turnAway sends people to the login page, and tells programs what they lack.
func (a *admin) turnAway(w http.ResponseWriter, r *http.Request) {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	wantsPage := strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/api/")
	if reads && wantsPage && a.cfg.LoginPage != nil {
		w.Header().Set("Location", loginPath+"?next="+url.QueryEscape(r.URL.RequestURI()))
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="recloser"`)
	writeError(w, http.StatusUnauthorized, apiError{
		Type: typeInvalid, Code: "unauthorized", Message: "Send the admin token as Authorization: Bearer TOKEN.",
	})
}

// only answers with page if the method is one of those.
func only(w http.ResponseWriter, r *http.Request, page http.HandlerFunc, methods ...string) {
	if slices.Contains(methods, r.Method) {
		page(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	writeError(w, http.StatusMethodNotAllowed, apiError{
		Type: typeInvalid, Code: "method_not_allowed", Message: "Use " + strings.Join(methods, " or ") + ".",
	})
}

func noPage(w http.ResponseWriter, _ *http.Request) {
	writeError(w, http.StatusNotFound, apiError{Type: typeInvalid, Code: "not_found", Message: "There is no such page."})
}

func (*admin) health(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok\n") }

func (a *admin) readiness(w http.ResponseWriter, _ *http.Request) {
	if err := a.cfg.Ready(); err != nil {
		writeText(w, http.StatusServiceUnavailable, "not ready: "+err.Error()+"\n")
		return
	}
	notes := []string{"ok"}
	if a.cfg.Trouble != nil {
		notes = append(notes, a.cfg.Trouble()...)
	}
	writeText(w, http.StatusOK, strings.Join(notes, "\n")+"\n")
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the client may be gone
}
