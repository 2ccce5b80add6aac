package dashboard

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/recloser/recloser/breaker"
)

const (
	scanTime   = 250 * time.Millisecond // between two looks at all circuits
	rowTime    = time.Millisecond       // that each row sent adds to it, so that many go out less often
	maxBacklog = 1000                   // events for those who come back,
	maxKept    = 4 << 20                // and their bytes: more than that is slower than the whole picture
	maxViewers = 1000
)

// frame is an event as it goes over the wire.
type frame struct {
	seq   uint64
	text  []byte
	whole bool // it takes the place of everything before
}

func newFrame(seq uint64, kind string, data []byte) *frame {
	b := make([]byte, 0, len(data)+64)
	b = append(strconv.AppendUint(append(b, "id: "...), seq, 10), "\nevent: "...)
	b = append(append(append(b, kind...), "\ndata: "...), data...)
	return &frame{seq, append(b, "\n\n"...), kind == "overview"}
}

// feed makes the events, once for all viewers. Its goroutine runs while there are any.
type feed struct {
	d       *Dashboard
	news    *news
	encoded atomic.Int64 // events and overviews made so far

	joining sync.Mutex // held by who starts the goroutine, and does its work before

	mu      sync.Mutex
	viewers map[*viewer]struct{}
	seq     uint64
	backlog []*frame // the latest events, at most maxBacklog and maxKept
	kept    int      // bytes of them
	running bool
	closed  bool
	closing chan struct{}
	streams sync.WaitGroup

	overviews sync.Mutex // held by who makes one
	last      *frame
	made      time.Time

	known knowledge
}

// knowledge is what viewers were told. It belongs to the goroutine, or while there is
// none to who is about to start it.
type knowledge struct {
	rows   map[string]told
	gates  []gateOf
	alerts []alertBrief
	whole  whole
	seed   maphash.Seed
	sums   sums
}

// whole is what only an overview tells.
type whole struct {
	known, bypass bool
	history       string
}

// told is a row that viewers have.
type told struct {
	key    rowKey
	text   uint64 // its hash
	active bool
}

// newFeed returns one without viewers. Its numbers go on where those of an earlier
// process ended, so that who comes back after a restart is not taken for one who
// has seen everything.
func newFeed(d *Dashboard) *feed {
	return &feed{
		d: d, news: &d.cfg.Live.news, viewers: make(map[*viewer]struct{}), closing: make(chan struct{}),
		seq:   uint64(max(d.cfg.Now().Unix(), 0)) * 1_000_000, //nolint:gosec // not negative; below 2^53, as JavaScript needs it
		known: knowledge{rows: make(map[string]told), seed: maphash.MakeSeed()},
	}
}

// run makes events until nobody looks.
func (f *feed) run() {
	timer := time.NewTimer(scanTime)
	defer timer.Stop()
	for {
		scan := false
		select {
		case <-f.news.wake:
		case <-timer.C:
			scan = true
		case <-f.closing:
		}
		if !f.wanted() {
			return
		}
		if n := f.tell(scan); scan {
			timer.Reset(max(scanTime, time.Duration(n)*rowTime))
		}
	}
}

// wanted reports whether somebody looks; if not, the goroutine has to end.
func (f *feed) wanted() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = len(f.viewers) > 0 && !f.closed
	return f.running
}

// tell makes events of what has happened, and, with scan, of all that has changed. It
// returns how many rows it has sent.
func (f *feed) tell(scan bool) (rows int) {
	now := f.d.cfg.Now()
	news := f.news.take()
	if news.lost {
		f.forget()
	}
	circuits := make(map[string]bool)
	for _, i := range news.items {
		f.publish(i.kind, i.data)
		circuits[i.circuit] = true
	}
	f.tellWhole()
	if scan || len(circuits) > 0 {
		rows = f.tellRows(now, func(b *breaker.Breaker) bool { return scan || circuits[b.Name()] })
	}
	if scan || news.gates {
		f.tellGates()
	}
	if scan || news.alerts {
		f.tellAlerts()
	}
	return rows
}

