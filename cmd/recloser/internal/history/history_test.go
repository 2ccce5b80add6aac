package history

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
)

func TestCallsAreCountedInEveryLevel(t *testing.T) {
	r := newRig(t, Config{})
	r.Attempt(Attempt{At: noon(), Circuit: "a", Kind: fault.Service, Status: 503, Duration: time.Second})
	r.Attempt(Attempt{At: noon(), Circuit: "a", Kind: fault.Success, Duration: 2 * time.Second, Content: time.Second, Input: 7, Output: 5, Retry: true})
	r.Call(Call{At: noon(), Circuit: "a", Retries: 1})
	r.Attempt(Attempt{At: noon(), Circuit: "b", Kind: fault.Success, Duration: 3 * time.Second, Fallback: true})
	r.Call(Call{At: noon(), Circuit: "a", Fallbacks: 1})
	r.Call(Call{At: noon(), Circuit: "a", Refused: true, Saved: 99})
	r.Call(Call{At: noon(), Circuit: "a", Kind: fault.Caller})
	r.write()

	a := report.Counts{Refused: 1, Retries: 1, ByRetry: 1, ByFallback: 1, InputTokens: 7, OutputTokens: 5, SavedTokens: 99}
	a.Attempts[fault.Service], a.Attempts[fault.Success] = 1, 1
	a.Calls[fault.Success], a.Calls[fault.Caller] = 2, 1
	b := report.Counts{Fallbacks: 1}
	b.Attempts[fault.Success] = 1
	for _, reopened := range []bool{false, true} {
		if reopened {
			r = r.again()
		}
		for _, l := range onDisk {
			cells, err := r.Cells(t.Context(), noon(), noon().Add(time.Second), l.span, "")
			if err != nil || len(cells) != 2 {
				t.Fatalf("%v: %v, %v", l.span, cells, err)
			}
			for i, want := range []report.Counts{a, b} {
				c := &cells[i]
				if c.Circuit != "ab"[i:i+1] || c.Counts != want || c.Span != l.span || !c.Start.Equal(noon().Truncate(l.span)) {
					t.Errorf("%v, reopened %v: %+v", l.span, reopened, c)
				}
			}
			if got := cells[0].Latency.Quantile(1); cells[0].Latency.Count() != 1 || got < 1950*time.Millisecond || got > 2050*time.Millisecond {
				t.Errorf("latency %v", got)
			}
			if cells[0].Content.Count() != 1 || cells[1].Content.Count() != 0 {
				t.Error("only what streamed has a time to the first content")
			}
			total, err := r.Total(t.Context(), noon(), noon().Add(time.Second), l.span)
			sum := a
			sum.Add(&b)
			if err != nil || len(total) != 1 || total[0].Counts != sum || total[0].Circuit != "" || total[0].Latency.Count() != 2 {
				t.Errorf("total: %v, %v", total, err)
			}
		}
	}
}

// After a restart the slots that were begun go on.
func TestOpenSlotsGoOn(t *testing.T) {
	r := newRig(t, Config{})
	want := [levelCount]int{}
	starts := [levelCount]map[time.Time]bool{}
	for i := range 200 {
		r.Attempt(success(r.clock.now(), "a"))
		for lv, l := range onDisk {
			if starts[lv] == nil {
				starts[lv] = map[time.Time]bool{}
			}
			starts[lv][r.clock.now().Truncate(l.span)] = true
			want[lv] = len(starts[lv])
		}
		r.clock.add(7 * time.Second)
		if i%20 == 0 {
			r = r.again()
		}
	}
	r.write()
	for lv, l := range onDisk {
		cells, err := r.Cells(t.Context(), noon(), r.clock.now(), l.span, "a")
		if err != nil || len(cells) != want[lv] || r.attempts(l.span, "a") != 200 || r.attempts(l.span, "") != 200 {
			t.Errorf("%v: %d cells instead of %d with %d attempts, %v", l.span, len(cells), want[lv], r.attempts(l.span, "a"), err)
		}
	}
}

