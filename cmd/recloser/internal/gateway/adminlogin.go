package gateway

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

const loginPath = "/login"

// loginOr404 answers at the login page's address.
func (a *admin) loginOr404(w http.ResponseWriter, r *http.Request) {
	switch {
	case a.cfg.LoginPage == nil:
		a.enter(w, r)
	case r.Method == http.MethodPost:
		a.login(w, r)
	default:
		only(w, r, a.showLogin, http.MethodGet, http.MethodHead, http.MethodPost)
	}
}

func (a *admin) showLogin(w http.ResponseWriter, r *http.Request) {
	if a.cfg.Token == "" { // there is nothing to be typed in
		seeOther(w, localPath(r.URL.Query().Get("next")))
		return
	}
	a.writeLogin(w, http.StatusOK, false)
}

// login gives a cookie to who has the token. Only the body is asked for it: what is
// in an address ends up in logs.
func (a *admin) login(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		writeError(w, http.StatusBadRequest, apiError{Type: typeInvalid, Code: "invalid_form", Message: "The form cannot be read."})
		return
	}
	from := remote(r)
	if a.cfg.Token != "" && a.patience.lost(from) {
		w.Header().Set("Retry-After", "5")
		a.writeLogin(w, http.StatusTooManyRequests, true)
		return
	}
	if a.cfg.Token != "" && !a.isToken(strings.TrimSpace(r.PostForm.Get("token"))) {
		a.cfg.Log.Warn("a wrong admin token was given at the login page", "remote", from.String())
		pause(r, a.patience.wrong(from))
		a.writeLogin(w, http.StatusUnauthorized, true)
		return
	}
	if a.cfg.Token != "" {
		http.SetCookie(w, cookie(r, a.sessions.issue(), sessionTime))
	}
	seeOther(w, localPath(r.Form.Get("next")))
}

func (a *admin) writeLogin(w http.ResponseWriter, status int, wrong bool) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(a.cfg.LoginPage(wrong)) // the client may be gone
}

func (a *admin) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, cookie(r, "", -time.Second))
	seeOther(w, loginPath)
}

func seeOther(w http.ResponseWriter, path string) {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
}

// maxNext bounds the address to which a login leads.
const maxNext = 4096

// localPath is next if it leads to a page of this listener, else its first page. What
// browsers would take for another host is none: //host, /\host, and both with
// characters between that they leave out.
func localPath(next string) string {
	const first = "/"
	odd := func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '\\' }
	u, err := url.Parse(next)
	switch {
	case err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "":
		return first
	case len(next) > maxNext || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsFunc(next, odd):
		return first
	case u.Path == loginPath || u.Path == "/logout":
		return first
	}
	return next
}
