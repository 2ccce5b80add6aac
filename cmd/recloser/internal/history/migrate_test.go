package history

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// build makes a file by SQL.
func build(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "recloser.db")
	db, err := sql.Open(driverName, "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file of every version is in testdata, as SQL from the sqlite3 shell's .dump and its
// marks; a new version adds one. What is in them all is the same.
func TestEveryVersionIsBroughtForward(t *testing.T) {
	for version := 1; version <= newest(migrations); version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			text, err := os.ReadFile(fmt.Sprintf("testdata/v%d.sql", version))
			if err != nil {
				t.Fatal("a version without its file:", err)
			}
			path := build(t, string(text))
			check := func(r *Reader) {
				t.Helper()
				events, err := r.Events(t.Context(), noon(), noon().Add(day))
				if err != nil || len(events) != 2 || events[1].Cause != "5 × 503" || !events[1].Until.Equal(noon().Add(30*time.Second)) {
					t.Errorf("%+v, %v", events, err)
				}
				for _, l := range onDisk {
					if n := attemptsOf(t, r, l.span, "upstream/model"); n != 4 {
						t.Errorf("%v: %d attempts", l.span, n)
					}
				}
				circuits, gates, err := r.Snapshots(t.Context())
				if err != nil || len(circuits) != 1 || circuits[0].Name != "upstream/model" || len(gates) != 1 {
					t.Errorf("%v, %v, %v", circuits, gates, err)
				}
				if list := collect(t, r, noon(), noon().Add(day)); len(list) != 4 || list[3].Call != 3 {
					t.Errorf("%v", list)
				}
			}
			read, err := Read(t.Context(), path, noon)
			if err != nil {
				t.Fatal(err)
			}
			check(read)
			read.Close()
			r := newRig(t, Config{Path: path})
			check(r.Reader)
			if key, err := r.Secret(t.Context(), "gates", 4); string(key) != "\x01\x02\x03\x04" || err != nil {
				t.Errorf("%x, %v", key, err)
			}
			var now int
			if r.f.conn.QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&now); now != newest(migrations) {
				t.Errorf("version %d", now)
			}
		})
	}
}

// with adds steps to those that there are.
func with(t *testing.T, more ...string) fs.FS {
	t.Helper()
	steps := fstest.MapFS{}
	n := newest(migrations)
	for i := 1; i <= n; i++ {
		text, err := fs.ReadFile(migrations, stepName(i))
		if err != nil {
			t.Fatal(err)
		}
		steps[stepName(i)] = &fstest.MapFile{Data: text}
	}
	for i, text := range more {
		steps[stepName(n+i+1)] = &fstest.MapFile{Data: []byte(text)}
	}
	return steps
}

func TestStepsAreTakenInOrder(t *testing.T) {
	r := newRig(t, Config{})
	r.Attempt(success(noon(), "a"))
	r.Event(report.Event{Kind: report.StartEvent})
	r.close()
	was, err := os.ReadFile(r.cfg.Path)
	if err != nil {
		t.Fatal(err)
	}
	steps := with(t, "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('one')", "UPDATE notes SET text = text || ', two'; ALTER TABLE circuits ADD COLUMN more TEXT")

	// A reader brings a copy in memory forward.
	read, err := read(t.Context(), r.cfg.Path, noon, steps)
	if err != nil {
		t.Fatal(err)
	}
	var note string
	if err := read.pool.Load().QueryRowContext(t.Context(), "SELECT text FROM notes").Scan(&note); err != nil || note != "one, two" {
		t.Errorf("%q, %v", note, err)
	}
	if n := attemptsOf(t, read, day, "a"); n != 1 {
		t.Errorf("%d attempts", n)
	}
	read.Close()
	if now, _ := os.ReadFile(r.cfg.Path); !bytes.Equal(was, now) {
		t.Error("the reader changed the file")
	}

	// A step that fails changes nothing.
	_, err = Open(t.Context(), Config{Path: r.cfg.Path, migrations: with(t, "CREATE TABLE notes (text TEXT); SELECT * FROM nothing")})
	if err == nil || !strings.Contains(err.Error(), "step 2") {
		t.Errorf("%v", err)
	}

	next := newRig(t, Config{Path: r.cfg.Path, migrations: steps})
	if err := next.f.conn.QueryRowContext(t.Context(), "SELECT text FROM notes").Scan(&note); err != nil || note != "one, two" {
		t.Errorf("%q, %v", note, err)
	}
	if next.attempts(day, "a") != 1 {
		t.Error("the attempt is gone")
	}
	next.close()

	// And now it is from a newer version.
	was, _ = os.ReadFile(r.cfg.Path)
	if _, err := Open(t.Context(), Config{Path: r.cfg.Path}); !errors.Is(err, ErrNewer) {
		t.Errorf("%v", err)
	}
	if _, err := Read(t.Context(), r.cfg.Path, noon); !errors.Is(err, ErrNewer) {
		t.Errorf("%v", err)
	}
	if now, _ := os.ReadFile(r.cfg.Path); !bytes.Equal(was, now) {
		t.Error("it was touched")
	}
	l, err := lock(r.cfg.Path)
	if err != nil {
		t.Fatal("the lock was not given back:", err)
	}
	unlock(l)
}

func TestFileOfAnotherProgram(t *testing.T) {
	path := build(t, "CREATE TABLE mine (x); INSERT INTO mine VALUES (1)")
	was, _ := os.ReadFile(path)
	if _, err := Open(t.Context(), Config{Path: path}); !errors.Is(err, errForeign) {
		t.Errorf("%v", err)
	}
	if _, err := Read(t.Context(), path, noon); !errors.Is(err, errForeign) {
		t.Errorf("%v", err)
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(was, now) {
		t.Error("it was touched")
	}
}
