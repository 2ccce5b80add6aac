package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net/http"
	"strings"

	"github.com/recloser/recloser/guard"
)

// AdminConfig sets up the admin listener's handler. Guard is needed.
type AdminConfig struct {
	// Guard is the one whose circuits are shown.
	Guard *guard.Guard

	// Token, if there is one, must be presented as "Authorization: Bearer TOKEN"
	// for everything but /healthz and /readyz.
	Token string

	// Ready says why no calls should be sent here, or nil. A nil Ready is always
	// ready.
	Ready func() error

	// Trouble says in words what is not as it should be although calls can be sent
	// here. Nil: nothing.
	Trouble func() []string

	// Version of the program.
	Version string
}

// NewAdmin returns the handler of the admin listener. It only shows: /healthz,
// /readyz, /api/circuits.
func NewAdmin(cfg AdminConfig) http.Handler {
	a := &admin{cfg: cfg, token: sha256.Sum256([]byte(cfg.Token))}
	if cfg.Ready == nil {
		a.cfg.Ready = func() error { return nil }
	}
	return a
}

type admin struct {
	cfg   AdminConfig
	token [sha256.Size]byte
}

// ServeHTTP answers with one page. There is nothing to load in any of them.
func (a *admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	page, public := a.page(r.URL.Path)
	switch {
	case !public && !a.authorized(r):
		h.Set("WWW-Authenticate", `Bearer realm="recloser"`)
		writeError(w, http.StatusUnauthorized, apiError{
			Type: typeInvalid, Code: "unauthorized", Message: "Send the admin token as Authorization: Bearer TOKEN.",
		})
	case page == nil:
		writeError(w, http.StatusNotFound, apiError{
			Type: typeInvalid, Code: "not_found", Message: "There is no such page. / names those that there are.",
		})
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		writeError(w, http.StatusMethodNotAllowed, apiError{
			Type: typeInvalid, Code: "method_not_allowed", Message: "Use GET or HEAD.",
		})
	default:
		page(w)
	}
}

// page finds the page at path, or nil, and says whether everybody may see it.
func (a *admin) page(path string) (page func(http.ResponseWriter), public bool) {
	switch path {
	case "/healthz":
		return func(w http.ResponseWriter) { writeText(w, http.StatusOK, "ok\n") }, true
	case "/readyz":
		return a.readiness, true
	case "/api/circuits":
		return a.circuits, false
	case "/":
		return a.index, false
	}
	return nil, false
}

// authorized compares digests, so that the time it takes tells nothing, not
// even a length.
func (a *admin) authorized(r *http.Request) bool {
	if a.cfg.Token == "" {
		return true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	given := sha256.Sum256([]byte(strings.TrimSpace(token)))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(given[:], a.token[:]) == 1
}

func (a *admin) readiness(w http.ResponseWriter) {
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

func (a *admin) index(w http.ResponseWriter) {
	writeText(w, http.StatusOK, strings.TrimSpace("Recloser "+a.cfg.Version)+`

/healthz       200 while the process runs
/readyz        200 while calls should be sent here, else 503
/api/circuits  every circuit, its state and its figures, as JSON
`)
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the client may be gone
}
