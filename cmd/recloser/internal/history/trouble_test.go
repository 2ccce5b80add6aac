package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/gate"
)

// A disk that is full, or fails, is said to be, and nothing is lost once it is well.
func TestDiskRecovers(t *testing.T) {
	for _, c := range []struct {
		name, words string
		trouble     func(s *shim, on bool)
	}{
		{"full", "the disk is full", func(s *shim, on bool) { s.full.Store(on) }},
		{"broken", "the disk fails", func(s *shim, on bool) { s.broken.Store(on) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, name := newShim(t)
			r := newRig(t, Config{VFS: name, Record: true})
			r.SetSnapshots(func() ([]breaker.Snapshot, []gate.Snapshot) {
				return []breaker.Snapshot{{Metrics: breaker.Metrics{Name: "a", TotalCalls: r.clock.now().UnixNano()}}}, nil
			})
			use := func() {
				r.clock.add(7 * time.Second)
				r.Attempt(success(r.clock.now(), "a"))
				r.Attempt(success(r.clock.now(), fmt.Sprint("new ", r.clock.now())))
				r.Call(Call{At: r.clock.now(), Circuit: "a"})
				r.Event(report.Event{At: r.clock.now(), Kind: report.CircuitEvent, Circuit: "a"})
			}
			use()
			r.write()
			begin := r.clock.now()
			c.trouble(s, true)
			for range 20 {
				use()
				r.flush()
			}
			status := r.Status()
			if status.State != Degraded || !strings.HasPrefix(status.Reason, c.words) || status.Since.Before(begin) || status.Pending.Events == 0 || status.Dropped != (Loss{}) {
				t.Errorf("in trouble: %+v", status)
			}
			if n := strings.Count(r.log.String(), "level=ERROR"); n != 1 {
				t.Errorf("said %d times:\n%s", n, r.log)
			}
			c.trouble(s, false)
			until(t, "recovery", func() bool { return r.Status().State == Good })
			use()
			r.write()
			if status := r.Status(); status.State != Good || status.Reason != "" || status.Pending != (Backlog{}) || status.Dropped != (Loss{}) || status.Size == 0 || !status.Written.Equal(r.clock.now()) {
				t.Errorf("after: %+v", status)
			}
			for _, l := range onDisk {
				if n := r.attempts(l.span, "a"); n != 22 {
					t.Errorf("%v: %d of 22 attempts", l.span, n)
				}
			}
			if events := r.events(noon(), noon().Add(time.Hour)); len(events) != 22 || events[21].ID != 22 {
				t.Errorf("%d of 22 events", len(events))
			}
			if circuits, _, err := r.Snapshots(t.Context()); err != nil || len(circuits) != 1 || circuits[0].TotalCalls != r.clock.now().UnixNano() {
				t.Errorf("%v, %v", circuits, err)
			}
			if n := len(collect(t, r.Reader, noon(), noon().Add(time.Hour))); n != 44 {
				t.Errorf("%d of 44 records", n)
			}
			var check string
			if r.f.conn.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&check); check != "ok" {
				t.Error(check)
			}
		})
	}
}

// A disk that never answers holds up neither calls nor, for long, the end.
func TestDiskHangs(t *testing.T) {
	s, name := newShim(t)
	r := newRig(t, Config{VFS: name, Flush: 5 * time.Millisecond, QueueCells: 10})
	gate := make(chan struct{})
	s.hang.Store(&gate)
	for i := range 200 {
		at := noon().Add(time.Duration(i) * time.Minute)
		r.Attempt(success(at, "a"))
		r.Call(Call{At: at, Circuit: "a"})
		r.Event(report.Event{At: at, Kind: report.OperatorEvent})
	}
	until(t, "dropping", func() bool { _, lost := r.queue.state(); return lost.Cells > 0 })
	until(t, "the hang", func() bool {
		s := r.health.status(noon(), time.Now().Add(time.Hour))
		return s.State == Degraded && s.Reason == "the disk does not answer"
	})
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := r.Close(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close: %v", err)
	}
	s.hang.Store(nil)
	close(gate)
	<-r.done
}

