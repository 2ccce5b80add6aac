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

// overlap reports whether there is a text that fits both patterns.
func overlap(a, b string) bool {
	// row[k]: what is left of a and b[k:] overlap; from the end of a to its begin.
	row := make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		after := true // of the row before, at k+1
		for k := len(b); k >= 0; k-- {
			below := row[k] // of the row before, at k
			switch {
			case i == len(a) && k == len(b):
				row[k] = true
			case i < len(a) && a[i] == '*':
				row[k] = below || k < len(b) && row[k+1]
			case k < len(b) && b[k] == '*':
				row[k] = row[k+1] || i < len(a) && below
			default:
				row[k] = i < len(a) && k < len(b) && a[i] == b[k] && after
			}
			after = below
		}
	}
	return row[0]
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
