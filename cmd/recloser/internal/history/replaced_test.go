package history

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// Somebody puts a backup in the place of the file, whose journal is still there: the
// backup is what counts, and what comes is written behind it.
func TestFileThatIsReplacedByAnother(t *testing.T) {
	const theirs = 500
	event := func(circuit string) report.Event {
		return report.Event{At: noon(), Kind: report.OperatorEvent, Circuit: circuit}
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	h, err := Open(t.Context(), Config{Path: backup, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	for i := range theirs {
		h.Event(event(fmt.Sprint("backup ", i)))
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	r := newRig(t, Config{})
	r.Event(event("before"))
	r.write()
	if err := os.Rename(backup, r.cfg.Path); err != nil {
		t.Fatal(err)
	}
	r.Event(event("after"))
	r.write()
	events, err := r.Events(t.Context(), noon().Add(-time.Hour), noon().Add(time.Hour))
	if err != nil || len(events) != theirs+1 || events[theirs].Circuit != "after" || r.Status().State != Good || r.Status().SetAside != "" {
		t.Errorf("%v: %d events, %+v", err, len(events), r.Status())
	}
}

// A file has one lock, whatever it is called.
func TestFileByAnotherName(t *testing.T) {
	r := newRig(t, Config{})
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(r.cfg.Path, link); err != nil {
		t.Skip(err)
	}
	if h, err := Open(t.Context(), Config{Path: link}); err == nil {
		_ = h.Close(t.Context())
		t.Error("two write one file")
	}
}
