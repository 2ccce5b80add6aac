package fault

import "strings"

const (
	maxCode = 64  // bytes of a code or type
	maxID   = 128 // bytes of a request id
)

// cleanCode returns s if it looks like an error code or type, else "". A code is
// made of words and numbers; what mixes letters with several digits, or is
// long, or begins as keys do, may be a key in the wrong place.
func cleanCode(s string) string {
	if len(s) > maxCode || !plain(s) || keyLike(s) {
		return ""
	}
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune("_.:-", r) }) {
		if !word(part) {
			return ""
		}
	}
	return s
}

// word reports whether s can be a part of a code.
func word(s string) bool {
	digits := 0
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			digits++
		}
	}
	if digits == len(s) {
		return len(s) <= 9
	}
	return len(s) <= 40 && digits <= 2
}

// cleanID returns s if it looks like a request id, else "".
func cleanID(s string) string {
	if len(s) > maxID || !plain(s) || keyLike(s) {
		return ""
	}
	return s
}

// plain reports whether s holds nothing but letters, digits and "_.:-".
func plain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '_', c == '.', c == ':', c == '-':
		default:
			return false
		}
	}
	return true
}

// keyLike reports whether s, or a part of it, begins as well-known sorts of key
// do.
func keyLike(s string) bool {
	low := strings.ToLower(s)
	for i := range len(low) {
		if i > 0 && !strings.ContainsRune("_.:-", rune(low[i-1])) {
			continue
		}
		for _, mark := range [...]string{"sk-", "sk_", "pk-", "sess-", "xai-", "gsk_", "hf_", "aiza", "eyj", "bearer", "ghp_", "akia"} {
			if strings.HasPrefix(low[i:], mark) {
				return true
			}
		}
	}
	return false
}
