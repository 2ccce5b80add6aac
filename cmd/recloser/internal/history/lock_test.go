//go:build unix

package history

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// helperVar makes the test program be another process that has the file open.
const helperVar = "RECLOSER_HISTORY_TEST_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(helperVar); path != "" {
		os.Exit(help(path))
	}
	os.Exit(m.Run())
}

// help opens the file, says so, and then writes events until it is killed, telling of
// each that may not be lost any more.
func help(path string) int {
	h, err := Open(context.Background(), Config{Path: path, Now: noon})
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println("open")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return 0
	}
	for n := 1; ; n++ {
		h.Attempt(success(noon(), "a"))
		h.Event(report.Event{At: noon(), Kind: report.CircuitEvent, Circuit: "a", Seq: uint64(n)})
		if err := h.flush(); err != nil {
			fmt.Println("error:", err)
			return 1
		}
		fmt.Println(n)
	}
}

type helper struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Scanner
}

func startHelper(t *testing.T, program, path string, attr *syscall.SysProcAttr) *helper {
	t.Helper()
	h := &helper{cmd: exec.CommandContext(t.Context(), program)}
	h.cmd.Env = append(os.Environ(), helperVar+"="+path)
	h.cmd.SysProcAttr = attr
	in, err := h.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.kill)
	h.in, h.out = in, bufio.NewScanner(out)
	return h
}

func (h *helper) line() string {
	h.out.Scan()
	return h.out.Text()
}

// kill is kill -9.
func (h *helper) kill() {
	h.cmd.Process.Kill()
	h.cmd.Wait()
}

func TestOneWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recloser.db")
	other := startHelper(t, os.Args[0], path, nil)
	if line := other.line(); line != "open" {
		t.Fatal(line)
	}
	_, err := Open(t.Context(), Config{Path: path})
	host, _ := os.Hostname()
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("pid %d on %s", other.cmd.Process.Pid, host)) {
		t.Errorf("%v", err)
	}
	read, err := Read(t.Context(), path, noon)
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	other.kill()
	r := newRig(t, Config{Path: path}) // the lock of the dead does not count
	_, err = Open(t.Context(), Config{Path: path})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint("pid ", os.Getpid())) {
		t.Errorf("%v", err)
	}
	r.close()
	os.WriteFile(path+".lock", []byte("???"), 0o600)
	if got := holder(path); !strings.Contains(got, "did not leave its name") {
		t.Error(got)
	}
}

// What was written before a kill -9 is there afterwards.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recloser.db")
	want := int64(0)
	for range 3 {
		other := startHelper(t, os.Args[0], path, nil)
		if line := other.line(); line != "open" {
			t.Fatal(line)
		}
		fmt.Fprintln(other.in)
		for range 3 {
			other.line()
			want++
		}
		other.kill()
		r := newRig(t, Config{Path: path})
		events := r.events(noon(), noon().Add(1))
		if n := int64(len(events)); n < want || n > want+2 || r.attempts(day, "a") < want {
			t.Errorf("%d events and %d attempts, want %d", n, r.attempts(day, "a"), want)
		}
		want = int64(len(events))
		r.close()
	}
}

func TestFolderIsReadOnly(t *testing.T) {
	dir := t.TempDir()
	program, attr := os.Args[0], (*syscall.SysProcAttr)(nil)
	if os.Geteuid() == 0 { // root may write anywhere: be nobody
		program, attr = forNobody(t, dir), &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	other := startHelper(t, program, filepath.Join(folder, "recloser.db"), attr)
	if line := other.line(); !strings.HasPrefix(line, "error: history: ") || !strings.Contains(line, "permission denied") {
		t.Errorf("%q", line)
	}
	if left, _ := os.ReadDir(folder); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

// forNobody copies the test program to where everybody may run it.
func forNobody(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, text, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{filepath.Dir(dir), dir} { // both are this test's
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return program
}

// Reading as root leaves nothing that its owner could not use.
func TestRootReads(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
	dir := t.TempDir()
	program, attr := forNobody(t, dir), &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	folder := filepath.Join(dir, "folder")
	if err := errors.Join(os.Mkdir(folder, 0o700), os.Chown(folder, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "recloser.db")
	for range 2 {
		other := startHelper(t, program, path, attr)
		if line := other.line(); line != "open" {
			t.Fatal(line)
		}
		other.kill()
		for _, suffix := range []string{"-wal", "-shm"} {
			os.Remove(path + suffix)
		}
		read, err := Read(t.Context(), path, noon)
		if err != nil {
			t.Fatal(err)
		}
		read.Close()
	}
}

// A file in a folder that is read-only can be read once nobody writes it.
func TestReadOnlyFolderCanBeRead(t *testing.T) {
	r := newRig(t, Config{})
	r.Attempt(success(noon(), "a"))
	r.close()
	text, err := os.ReadFile(r.cfg.Path)
	if err != nil {
		t.Fatal(err)
	}
	db, version, err := openVersion(t.Context(), readerDSN(r.cfg.Path, "", "immutable=1"), migrations)
	if err != nil || version != newest(migrations) {
		t.Fatal(version, err)
	}
	db.Close()
	if after, _ := os.ReadFile(r.cfg.Path); !bytes.Equal(after, text) || exists(r.cfg.Path+"-wal") {
		t.Error("reading changed something")
	}
}
