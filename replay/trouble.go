package replay

import "time"

// outageRun is how many failures of the service in a row, of one model, are an outage
// in a trace; a 429 between them shows that it works.
const outageRun = 5

// brownoutRun is how many failures a brownout has at least, and brownoutGap how many
// attempts there may be from one to the next.
const (
	brownoutRun = 10
	brownoutGap = 40
)

// Brownout is a time in which a part of the attempts fails. To open a circuit for it
// would not pay; retries, another provider and an alarm help.
type Brownout struct {
	From     time.Duration `json:"from"`
	To       time.Duration `json:"to"`
	Model    int           `json:"model"`
	Attempts int           `json:"attempts"`
	Failed   int           `json:"failed"`
}

// outages are those of a model: from the begin of the first failure to the begin of
// the attempt that was answered.
func (t *Trace) outages(model int) (all []Outage) {
	var from time.Duration
	run := 0
	end := func(at time.Duration) {
		if run >= outageRun {
			all = append(all, Outage{from, at, model, Any})
		}
		run = 0
	}
	var last time.Duration
	for _, i := range t.ofModel[model] {
		r := &t.rows[i]
		last = r.begin
		switch {
		case r.down():
			if run == 0 {
				from = r.begin
			}
			run++
		case r.works() || run > 0:
			end(r.begin)
		}
	}
	end(last + 1)
	return all
}

// brownouts are stretches in which failures come again and again, between answers.
func (t *Trace) brownouts(model int) (all []Brownout) {
	var b Brownout
	since, row, longest := 0, 0, 0
	end := func() {
		if b.Failed-longest >= brownoutRun {
			all = append(all, b)
		}
		b, longest = Brownout{}, 0
	}
	for _, i := range t.ofModel[model] {
		r := &t.rows[i]
		if b.Failed > 0 {
			since++
		}
		if !r.down() {
			row = 0
			continue
		}
		if row++; since > brownoutGap {
			end()
		}
		if b.Failed == 0 {
			b, since = Brownout{From: r.begin, Model: model}, 1
		}
		b.Attempts, b.Failed, b.To, since = b.Attempts+since, b.Failed+1, r.begin, 0
		if row >= outageRun {
			longest = max(longest, row)
		}
	}
	end()
	return all
}
