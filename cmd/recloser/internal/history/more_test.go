package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
)

func collect(t *testing.T, r *Reader, from, to time.Time) (list []Attempt) {
	t.Helper()
	for a, err := range r.Attempts(t.Context(), from, to) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, a)
	}
	return list
}

func TestAttemptsAreRecorded(t *testing.T) {
	r := newRig(t, Config{Record: true, Flush: time.Hour})
	luck := rand.New(rand.NewPCG(1, 2))
	var want []Attempt
	for i := range 5000 {
		a := Attempt{
			At: noon().Add(time.Duration(luck.Int64N(int64(10 * time.Minute)))), Circuit: fmt.Sprint("c", i%7),
			Kind: fault.Kind(luck.IntN(8)), Status: luck.IntN(600), Duration: time.Duration(luck.Int64N(1e12)), Content: time.Duration(luck.Int64N(1e10)),
			Input: luck.Int64N(1e6), Output: luck.Int64N(1e4), Call: luck.Uint64(), Number: i % 4, Retry: i%3 == 0, Fallback: i%5 == 0,
		}
		if i%100 == 0 {
			a = Attempt{At: a.At, Circuit: "bare"}
		}
		r.Attempt(a)
		want = append(want, a)
		if i%700 == 0 {
			r.write()
		}
	}
	r.write()
	slices.SortFunc(want, func(a, b Attempt) int { return a.At.Compare(b.At) })
	if got := collect(t, r.Reader, noon(), noon().Add(time.Hour)); !reflect.DeepEqual(got, want) {
		t.Fatalf("%d attempts, not the same as the %d", len(got), len(want))
	}
	from, to := noon().Add(2*time.Minute), noon().Add(3*time.Minute)
	want = slices.DeleteFunc(want, func(a Attempt) bool { return a.At.Before(from) || !a.At.Before(to) })
	if got := collect(t, r.Reader, from, to); !reflect.DeepEqual(got, want) {
		t.Fatalf("%d attempts of a minute, not the same as the %d", len(got), len(want))
	}
	for range r.Attempts(t.Context(), from, to) {
		break // and nothing is left open
	}
	unrecorded := newRig(t, Config{})
	unrecorded.Attempt(success(noon(), "a"))
	unrecorded.write()
	if got := collect(t, unrecorded.Reader, noon(), noon().Add(time.Hour)); got != nil {
		t.Errorf("recorded: %v", got)
	}
}

// tidyAll deletes all that is too old.
func (r *rig) tidyAll() {
	r.t.Helper()
	r.disk.Lock()
	defer r.disk.Unlock()
	r.tidier = tidier{}
	for first := true; first || len(r.tidier.todo) > 0; first = false {
		r.tidy(r.t.Context())
	}
}

func TestRecordsAreBounded(t *testing.T) {
	r := newRig(t, Config{Record: true, RecordMax: 30, RecordKeep: time.Hour, Flush: time.Hour})
	count := func() int { return len(collect(t, r.Reader, noon(), noon().Add(day))) }
	for range 100 {
		r.Attempt(success(r.clock.now(), "a"))
		r.clock.add(time.Minute)
		r.write()
	}
	r.tidyAll()
	if n := count(); n < 10 || n > 30 {
		t.Errorf("%d of at most 30", n)
	}
	r.clock.add(50 * time.Minute)
	r.tidyAll()
	if n := count(); n != 9 && n != 10 {
		t.Errorf("%d of the last hour", n)
	}
}

func TestWhatIsOldIsDeleted(t *testing.T) {
	r := newRig(t, Config{Flush: time.Hour, EventMax: 300})
	for i := range 7000 {
		r.Attempt(success(r.clock.now(), "b"))
		if i%5 == 0 {
			r.Event(report.Event{At: r.clock.now(), Kind: report.CircuitEvent, Circuit: "a"})
		}
		r.clock.add(2 * time.Minute)
		if i%1000 == 0 {
			r.write()
		}
	}
	r.write()
	before := r.f.size()
	r.tidyAll()
	for i, l := range onDisk {
		cells, err := r.Cells(t.Context(), noon(), r.clock.now(), l.span, "b")
		if err != nil || len(cells) == 0 {
			t.Fatalf("%v: %v", l.span, err)
		}
		age := r.clock.now().Sub(cells[0].Start)
		whole := r.clock.now().Sub(noon())
		if want := l.keep; want > 0 && want < whole && (age > want+l.span || age < want-l.span) || (want == 0 || want > whole) && age < whole-l.span {
			t.Errorf("level %d: goes back %v, want %v", i, age, l.keep)
		}
	}
	if events := r.events(noon(), r.clock.now()); len(events) != 300 || events[299].ID != 1400 {
		t.Errorf("%d events", len(events))
	}
	r.f.conn.ExecContext(t.Context(), "PRAGMA wal_checkpoint(truncate)")
	if after := r.f.size(); after >= before {
		t.Errorf("%d bytes before, %d after", before, after)
	}
}

