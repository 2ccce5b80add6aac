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
	// Text is a list with bars between, in lower case, of which one must be part of
	// the message. A row with neither code nor type reads the message only if the
	// answer's code says nothing, and the status no timeout.
	Text string
	// Untyped: the answer names no type.
	Untyped bool
	// Plain: Text counts also where a 5xx has no JSON, which else goes by its status.
	Plain bool
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
	return r.fitsStatus(s.status) && r.fitsWords(s) && r.fitsText(s) &&
		(!r.HTML || s.html) && (!r.Untyped || s.typ == "")
}

// notDone is the row's NotDone for what was said. A service that fails in the
// middle of a call may talk of the load that it met, or of a tool's limit; only
// where the status itself says that the call was turned away are words enough.
func (r *Row) notDone(s *said) bool {
	sure := r.Text == "" && !s.quoted
	return r.NotDone && (sure || s.status < 500 || s.status == 503 || s.status == 529)
}

func (r *Row) fitsStatus(status int) bool {
	switch {
	case r.Min == 0 && r.Max == 0:
		return true
	case status < 400:
		return r.Codes != "" || r.Types != "" || r.Text != ""
	}
	return r.Min <= status && status <= r.Max
}

func (r *Row) fitsWords(s *said) bool {
	if r.Codes == "" && r.Types == "" {
		return true
	}
	return listed(r.Codes, s.code) || listed(r.Types, s.typ)
}

func (r *Row) fitsText(s *said) bool {
	if r.Text == "" {
		return true
	}
	if r.Codes == "" && r.Types == "" && !r.hears(s) {
		return false
	}
	for hint := range strings.SplitSeq(r.Text, "|") {
		if strings.Contains(s.text, hint) {
			return true
		}
	}
	return false
}

// hears reports whether the message may count by itself.
func (r *Row) hears(s *said) bool {
	switch {
	case s.status == 408 || s.status == 504 || s.status == 524:
		return false // a timeout stays one, whatever led to it
	case s.plain && s.status >= 500:
		return r.Plain
	}
	return s.vague()
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
