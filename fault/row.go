package fault

import (
	"iter"
	"strings"
)

// Row is one line of the table: what an answer must look like, and what it then
// means. All conditions that are given must hold. Lists are written in one
// string, so that a copy of a row shares nothing that can be changed.
type Row struct {
	// Name tells the row from all others, e.g. "429 slow_down".
	Name string

	// Min and Max bound the HTTP status; both 0: any. An error inside a 200 has no
	// status of its own unless its code is one, and then fits a row that says more
	// than a status.
	Min, Max int
	// Codes and Types are lists with spaces between, compared without regard to
	// case. If both are given, one of them must match.
	Codes, Types string
	// Words is a list with spaces between, of which one must be within the code or
	// the type, both taken without anything but their letters and in lower case. It
	// reads those that no other row lists.
	Words string
	// Text is a list with bars between, in lower case, of which one must be part of
	// the message; a star within stands for a few words. A row with no code, type or
	// word reads the message only if the answer's code says nothing, and the status
	// no timeout.
	Text string
	// Loud: Text counts whatever the code is.
	Loud bool
	// Untyped: the answer's type says nothing, or there is none.
	Untyped bool
	// HTML: the body is a page for people.
	HTML bool

	// Kind is what it means.
	Kind Kind
	// NotDone and Unreached are those of [Error]. At a 5xx other than 503 and 529,
	// words in a message do not suffice for NotDone.
	NotDone, Unreached bool
	// Repeat, unless Unsaid, says whether trying again can help where the kind
	// says otherwise.
	Repeat Advice
	// Why is the meaning in one sentence, for people.
	Why string
	// Source is how this is known: "doc" documented by the vendor, "src" read in a
	// client's source, "run" observed here, "rep" reported from real traffic, "adv"
	// our own judgement, "gen" general knowledge.
	Source string
}

// Table yields the rows in the order in which they are tried, first those for
// answers of a service, then those for what Recloser itself notices.
func Table() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for _, r := range answers {
			if !yield(r) {
				return
			}
		}
		for _, r := range own {
			if !yield(r) {
				return
			}
		}
	}
}

// noticed reports whether the row is for what Recloser itself notices.
func (r *Row) noticed() bool {
	return r.Codes != "" && Named(r.Codes, nil).Row == r.Name
}

// find returns the first row for what was said. The last row of answers fits
// anything.
func find(s *said) *Row {
	i := 0
	for !answers[i].matches(s) {
		i++
	}
	return &answers[i]
}

func (r *Row) matches(s *said) bool {
	return r.fitsStatus(s.status) && r.fitsNames(s) && r.fitsText(s) &&
		(!r.HTML || s.html) && (!r.Untyped || s.typ == "" || listed(vagueTypes, s.typ) || strings.HasSuffix(s.typ, "_api_error"))
}

// named reports whether the row needs a certain code or type.
func (r *Row) named() bool { return r.Codes != "" || r.Types != "" || r.Words != "" }

// notDone is the row's NotDone for what was said. A service that fails in the
// middle of a call may talk of the load that it met, or of a tool's limit; only
// where the status itself says that the call was turned away are words enough.
func (r *Row) notDone(s *said) bool {
	sure := r.Text == "" && !s.quoted
	return r.NotDone && (sure || s.outer < 500 || s.outer == 503 || s.outer == 529)
}

func (r *Row) fitsStatus(status int) bool {
	switch {
	case r.Min == 0 && r.Max == 0:
		return true
	case status < 400:
		return r.named() || r.Text != ""
	}
	return r.Min <= status && status <= r.Max
}

func (r *Row) fitsNames(s *said) bool {
	if !r.named() {
		return true
	}
	return listed(r.Codes, s.code) || listed(r.Types, s.typ) || r.fitsWords(s)
}

// fitsWords leaves the names alone that say too little, or that a row of their
// own knows.
func (r *Row) fitsWords(s *said) bool {
	if r.Words == "" {
		return false
	}
	return contains(r.Words, s.codeWords) || contains(r.Words, s.typeWords)
}

func (r *Row) fitsText(s *said) bool {
	if r.Text == "" {
		return true
	}
	if !r.named() && !r.hears(s) {
		return false
	}
	for hint := range strings.SplitSeq(r.Text, "|") {
		if within(s.text, hint) {
			return true
		}
	}
	return false
}

// hears reports whether the message may count by itself. A timeout stays one,
// whatever led to it.
func (r *Row) hears(s *said) bool {
	switch s.status {
	case 408, 504, 524:
		return false
	}
	return r.Loud || s.silent
}

// listed reports whether word is one of list's.
func listed(list, word string) bool {
	if list == "" || word == "" {
		return false
	}
	for w := range strings.FieldsSeq(list) {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// contains reports whether one of list's words is a part of name.
func contains(list, name string) bool {
	if name == "" {
		return false
	}
	for w := range strings.FieldsSeq(list) {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

// gap is how many bytes a star may stand for.
const gap = 80

// within reports whether hint, a star in which stands for a few words, is a part
// of text.
func within(text, hint string) bool {
	first, rest, star := strings.Cut(hint, "*")
	for {
		at := strings.Index(text, first)
		if at < 0 || !star {
			return at >= 0
		}
		text = text[at+len(first):]
		if within(text[:min(len(text), gap+len(rest))], rest) {
			return true
		}
	}
}