func TestClockBackwards(t *testing.T) {
	r := newRig(t, Config{})
	for _, jump := range []time.Duration{0, time.Second, -time.Minute, time.Hour, -3 * time.Hour, 2 * day, -2 * day, time.Second, -time.Second} {
		r.clock.add(jump)
		for range 5 {
			r.Attempt(success(r.clock.now(), "a"))
			r.Call(Call{At: r.clock.now(), Circuit: "a"})
		}
		r.Event(report.Event{Kind: report.CircuitEvent, Circuit: "a", From: "closed", To: "open"})
		r.write()
	}
	r = r.again()
	for _, l := range onDisk {
		if n := r.attempts(l.span, "a"); n != 45 {
			t.Errorf("%v: %d of 45 attempts", l.span, n)
		}
		cells, err := r.Total(t.Context(), noon().Add(-10*day), noon().Add(10*day), l.span)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(cells); i++ {
			if !cells[i-1].Start.Before(cells[i].Start) {
				t.Errorf("%v: a slot twice, or out of order: %v, %v", l.span, cells[i-1].Start, cells[i].Start)
			}
		}
	}
	events := r.events(noon().Add(-10*day), noon().Add(10*day))
	for i, e := range events {
		if e.ID != int64(i+1) {
			t.Errorf("event %d has ID %d", i, e.ID)
		}
	}
	if len(events) != 9 {
		t.Errorf("%d of 9 events", len(events))
	}
}

func TestOddTimes(t *testing.T) {
	r := newRig(t, Config{})
	for _, at := range []time.Time{{}, time.Unix(-1, 0), time.Unix(-3600*24*365*100, 0), time.Unix(1<<40, 0), time.Unix(1<<62, 0)} {
		r.Attempt(success(at, "a"))
		r.Call(Call{At: at, Circuit: ""})
	}
	r.Attempt(Attempt{At: noon(), Circuit: "a", Kind: 200, Duration: -5, Input: -1, Output: -1})
	r.write()
	cells, err := r.Cells(t.Context(), time.Unix(-1<<40, 0), time.Unix(1<<40, 0), day, "")
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for _, c := range cells {
		n += c.Attempts[fault.Success] + c.Attempts[fault.Service]
	}
	if n != 6 {
		t.Errorf("%d of 6 attempts: %v", n, cells)
	}
}

func TestEvents(t *testing.T) {
	r := newRig(t, Config{})
	at := func(s int) time.Time { return noon().Add(time.Duration(s) * time.Second) }
	full := report.Event{
		At: at(20), Kind: report.CircuitEvent, Circuit: "a", Seq: 1 << 63, From: "closed", To: "open", Mode: "observe", Reason: "consecutive",
		Why: "5 in a row", Cause: "5 × 503", Failures: 5, Down: at(19), Until: at(50), Openings: 2, Actor: "",
	}
	for _, e := range []report.Event{
		{At: at(0), Kind: report.StartEvent},
		{At: at(1), Kind: report.CircuitEvent, Circuit: "a", To: "open"},
		{At: at(2), Kind: report.CircuitEvent, Circuit: "a", To: "half-open"},
		{At: at(3), Kind: report.CircuitEvent, Circuit: "b", To: "open"},
		{At: at(4), Kind: report.GateEvent, Circuit: "b", Key: "k", To: "closed"},
		full,
		{At: at(21), Kind: report.OperatorEvent, Circuit: "a", Actor: "127.0.0.1"},
		{At: at(22), Kind: report.StopEvent},
	} {
		r.Event(e)
	}
	r.write()
	for _, c := range []struct {
		from, to int
		kinds    []report.EventKind
		want     []int64
	}{
		{-10, 100, nil, []int64{1, 2, 3, 4, 5, 6, 7, 8}},
		{-10, 0, nil, nil},
		{10, 21, nil, []int64{1, 3, 4, 6}},
		{10, 21, []report.EventKind{report.CircuitEvent}, []int64{3, 4, 6}},
		{20, 22, []report.EventKind{report.OperatorEvent, report.GateEvent}, []int64{7}},
		{30, 40, nil, []int64{4, 6, 8}},
		{30, 40, []report.EventKind{report.StartEvent}, []int64{8}},
	} {
		events, err := r.Events(t.Context(), at(c.from), at(c.to), c.kinds...)
		var got []int64
		for _, e := range events {
			got = append(got, e.ID)
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d to %d of %v: %v, want %v; %v", c.from, c.to, c.kinds, got, c.want, err)
		}
	}
	full.ID = 6
	if got := r.events(at(20), at(21)); !reflect.DeepEqual(got[len(got)-1], full) {
		t.Errorf("got  %+v\nwant %+v", got[len(got)-1], full)
	}
	r = r.again()
	r.Event(report.Event{At: at(30), Kind: report.StartEvent, Why: string(make([]byte, 5000))})
	r.write()
	if got := r.events(at(30), at(31)); got[len(got)-1].ID != 9 || len(got[len(got)-1].Why) > maxText {
		t.Errorf("after a restart %+v", got)
	}
}

