package alert

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parts are those of a URL that are no secret. All others are.
type parts struct{ host, path, query bool }

// shortest is the length of the shortest part of a URL that is taken for a secret:
// what is shorter is in every other word.
const shortest = 4

// redactor takes the secrets of a URL out of what others have written. What they
// quote of it may be escaped, or torn into pieces and put together otherwise.
type redactor struct{ secrets *regexp.Regexp }

// address is what looks like a URL, as JSON may have it, too.
var address = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*:(?:\\?/){2}[^\s"'<>]*`)

func newRedactor(text string, u *url.URL, shown parts) redactor {
	f := finds{}
	f.add(text)
	f.login(u.User)
	f.written(text)
	f.pieces(u.Opaque)
	f.pieces(u.Fragment)
	if !shown.host {
		f.pieces(u.Hostname())
	}
	if !shown.path {
		for part := range strings.SplitSeq(u.EscapedPath(), "/") {
			f.pieces(part)
		}
	}
	if !shown.query {
		f.query(u.RawQuery)
	}
	return redactor{f.pattern()}
}

// clean is text without secrets, in one line and not long.
func (r redactor) clean(text string) string {
	text = strings.ToValidUTF8(text, "?")
	if r.secrets != nil {
		text = r.secrets.ReplaceAllString(text, "[secret]")
	}
	return clip(oneLine(address.ReplaceAllString(text, "[address]")), 300)
}

// finds are the secrets of a URL, in all forms in which they may be quoted.
type finds map[string]bool

// login adds a user and a password, however short.
func (f finds) login(user *url.Userinfo) {
	if user == nil {
		return
	}
	name := user.Username()
	password, _ := user.Password()
	both := name + ":" + password
	f.add(user.String())
	f.add(both)
	f.add(base64.StdEncoding.EncodeToString([]byte(both)))
	f.pieces(name)
	f.pieces(password)
	if password != "" {
		f.forms(password)
	}
}

// written adds a user and a password as they were escaped, which url.URL forgets.
func (f finds) written(text string) {
	_, rest, _ := strings.Cut(text, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		for part := range strings.SplitSeq(rest[:at], ":") {
			f.add(part)
		}
	}
}

func (f finds) query(raw string) {
	for pair := range strings.SplitSeq(raw, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if value == "" {
			value = key // a token alone
		}
		f.pieces(value)
	}
}

// pieces adds a part of a URL, and what it consists of.
func (f finds) pieces(part string) {
	plain := part
	if unescaped, err := url.QueryUnescape(part); err == nil {
		plain = unescaped
	}
	f.add(part)
	f.add(plain)
	for piece := range strings.FieldsFuncSeq(plain, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		f.add(piece)
	}
}

// add adds a secret that is long enough to be told from other words.
func (f finds) add(secret string) {
	if len(secret) >= shortest && secret != "webhook" { // the word that shoutrrr's Slack URLs have
		f.forms(secret)
	}
}

func (f finds) forms(secret string) {
	quoted := strconv.Quote(secret)
	inJSON, _ := json.Marshal(secret) //nolint:errchkjson // a string
	for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), quoted[1 : len(quoted)-1], string(inJSON[1 : len(inJSON)-1])} {
		if utf8.ValidString(form) {
			f[form] = true
		}
	}
}

// pattern matches any of them, in large letters and small, the longest first.
func (f finds) pattern() *regexp.Regexp {
	var all []string
	for secret := range f {
		all = append(all, regexp.QuoteMeta(secret))
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return regexp.MustCompile("(?i)" + strings.Join(all, "|"))
}
