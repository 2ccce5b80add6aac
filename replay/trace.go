package replay

import (
	"cmp"
	"errors"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
)

// TraceConfig says how to read a trace.
type TraceConfig struct {
	// Ended: records stand at the moment when the attempt ended, as in the logs of
	// clients, and it began earlier by its latency. Otherwise they stand at its begin.
	Ended bool
}

// Trace is a recorded traffic, to be replayed by the begin of its attempts. It does
// not change and may be shared.
//
// Of an attempt that is made when it was made, the record is the fact. Records of
// one call are folded: the request arrives with the first, and its retries are the
// client's, which find the call's further records if they come within a second of
// them. A record without a call is a request of its own that is not tried again, as
// the retries of its client are further records: what they would have been
// otherwise nobody knows.
//
// All other attempts are guessed: retries that were not made, and calls that
// have waited for more than a second. See [Guess].
type Trace struct {
	rows    []row // by begin
	models  []string
	ofModel [][]int32 // rows by model
	typical []typical // by model
	first   []int32   // row of each request
	facts   TraceFacts
}

// TraceFacts are what a trace tells by itself.
type TraceFacts struct {
	Records   int           `json:"records"`
	Requests  int           `json:"requests"` // calls, where it tells them
	Models    int           `json:"models"`
	Length    time.Duration `json:"length"` // from the first begin to the last
	Answered  int           `json:"answered"`
	Failed    int           `json:"failed"`     // by the service
	Limited   int           `json:"limited"`    // 429
	Aside     int           `json:"aside"`      // the caller's mistakes, and what it cancelled
	NoLatency int           `json:"no_latency"` // of how many the latency is not told, and taken to be that of others
	Outages   []Outage      `json:"outages,omitempty"`
	Brownouts []Brownout    `json:"brownouts,omitempty"`
}

// row is a record, made small.
type row struct {
	begin, took, content, after time.Duration
	next                        int32 // record of the same call; -1: none
	model                       int32
	status                      int16
	class                       breaker.Class
	folded                      bool // it is the first of a call
	unreached, final            bool
}

func (r *row) answer() Answer {
	return Answer{
		Class: r.class, Status: max(int(r.status), 0), Took: r.took, Content: r.content, RetryAfter: r.after,
		Unreached: r.unreached, Final: r.final,
	}
}

// works reports whether the service did what it could.
func (r *row) works() bool { return r.class == breaker.Answer || r.class == breaker.Nothing }

// limited reports whether it met a limit of rate.
func (r *row) limited() bool { return r.class == breaker.Quota }

// down reports whether it is a failure of the service.
func (r *row) down() bool { return r.class == breaker.QuickFailure || r.class == breaker.Hang }

// maxRows bounds a trace.
const maxRows = math.MaxInt32

// ReadTrace takes in all records; their order does not matter. It returns the first
// error that they come with.
func ReadTrace(records iter.Seq2[Record, error], cfg TraceConfig) (*Trace, error) {
	t, calls := &Trace{}, map[string]int32{}
	models := map[string]int32{}
	var call []int32 // by row; 0: none
	for r, err := range records {
		switch {
		case err != nil:
			return nil, err
		case len(t.rows) == maxRows:
			return nil, errors.New("replay: a trace may have 2147483647 records")
		}
		model, ok := models[r.Model]
		if !ok {
			model = int32(len(t.models))
			models[r.Model], t.models = model, append(t.models, r.Model)
		}
		t.rows = append(t.rows, row{
			begin: r.At, took: r.Latency, content: r.Content, after: r.RetryAfter, model: model, status: int16(min(r.Status, 999)),
			class: classOf(r.Kind, r.Status), unreached: r.Unreached, final: r.Kind == fault.Quota,
		})
		call = append(call, 0)
		if r.Call != "" {
			id, ok := calls[r.Call]
			if !ok {
				id = int32(len(calls) + 1)
				calls[r.Call] = id
			}
			call[len(call)-1] = id
		}
	}
	t.prepare(cfg, call, len(calls))
	return t, nil
}

// prepare orders the rows and finds what belongs together.
func (t *Trace) prepare(cfg TraceConfig, call []int32, calls int) {
	t.guessTimes()
	order := make([]int32, len(t.rows))
	for i := range t.rows {
		order[i] = int32(i)
		if r := &t.rows[i]; cfg.Ended {
			r.begin -= r.took
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(t.rows[a].begin, t.rows[b].begin) })
	sorted := make([]row, len(t.rows))
	latest := make([]int32, calls+1) // row of each call, counted from 1
	t.ofModel = make([][]int32, len(t.models))
	for i, was := range order {
		sorted[i] = t.rows[was]
		r := &sorted[i]
		r.begin, r.next = r.begin-t.rows[order[0]].begin, -1
		t.ofModel[r.model] = append(t.ofModel[r.model], int32(i))
		if id := call[was]; id > 0 {
			if before := latest[id]; before > 0 {
				sorted[before-1].next = int32(i)
				latest[id] = int32(i) + 1
				continue
			}
			latest[id], r.folded = int32(i)+1, true
		}
		t.first = append(t.first, int32(i))
	}
	t.rows = sorted
	t.count()
}

func (t *Trace) count() {
	f := &t.facts
	f.Records, f.Requests, f.Models = len(t.rows), len(t.first), len(t.models)
	if n := len(t.rows); n > 0 {
		f.Length = t.rows[n-1].begin
	}
	for i := range t.rows {
		switch t.rows[i].class {
		case breaker.Answer:
			f.Answered++
		case breaker.Quota:
			f.Limited++
		case breaker.Nothing:
			f.Aside++
		default:
			f.Failed++
		}
	}
	for m := range t.models {
		f.Outages = append(f.Outages, t.outages(m)...)
		f.Brownouts = append(f.Brownouts, t.brownouts(m)...)
	}
}

// Facts are what the trace tells by itself.
func (t *Trace) Facts() TraceFacts { return t.facts }

// Models are the names that the numbers of models stand for.
func (t *Trace) Models() []string { return slices.Clone(t.models) }