// An event is on the disk soon, with a snapshot that is as new.
func TestEventsAreOnDiskSoon(t *testing.T) {
	r := newRig(t, Config{Flush: time.Hour})
	beside, err := Read(t.Context(), r.cfg.Path, r.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	best := time.Hour
	for i := range 5 { // the machine may be busy: one of them must be quick
		begin := time.Now()
		r.Event(report.Event{Kind: report.CircuitEvent, Circuit: "a", To: "open"})
		until(t, "the event", func() bool {
			events, err := beside.Events(t.Context(), noon(), noon().Add(1))
			if err != nil {
				t.Fatal(err)
			}
			return len(events) == i+1
		})
		best = min(best, time.Since(begin))
	}
	if best > 150*time.Millisecond {
		t.Errorf("%v at best", best)
	}
}

func TestCircuitsAreBounded(t *testing.T) {
	r := newRig(t, Config{CircuitMax: 3})
	for _, name := range []string{"a", "b", "c", "d", "e", "a"} {
		r.Attempt(success(noon(), name))
	}
	r = r.again()
	r.Attempt(success(noon(), "f")) // in a new process there is room in memory, but not in the file
	r.write()
	names, err := r.Circuits(t.Context())
	if err != nil || !reflect.DeepEqual(names, []string{Other, "a", "b", "c"}) {
		t.Errorf("%v, %v", names, err)
	}
	if n := r.attempts(day, Other); n != 3 {
		t.Errorf("%d of 3 attempts at others", n)
	}
}

func TestBounds(t *testing.T) {
	r := newRig(t, Config{})
	first, last, err := r.Bounds(t.Context())
	if !first.IsZero() || !last.IsZero() || err != nil {
		t.Errorf("of nothing: %v to %v, %v", first, last, err)
	}
	begin := noon().Add(3*time.Minute + 20*time.Second)
	r.Attempt(success(begin, "a"))
	r.Attempt(success(begin.Add(time.Hour), "a"))
	r.write()
	first, last, err = r.Bounds(t.Context())
	if !first.Equal(begin) || !last.Equal(begin.Add(time.Hour+10*time.Second)) || err != nil {
		t.Errorf("%v to %v, %v", first, last, err)
	}
	r.Event(report.Event{At: noon(), Kind: report.StartEvent})
	r.Event(report.Event{At: noon().Add(5 * time.Hour), Kind: report.StopEvent})
	r.write()
	first, last, err = r.Bounds(t.Context())
	if !first.Equal(noon()) || !last.Equal(noon().Add(5*time.Hour)) || err != nil {
		t.Errorf("%v to %v, %v", first, last, err)
	}
}

func TestSpanIsChosen(t *testing.T) {
	r := newRig(t, Config{})
	for _, c := range []struct{ ago, long, want time.Duration }{
		{time.Hour, time.Hour, 10 * time.Second},
		{6 * time.Hour, 6 * time.Hour, 10 * time.Second},
		{7 * time.Hour, time.Hour, time.Minute},
		{day, day, time.Minute},
		{7 * day, 7 * day, time.Hour},
		{90 * day, 90 * day, time.Hour},
		{180 * day, 180 * day, day},
		{1000 * day, time.Hour, day},
	} {
		from := noon().Add(-c.ago)
		lv, err := r.level(from, from.Add(c.long), 0)
		if err != nil || onDisk[lv].span != c.want {
			t.Errorf("%v for %v: %v, want %v", c.ago, c.long, onDisk[lv].span, c.want)
		}
	}
	if _, err := r.Cells(t.Context(), noon(), noon(), time.Second, ""); err == nil {
		t.Error("cells of 1 s")
	}
}

func TestFilesAreForTheOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such permissions")
	}
	path := filepath.Join(t.TempDir(), "new", "deep", "recloser.db")
	newRig(t, Config{Path: path})
	for _, c := range []struct {
		path string
		want os.FileMode
	}{{filepath.Dir(path), 0o700}, {path, 0o600}, {path + "-wal", 0o600}, {path + "-shm", 0o600}, {path + ".lock", 0o600}} {
		info, err := os.Stat(c.path)
		if err != nil || info.Mode().Perm() != c.want {
			t.Errorf("%s: %v, %v", c.path, info.Mode(), err)
		}
	}
}

