package alert

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The most that is shown, in characters. Every service takes that much unless
// textLimit says otherwise.
const (
	titleLimit = 130
	bodyLimit  = 3000
)

// isTest begins what is sent to see whether it arrives.
const isTest = "This is a test: nothing is wrong."

// headline is the one line that says it all: of an e-mail the subject.
func headline(p Page) string {
	prefix := "Warning: "
	switch {
	case p.Test:
		prefix = "TEST, nothing is wrong: "
	case p.State == Resolved:
		prefix = "Resolved: "
	case p.Severity == Critical:
		prefix = "CRITICAL: "
	}
	return clip(prefix+oneLine(p.Title), titleLimit)
}

// section is a part of a page's text. The first ones have no name.
type section struct{ name, text string }

// sections are the parts of a page that are not empty, without its link.
func sections(p Page) []section {
	test := ""
	if p.Test {
		test = isTest
	}
	var all []section
	for _, s := range []section{{"", test}, {"", p.What}, {"Why", p.Why}, {"Users", p.Users}, {"Next", p.Next}} {
		if s.text = oneLine(s.text); s.text != "" {
			all = append(all, s)
		}
	}
	return all
}

// body is a page's text without its title. Where there is no room for all, the link
// stays.
func body(p Page, limit int) string {
	var lines []string
	for _, s := range sections(p) {
		if s.name != "" {
			s.text = s.name + ": " + s.text
		}
		lines = append(lines, s.text)
	}
	text, link := strings.Join(lines, "\n"), oneLine(p.Link)
	if link == "" || utf8.RuneCountInString(link) >= limit {
		return clip(text, limit)
	}
	if text == "" {
		return link
	}
	return clip(text, limit-utf8.RuneCountInString(link)-1) + "\n" + link
}

// clip shortens text to a number of characters.
func clip(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	if limit < 1 {
		return ""
	}
	return strings.TrimRight(string([]rune(text)[:limit-1]), " ") + "…"
}

// oneLine is text without line breaks and other signs that are not printed: within a
// header or a log they would be read as more than text.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
}
