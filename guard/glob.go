package guard

import "strings"

// glob reports whether s fits pattern, in which * stands for any text.
func glob(pattern, s string) bool {
	head, rest, stars := strings.Cut(pattern, "*")
	if !stars {
		return s == pattern
	}
	if s, stars = strings.CutPrefix(s, head); !stars {
		return false
	}
	for {
		var part string
		part, rest, stars = strings.Cut(rest, "*")
		if !stars {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
}

// ends reports whether path ends with an endpoint's path, such as
// /chat/completions, in which * stands for any text.
func ends(path, endpoint string) bool {
	path = strings.TrimSuffix(path, "/")
	if endpoint == "/completions" && strings.HasSuffix(path, "/chat/completions") {
		return false // another one, although it ends so
	}
	if strings.IndexByte(endpoint, '*') < 0 {
		return strings.HasSuffix(path, endpoint)
	}
	for i := range len(path) {
		if path[i] == '/' && glob(endpoint, path[i:]) {
			return true
		}
	}
	return false
}
