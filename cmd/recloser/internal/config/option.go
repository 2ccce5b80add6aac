package config

// An Option is one value of the configuration, as help and completion show it.
type Option struct {
	Name    string // of the flag, without its dashes
	Group   string // the heading that it is under
	Arg     string // what stands for its value: DURATION
	Usage   string // one line
	Default string
	Values  []string // all that there are, of an enumeration
	Secret  bool     // never to be shown
}

// option is an Option that can be read into a Serve. An error of set says what
// would be accepted.
type option struct {
	Option
	set func(c *Serve, text string) error
}

// The headings of options.
const (
	groupListen  = "Where it listens, and what it stands in for"
	groupCircuit = "When a circuit opens, and for how long"
	groupRetry   = "Retries"
	groupTimeout = "Deadlines"
	groupLimit   = "Limits"
	groupProcess = "The process"
)

// Options lists the options of "recloser serve" in the order of its help.
func Options() []Option {
	var out []Option
	for _, o := range options() {
		out = append(out, o.Option)
	}
	return out
}