// tellWhole sends an overview when something has changed that is only there.
func (f *feed) tellWhole() {
	is := whole{true, f.d.cfg.Guard.Circuits().Bypassed(), f.d.health().State}
	if was := f.known.whole; was.known && was != is {
		f.publish("overview", f.d.makeOverview(f.at(), f.d.cfg.Now()))
	}
	f.known.whole = is
}

// at is the number of the last event.
func (f *feed) at() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seq
}

// tellRows sends the rows that are not as viewers have them, of the circuits wanted.
func (f *feed) tellRows(now time.Time, wanted func(*breaker.Breaker) bool) int {
	var rows [][]byte
	for _, b := range f.d.cfg.Guard.Circuits().All() {
		if !wanted(b) {
			continue
		}
		if text := f.changed(b, now); text != nil {
			rows = append(rows, text)
		}
	}
	if len(rows) > 0 {
		f.send("rows", append(append([]byte{'['}, bytes.Join(rows, []byte{','})...), ']'))
	}
	return len(rows)
}

// changed returns the row of a circuit, or nil if viewers have it.
func (f *feed) changed(b *breaker.Breaker, now time.Time) []byte {
	was, known := f.known.rows[b.Name()]
	is := told{key: f.d.key(b, now, was.active)}
	if known && is.key == was.key {
		return nil
	}
	r := f.d.row(b, now, &f.known.sums)
	text, err := json.Marshal(r)
	if err != nil {
		return nil // there is nothing in it that cannot be encoded
	}
	is.active, is.text = r.active, maphash.Bytes(f.known.seed, text)
	f.known.rows[b.Name()] = is
	if known && is.text == was.text {
		return nil
	}
	return text
}

func (f *feed) tellGates() {
	gates := f.d.gates()
	if slices.Equal(gates, f.known.gates) {
		return
	}
	f.known.gates = gates
	f.publish("gates", gates)
}

// tellAlerts sends them when more has changed than figures in their titles, which do so
// all the time.
func (f *feed) tellAlerts() {
	alerts := f.d.briefs()
	if slices.EqualFunc(alerts, f.known.alerts, alertBrief.same) {
		return
	}
	f.known.alerts = alerts
	f.publish("alerts", alerts)
}

func (f *feed) publish(kind string, v any) {
	if data, err := json.Marshal(v); err == nil { // there is nothing that cannot be encoded
		f.send(kind, data)
	}
}

// send gives an event to all viewers. Who has no room for it loses his place.
func (f *feed) send(kind string, data []byte) {
	f.encoded.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	e := newFrame(f.seq, kind, data)
	f.keep(e)
	for v := range f.viewers {
		select {
		case v.queue <- e:
		default:
			f.lose(v)
		}
	}
}

// keep keeps an event for those who come back. A copy is made now and then, instead
// of each time.
func (f *feed) keep(e *frame) {
	f.backlog, f.kept = append(f.backlog, e), f.kept+len(e.text)
	first := 0
	for len(f.backlog)-first > maxBacklog || f.kept > maxKept && first < len(f.backlog) {
		f.kept -= len(f.backlog[first].text)
		f.backlog[first] = nil // its memory is given back
		first++
	}
	f.backlog = f.backlog[first:]
	if cap(f.backlog) > 4*maxBacklog {
		f.backlog = slices.Clone(f.backlog)
	}
}

// forget makes all who come back begin with the whole picture.
func (f *feed) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	f.backlog, f.kept = nil, 0
	for v := range f.viewers {
		f.lose(v)
	}
}

// lose takes a viewer's place, who has to begin anew.
func (f *feed) lose(v *viewer) {
	delete(f.viewers, v)
	close(v.dropped)
}

// overview returns the whole picture as an event. One that is as new as the last
// event, and not old, serves all who come at that time.
func (f *feed) overview() *frame {
	f.overviews.Lock()
	defer f.overviews.Unlock()
	seq, now := f.at(), f.d.cfg.Now()
	if f.last != nil && f.last.seq == seq && now.Sub(f.made) < scanTime && !now.Before(f.made) {
		return f.last
	}
	body, err := json.Marshal(f.d.makeOverview(seq, now))
	if err != nil {
		body = []byte(`{}`) // there is nothing in it that cannot be encoded
	}
	f.encoded.Add(1)
	f.last, f.made = newFrame(seq, "overview", body), now
	return f.last
}