// What is too much goes, the oldest first and all else before an event, and is counted.
func TestOldestIsDropped(t *testing.T) {
	q := newQueue(Config{QueueEvents: 3, QueueCells: 4, QueueRecords: 16})
	var d delta
	d.call(&Call{})
	d.call(&Call{Refused: true})
	for slot := range int64(5) {
		for _, name := range []string{"a", "b"} {
			d.slot = slot
			q.cell(name, &d)
		}
	}
	want := Loss{Cells: 6, Calls: 12}
	if waiting, lost := q.state(); lost != want || waiting.Cells != 4 || q.waiting.cells[4] == nil || q.waiting.cells[3] == nil {
		t.Errorf("%+v, lost %+v", waiting, lost)
	}
	for i := range 30 {
		q.records([]Attempt{{Number: i}}, 0)
	}
	q.bound()
	want.Records = 14
	if waiting, lost := q.state(); lost != want || waiting.Records != 16 || q.waiting.records[0].Number != 14 {
		t.Errorf("%+v, lost %+v", waiting, lost)
	}
	for range 3 {
		q.event(report.Event{})
	}
	if _, lost := q.state(); lost != want {
		t.Errorf("lost %+v for events that had room", lost)
	}
	q.giveBack(batch{events: []report.Event{{ID: -1}}})
	want = Loss{Events: 1, Cells: 10, Calls: 20, Records: 30}
	if waiting, lost := q.state(); lost != want || waiting != (Backlog{Events: 3}) || q.waiting.events[0].ID != 1 {
		t.Errorf("%+v, lost %+v", waiting, lost)
	}
	m := newMeter(Config{Record: true, QueueRecords: 1}.withDefaults())
	for range 100 {
		m.attempt(&Attempt{Circuit: "a"})
	}
	q = newQueue(Config{QueueEvents: 3, QueueCells: 4, QueueRecords: 16})
	q.gather(m)
	if waiting, lost := q.state(); int64(waiting.Records)+lost.Records != 100 || waiting.Records != m.shards {
		t.Errorf("%+v, lost %+v", waiting, lost)
	}
}

// A damaged file is set aside as it was, and a new one begun.
func TestDamagedFile(t *testing.T) {
	r := newRig(t, Config{})
	for i := range 2000 {
		r.Attempt(success(noon().Add(time.Duration(i)*10*time.Second), "a"))
	}
	r.close()
	whole, err := os.ReadFile(r.cfg.Path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(b []byte) []byte{
		"garbage":   func([]byte) []byte { return bytes.Repeat([]byte("no database "), 1000) },
		"short":     func([]byte) []byte { return []byte("x") },
		"truncated": func(b []byte) []byte { return b[:len(b)/2] },
		"bad page":  func(b []byte) []byte { clear(b[20*4096 : 24*4096]); return b },
		"bad root":  func(b []byte) []byte { clear(b[100:300]); return b },
		"no header": func(b []byte) []byte { clear(b[:16]); return b },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "recloser.db")
			bad := damage(bytes.Clone(whole))
			for _, to := range []string{path + ".corrupt-20260304T120000", path + ".corrupt-20260304T120000.2"} {
				if err := os.WriteFile(path, bad, 0o600); err != nil {
					t.Fatal(err)
				}
				r := newRig(t, Config{Path: path})
				if kept, err := os.ReadFile(to); err != nil || !bytes.Equal(kept, bad) {
					t.Errorf("set aside: %v, %d bytes of %d", err, len(kept), len(bad))
				}
				if s := r.Status(); s.State != Good || s.SetAside != to || !strings.Contains(r.log.String(), "set aside") {
					t.Errorf("%+v\n%s", s, r.log)
				}
				if r.attempts(day, "a") != 0 {
					t.Error("the new file has a past")
				}
				r.Attempt(success(noon(), "a"))
				r.write()
				if r.attempts(day, "a") != 1 {
					t.Error("it does not count")
				}
				r.close()
			}
		})
	}
}

