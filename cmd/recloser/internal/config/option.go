package config

import (
	"strings"

	"github.com/recloser/recloser/guard"
)

// An Option is one value of the configuration, as help, completion, the
// reference and the file know it.
type Option struct {
	Name    string // of the flag, without its dashes
	Path    string // in the file: retry.max_retries
	Group   string // the heading that it is under
	Arg     string // what stands for its value: DURATION
	Usage   string // one line
	Default string
	Values  []string // all that there are, of an enumeration
	Kind    Kind
	Low     int64 // of a Whole
	High    int64
	OrOff   bool         // the text off is taken too
	Secret  bool         // never to be shown; in the file only by reference
	Varies  bool         // overrides may change it
	Fixed   bool         // for as long as the process runs
	Policy  guard.Policy // that it belongs to; 0: it is for any
}

// Kind is what an option's text is read as.
type Kind uint8

// The kinds.
const (
	Text Kind = iota
	Whole
	Share
	Number // of any size
	Duration
	Size
	Choice
	Toggle
	List      // of Values, or of any texts, separated by commas; in the file also a list
	Addresses // URLs with secrets, separated by white space; in the file a list of them or of references
)

// section returns the two parts of an option's path; the first may be empty.
func (o Option) section() (section, field string) {
	section, field, found := strings.Cut(o.Path, ".")
	if !found {
		return "", o.Path
	}
	return section, field
}

// option is an Option that can be read into a Serve. An error of set says what
// would be accepted.
type option struct {
	Option
	set func(c *Serve, text string) error
}

// The headings of options.
const (
	groupListen    = "Where it listens, and what it stands in for"
	groupCircuit   = "When a circuit opens, and for how long"
	groupGate      = "Rate limits that the service reports, and keys without quota"
	groupRetry     = "Retries"
	groupTargets   = "Other targets: when calls go there (the targets themselves are in the file)"
	groupTimeout   = "Deadlines"
	groupStream    = "Streams"
	groupGray      = "Failures behind a good status: whether they count"
	groupLimit     = "Limits"
	groupHistory   = "History"
	groupAlert     = "Alerts: where they go, and what is one"
	groupTelemetry = "Telemetry"
	groupProcess   = "The process"
)

// Options lists the options of "recloser serve" in the order of its help.
func Options() []Option {
	var out []Option
	for _, o := range options() {
		out = append(out, o.Option)
	}
	return out
}

// FileOption is the flag that names the file, in which alone it cannot be.
func FileOption() Option {
	return Option{Name: "config", Group: groupListen, Arg: "FILE",
		Usage: "YAML file with any of these settings, and with others for some upstreams, endpoints and models; SIGHUP reads it again"}
}