// The same traffic for longer makes no larger file.
func TestFileStopsGrowing(t *testing.T) {
	r := newRig(t, Config{Flush: time.Hour})
	size := func(hours int) int64 {
		for range hours {
			for range 12 {
				r.Attempt(success(r.clock.now(), "a"))
				r.clock.add(5 * time.Minute)
			}
			r.write()
		}
		r.tidyAll()
		r.f.conn.ExecContext(t.Context(), "PRAGMA wal_checkpoint(truncate)")
		return r.f.size()
	}
	size(24 * 8)
	full := size(24)
	for range 4 {
		if more := size(24); more > full+full/10 {
			t.Errorf("%d bytes, then %d", full, more)
		}
	}
}

func TestSnapshots(t *testing.T) {
	r := newRig(t, Config{Flush: time.Hour})
	var circuits []breaker.Snapshot
	var gates []gate.Snapshot
	r.SetSnapshots(func() ([]breaker.Snapshot, []gate.Snapshot) { return circuits, gates })
	registry, err := breaker.NewRegistry(breaker.RegistryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	save := func() {
		t.Helper()
		r.Event(report.Event{Kind: report.OperatorEvent})
		r.write()
	}
	check := func() {
		t.Helper()
		gotCircuits, gotGates, err := r.Snapshots(t.Context())
		if got, want := asJSON(t, gotCircuits, gotGates), asJSON(t, circuits, gates); err != nil || got != want {
			t.Fatalf("%v\ngot  %s\nwant %s", err, got, want)
		}
	}
	for i := range 5 {
		registry.GetAt(noon(), fmt.Sprint("c", i)).TripAt(noon(), "operator", noon().Add(time.Hour))
	}
	circuits = registry.SnapshotAt(noon())
	gates = []gate.Snapshot{{Metrics: gate.Metrics{Label: "k", Model: "m", RateLimits: 3}, At: noon()}, {Metrics: gate.Metrics{Label: "k", Model: "n"}, At: noon()}}
	save()
	check()
	r = r.again()
	check()
	r.SetSnapshots(func() ([]breaker.Snapshot, []gate.Snapshot) { return circuits, gates })
	circuits, gates = circuits[1:4], gates[:1]
	circuits[0].TotalCalls++
	save()
	check()
	save()
	check()

	// Two of a name are both kept.
	gates = []gate.Snapshot{gates[0], gates[0], gates[0]}
	save()
	save()
	check()

	// One that cannot be read does not hide the others.
	if _, err := r.f.conn.ExecContext(t.Context(), "UPDATE snapshots SET body = x'78' WHERE name = 'c1'"); err != nil {
		t.Fatal(err)
	}
	got, _, err := r.Snapshots(t.Context())
	if err == nil || !strings.Contains(err.Error(), "c1") || len(got) != 2 {
		t.Errorf("%d, %v", len(got), err)
	}
}

func asJSON(t *testing.T, values ...any) string {
	t.Helper()
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSecret(t *testing.T) {
	r := newRig(t, Config{})
	secret := func(name string, n int) []byte {
		t.Helper()
		b, err := r.Secret(t.Context(), name, n)
		if err != nil || len(b) != n {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		return b
	}
	key := secret("key", 32)
	if bytes.Equal(key, make([]byte, 32)) || bytes.Equal(key, secret("other", 32)) {
		t.Error("not by chance")
	}
	r = r.again()
	if !bytes.Equal(key, secret("key", 32)) {
		t.Error("not kept")
	}
	secret("key", 16)
}

func TestImport(t *testing.T) {
	r := newRig(t, Config{Flush: time.Hour})
	r.Attempt(success(noon(), "a")) // there is a present
	r.write()
	var past sums
	past.Attempts[fault.Success], past.Calls[fault.Success] = 100, 90
	past.latency.Add(time.Second)
	cell := report.Cell{Circuit: "a", Start: noon().Add(-30 * day), Span: time.Hour, Counts: past.Counts, Latency: past.latency}
	items := func(yield func(Item, error) bool) {
		for i := range 30_000 {
			a := success(noon().Add(-time.Duration(i)*time.Second), "a")
			if !yield(Item{Attempt: &a}, nil) || !yield(Item{Call: &Call{At: a.At, Circuit: "a"}}, nil) {
				return
			}
		}
		_ = yield(Item{Cell: &cell}, nil) && yield(Item{Cell: &cell}, nil) &&
			yield(Item{Event: &report.Event{ID: 77, At: noon().Add(-day), Kind: report.StartEvent}}, nil) && yield(Item{}, nil)
	}
	done, err := r.Import(t.Context(), items)
	if want := (Imported{Attempts: 30_000, Calls: 30_000, Cells: 2, Events: 1}); err != nil || done != want {
		t.Fatalf("%+v, %v", done, err)
	}
	for i, want := range []int64{30_001, 30_001, 30_201, 30_201} {
		if i == 0 {
			want = 21_601 // of 6 hours: the rest is no longer kept so finely
		}
		if n := r.attempts(onDisk[i].span, "a"); n != want && (i > 0 || n < want-20 || n > want+20) {
			t.Errorf("%v: %d of %d attempts", onDisk[i].span, n, want)
		}
	}
	if events := r.events(noon().Add(-2*day), noon()); len(events) != 1 || events[0].ID != 1 {
		t.Errorf("%v", events)
	}
	if n := len(collect(t, r.Reader, noon().Add(-day), noon().Add(day))); n != 30_000 {
		t.Errorf("%d recorded", n)
	}
	r.Attempt(success(noon(), "a"))
	r = r.again()
	if n := r.attempts(day, "a"); n != 30_202 {
		t.Errorf("%d attempts", n)
	}
	odd := cell
	odd.Span = time.Second
	for _, bad := range []iter.Seq2[Item, error]{
		func(yield func(Item, error) bool) { yield(Item{Cell: &odd}, nil) },
		func(yield func(Item, error) bool) { yield(Item{}, os.ErrInvalid) },
	} {
		if _, err := r.Import(t.Context(), bad); err == nil {
			t.Error("imported")
		}
	}
}

func TestMemory(t *testing.T) {
	now := newClock(noon())
	h := Memory(Config{Reason: "as asked for", Now: now.now, Record: true, Flush: time.Hour})
	other := Memory(Config{})
	defer other.Close(t.Context())
	h.SetSnapshots(func() ([]breaker.Snapshot, []gate.Snapshot) {
		return []breaker.Snapshot{{Metrics: breaker.Metrics{Name: "a"}}}, nil
	})
	for range 1000 {
		h.Attempt(success(now.now(), "a"))
		now.add(time.Minute)
	}
	h.Event(report.Event{Kind: report.StartEvent})
	if err := h.flush(); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, History: h, clock: now}
	r.tidyAll()
	if s := h.Status(); s.State != InMemory || s.Reason != "as asked for" || s.Size == 0 {
		t.Errorf("%+v", s)
	}
	circuits, _, err := h.Snapshots(t.Context())
	if r.attempts(day, "a") != 1000 || len(circuits) != 1 || err != nil || len(r.events(noon(), noon().Add(day))) != 1 || len(collect(t, h.Reader, noon(), noon().Add(day))) != 1000 {
		t.Errorf("%d attempts, %v, %v", r.attempts(day, "a"), circuits, err)
	}
	if n := r.attempts(time.Minute, "a"); n < 300 || n > 400 {
		t.Errorf("minutes of more than 6 hours: %d", n)
	}
	if _, err := h.Secret(t.Context(), "x", 3); err != nil {
		t.Error(err)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if names, err := other.Circuits(t.Context()); len(names) != 0 || err != nil {
		t.Errorf("shared: %v, %v", names, err)
	}
}

func TestCountsAreEncoded(t *testing.T) {
	var c report.Counts
	v := reflect.ValueOf(&c).Elem()
	n := int64(1)
	for _, f := range v.Fields() {
		if f.Kind() == reflect.Array {
			for j := range f.Len() {
				f.Index(j).SetInt(n)
				n = n*3 + 1
			}
			continue
		}
		f.SetInt(n)
		n = n*2 + 1
	}
	b := appendCounts(nil, &c)
	var back report.Counts
	if err := readCounts(b, &back); err != nil || back != c {
		t.Errorf("%v\n%+v\n%+v", err, back, c)
	}
	if err := readCounts([]byte{31, 5, fieldSaved, 1, 200, 1, 7}, &back); err != nil || back.SavedTokens != c.SavedTokens+1 {
		t.Errorf("unknown fields: %v", err)
	}
	for _, bad := range [][]byte{{1}, {0x80}, {1, 0x80}} {
		if err := readCounts(bad, &back); err == nil {
			t.Errorf("%v makes sense", bad)
		}
	}
}

func FuzzAttemptList(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Add([]byte{255, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := readAttempts(nil, b, noon(), func(id int64) string { return fmt.Sprint(id) })
		if err != nil || len(list) == 0 {
			return
		}
		ids := func(name string) (id int64, err error) { _, err = fmt.Sscan(name, &id); return id, err }
		// The first is written at its own time.
		again, err := appendAttempts(nil, list, ids)
		if err != nil {
			t.Fatal(err)
		}
		back, err := readAttempts(nil, again, list[0].At, func(id int64) string { return fmt.Sprint(id) })
		if err != nil || len(back) != len(list) {
			t.Errorf("%v, %d of %d", err, len(back), len(list))
		}
	})
}