// One that is damaged while it is in use is set aside then, and what waits goes into
// the new one.
func TestFileIsDamagedInUse(t *testing.T) {
	r := newRig(t, Config{Flush: time.Hour})
	r.Event(report.Event{Kind: report.StartEvent})
	r.write()
	if _, err := r.f.conn.ExecContext(t.Context(), "PRAGMA wal_checkpoint(truncate)"); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(r.cfg.Path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := file.Stat()
	file.WriteAt(bytes.Repeat([]byte{0xee}, int(info.Size())-4096), 4096)
	file.Close()
	r.f.conn.ExecContext(t.Context(), "PRAGMA shrink_memory")
	r.Attempt(success(noon(), "a"))
	r.Event(report.Event{Kind: report.CircuitEvent, Circuit: "a"})
	r.write()
	events := r.events(noon(), noon().Add(1))
	if s := r.Status(); s.State != Good || s.SetAside == "" || r.attempts(day, "a") != 1 || len(events) != 1 || events[0].ID != 2 {
		t.Errorf("%+v, %v\n%s", s, events, r.log)
	}
}

func TestFileIsDeletedInUse(t *testing.T) {
	r := newRig(t, Config{})
	r.Attempt(success(noon(), "a"))
	r.write()
	secret, err := r.Secret(t.Context(), "key", 8)
	if err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(r.cfg.Path + suffix); err != nil {
			t.Fatal(err)
		}
	}
	r.Attempt(success(noon(), "a"))
	r.write()
	beside, err := Read(t.Context(), r.cfg.Path, r.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	if n := attemptsOf(t, beside, day, "a"); n != 1 || r.attempts(day, "a") != 1 {
		t.Errorf("%d attempts in the new file", n)
	}
	r = r.again()
	if kept, err := r.Secret(t.Context(), "key", 8); !bytes.Equal(kept, secret) || err != nil {
		t.Errorf("the secret is another one, %v", err)
	}
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"with space.db", "50%25.db", "a?b#c&d=e.db", "ü.db"} {
		path := filepath.Join(t.TempDir(), name)
		r := newRig(t, Config{Path: path})
		r.Attempt(success(noon(), "a"))
		r.close()
		read, err := Read(t.Context(), path, noon)
		if err != nil {
			t.Fatal(err)
		}
		if n := attemptsOf(t, read, day, "a"); n != 1 {
			t.Errorf("%s: %d attempts", name, n)
		}
		read.Close()
		if list, err := os.ReadDir(filepath.Dir(path)); err != nil || len(list) > 4 { // a reader leaves an empty journal
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
}

func TestPathsThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", dir, filepath.Join(file, "x", "recloser.db")} {
		if h, err := Open(t.Context(), Config{Path: path}); err == nil {
			h.Close(t.Context())
			t.Errorf("%q can be opened", path)
		}
		if r, err := Read(t.Context(), path, nil); err == nil {
			r.Close()
			t.Errorf("%q can be read", path)
		}
	}
	if _, err := Read(t.Context(), filepath.Join(dir, "none.db"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if exists(filepath.Join(dir, "none.db")) {
		t.Error("reading made a file")
	}
}

// A full disk at the start is an error, after which Memory does.
func TestDiskIsFullAtStart(t *testing.T) {
	s, name := newShim(t)
	s.full.Store(true)
	c := Config{VFS: name, Path: filepath.Join(t.TempDir(), "recloser.db"), Reason: "the disk is full"}
	_, err := Open(t.Context(), c)
	if err == nil || !strings.Contains(Why(err), "the disk is full") {
		t.Fatal(err)
	}
	h := Memory(c)
	defer h.Close(t.Context())
	if s := h.Status(); s.State != InMemory || s.Reason != "the disk is full" || s.Path != "" {
		t.Errorf("%+v", s)
	}
	s.full.Store(false)
	again, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	again.Close(t.Context())
}