// Everything that came is counted exactly, whoever comes from wherever.
func TestConcurrent(t *testing.T) {
	r := newRig(t, Config{Flush: time.Millisecond, Record: true, Now: time.Now})
	const callers, each = 16, 3000
	names := []string{"a", "b", "c"}
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			for n := range each {
				name := names[(i+n)%len(names)]
				r.Attempt(Attempt{Circuit: name, Duration: time.Duration(n+1) * time.Millisecond, Call: uint64(n), Input: 2, Number: 1})
				r.Call(Call{Circuit: name})
				if n%500 == 0 {
					r.Event(report.Event{Kind: report.CircuitEvent, Circuit: name})
					r.Status()
				}
			}
		})
	}
	stop := make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := r.Total(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour), time.Minute); err != nil {
				t.Error(err)
				return
			}
		}
	})
	all.Wait()
	close(stop)
	reading.Wait()
	r.close()
	read, err := Read(t.Context(), r.cfg.Path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	for _, l := range onDisk {
		for _, ask := range []func() ([]report.Cell, error){
			func() ([]report.Cell, error) { return read.Cells(t.Context(), from, to, l.span, "") },
			func() ([]report.Cell, error) { return read.Total(t.Context(), from, to, l.span) },
		} {
			cells, err := ask()
			if err != nil {
				t.Fatal(err)
			}
			var sum sums
			for i := range cells {
				sum.merge(&sums{cells[i].Counts, cells[i].Latency, cells[i].Content})
			}
			if n := int64(callers * each); sum.Attempts[fault.Success] != n || sum.Calls[fault.Success] != n || sum.InputTokens != 2*n || sum.latency.Count() != n {
				t.Errorf("%v: %+v", l.span, sum.Counts)
			}
		}
	}
	n := 0
	for _, err := range read.Attempts(t.Context(), from, to) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	events, err := read.Events(t.Context(), from, to)
	if n != callers*each || len(events) != callers*each/500 || err != nil {
		t.Errorf("%d attempts, %d events, %v", n, len(events), err)
	}
}

func TestAttemptAndCallDoNotAllocate(t *testing.T) {
	for _, record := range []bool{false, true} {
		m := newMeter(Config{Record: record}.withDefaults())
		a, c := success(noon(), "upstream/model"), Call{At: noon(), Circuit: "upstream/model"}
		use := func() {
			for range 1000 {
				m.attempt(&a)
				m.call(&c)
			}
		}
		drop := func() { m.gather(func(string, *delta) {}, func([]Attempt, int64) {}) }
		for range 4 {
			use()
			drop()
		}
		if n := testing.AllocsPerRun(100, func() { use(); drop() }); n > 1 {
			t.Errorf("record %v: %v allocations for 1,000 attempts and calls", record, n)
		}
	}
}

func TestSQLiteIsNewEnough(t *testing.T) {
	r := newRig(t, Config{})
	var version, mode string
	var sync, vacuum int
	db := r.f.conn
	if err := db.QueryRowContext(t.Context(), "SELECT sqlite_version()").Scan(&version); err != nil {
		t.Fatal(err)
	}
	db.QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode)
	db.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&sync)
	db.QueryRowContext(t.Context(), "PRAGMA auto_vacuum").Scan(&vacuum)
	if !atLeast(version, 3, 51, 3) || mode != "wal" || sync != 2 || vacuum != 2 {
		t.Errorf("SQLite %s (below 3.51.3 it loses writes), journal %s, synchronous %d, auto_vacuum %d", version, mode, sync, vacuum)
	}
}

func TestCloseIsTheEnd(t *testing.T) {
	r := newRig(t, Config{})
	r.Attempt(success(noon(), "a"))
	r.close()
	r.close()
	r.Attempt(success(noon(), "a"))
	r.Call(Call{})
	r.Event(report.Event{})
	if _, err := r.Cells(t.Context(), noon(), noon(), day, ""); err == nil {
		t.Error("it still answers")
	}
	if _, err := r.Secret(t.Context(), "x", 3); err == nil {
		t.Error("it still keeps secrets")
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if exists(r.cfg.Path + suffix) {
			t.Errorf("%s is left", suffix)
		}
	}
	h, err := Open(t.Context(), Config{Path: r.cfg.Path})
	if err != nil {
		t.Fatal(err)
	}
	h.Close(t.Context())
}
