package alert

import "time"

// Severity is how soon somebody has to look.
type Severity string

// The severities.
const (
	Warning  Severity = "warning"  // in working hours
	Critical Severity = "critical" // now
)

// State is where a trouble is.
type State string

// The states.
const (
	Firing   State = "firing"
	Resolved State = "resolved"
)

// Page is one message to people about one trouble: that it has begun, got worse, goes
// on, or is over. Its texts are for people, have no secrets in them and are no longer
// than a few sentences.
type Page struct {
	Key      string // of the trouble: the same for all its pages, and for no other's
	Rule     string // what has found it: circuit-open, brownout, ...
	Subject  string // the circuit, or the label of a key; "": the whole process
	Severity Severity
	State    State
	Number   int       // of the page, from 1, among those of its trouble
	At       time.Time // when it was written
	Since    time.Time // when the trouble began
	Ended    time.Time // of a Resolved: when it ended

	Title string // one line: "api.openai.com/gpt-5 is down"
	What  string // what has happened, and since when
	Why   string // with its numbers; "": What says it all
	Users string // what users see meanwhile; "": nothing of it
	Next  string // what to do; "": nothing, as of a Resolved
	Link  string // to the page of the circuit; "": none is known
	Worse bool   // it is the first to say that it got worse
	Test  bool   // nothing is wrong: somebody tries whether pages arrive

	taken func() // is called when a target has taken it, by each that has; nil: nobody asks
}

// NewTest returns a page that says that nothing is wrong.
func NewTest(now time.Time, link string) Page {
	return Page{
		Key: TestPage, Rule: TestPage, Severity: Warning, State: Firing, Number: 1, At: now, Since: now,
		Title: "this is a test of Recloser's alerts",
		What:  "Somebody has run recloser alert test. An alert would arrive here, too.",
		Link:  link, Test: true,
	}
}

// Over returns the page that says that the trouble of p has ended.
func (p Page) Over(at time.Time) Page {
	p.State, p.Number, p.At, p.Ended = Resolved, p.Number+1, at, at
	p.What, p.Why, p.Users, p.Next = overWords(p.Since, at), "", "", ""
	return p
}
