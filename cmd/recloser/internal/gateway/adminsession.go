package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"
)

// A browser's event stream cannot send a header: who has given the token at the
// login page has a cookie instead.
const (
	sessionCookie = "recloser_session"
	sessionTime   = 12 * time.Hour
)

// sessions makes cookies and knows them again. Nothing is kept of them: they hold
// when they end, and a seal that only who has the token can make. So they outlive a
// restart, and end with the token.
type sessions struct {
	key []byte
	now func() time.Time
}

func newSessions(token string, now func() time.Time) sessions {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("recloser: the key of sessions"))
	return sessions{mac.Sum(nil), now}
}

// issue returns the value of a cookie.
func (s sessions) issue() string {
	end := binary.BigEndian.AppendUint64(nil, uint64(s.now().Add(sessionTime).Unix())) //nolint:gosec // not before 1970
	return base64.RawURLEncoding.EncodeToString(append(end, s.seal(end)...))
}

func (s sessions) seal(end []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write(end)
	return mac.Sum(nil)
}

// left returns how long a session has, if the value was issued here; else 0.
func (s sessions) left(value string) time.Duration {
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(raw) != 8+sha256.Size || !hmac.Equal(s.seal(raw[:8]), raw[8:]) {
		return 0
	}
	end := time.Unix(int64(binary.BigEndian.Uint64(raw)), 0) //nolint:gosec // as it was written
	return max(end.Sub(s.now()), 0)
}

// cookie is one that a browser keeps for as long as age; a negative age ends it.
func cookie(r *http.Request, value string, age time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", MaxAge: int(age / time.Second), HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
	}
}
