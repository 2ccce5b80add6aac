package history

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// file is an open database: one connection that writes, and a pool that reads.
type file struct {
	path, vfs string
	pool      *sql.DB
	conn      *sql.Conn // the only one of pool
	read      *sql.DB
	stmts     statements
	ids       map[string]int64 // of circuits
	empty     bool             // as it was found
	made      os.FileInfo      // to notice that it was deleted; nil in memory
	journal   os.FileInfo      // likewise of its journal; nil: there is none
	lastID    int64            // of the events in it
}

// readers is how many questions are answered at once.
const readers = 4

// openFile opens the file, after bringing it to the newest version.
func openFile(ctx context.Context, c Config) (*file, error) {
	f := &file{path: c.Path, vfs: c.VFS, empty: true}
	if c.VFS != memoryVFS {
		if err := f.prepare(ctx, c); err != nil {
			return nil, err
		}
	}
	err := f.open(ctx, c)
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// prepare makes the file if there is none, and else looks whether it is ours before
// anything is written.
func (f *file) prepare(ctx context.Context, c Config) error {
	made, err := os.OpenFile(f.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		return made.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("history: %w", err)
	}
	db, err := sql.Open(driverName, readerDSN(f.path, f.vfs))
	if err != nil {
		return err
	}
	defer db.Close()
	version, err := versionOf(ctx, db, c.migrations)
	f.empty = version == 0
	return err
}

func (f *file) open(ctx context.Context, c Config) error {
	var err error
	if f.pool, err = sql.Open(driverName, writerDSN(f.path, f.vfs, f.empty)); err != nil {
		return err
	}
	f.pool.SetMaxOpenConns(1)
	if f.conn, err = f.pool.Conn(ctx); err != nil {
		return err
	}
	if err := f.check(ctx); err != nil {
		return err
	}
	if err := migrate(ctx, f.conn, c.migrations); err != nil {
		return err
	}
	if f.stmts, err = prepareAll(ctx, f.conn); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err) // a table is missing
	}
	if f.ids, err = circuitIDs(ctx, f.conn); err != nil {
		return err
	}
	if f.read, err = sql.Open(driverName, readerDSN(f.path, f.vfs)); err != nil {
		return err
	}
	f.read.SetMaxOpenConns(readers)
	if f.vfs == memoryVFS {
		return nil
	}
	likeFile(f.path)
	f.journal, _ = os.Stat(f.path + "-wal")
	f.made, err = os.Stat(f.path)
	return err
}

// dropJournal removes the journal of a file in whose place another one is, which it
// would be read into. The other one may have brought its own.
func (f *file) dropJournal() {
	if now, err := os.Stat(f.path + "-wal"); err == nil && f.journal != nil && os.SameFile(now, f.journal) {
		_ = os.Remove(f.path + "-wal")
		_ = os.Remove(f.path + "-shm")
	}
}

// checkTime bounds how long opening waits for the check.
const checkTime = 500 * time.Millisecond

// check looks for damage, as far as there is time.
func (f *file) check(ctx context.Context) error {
	short, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	var found string
	err := f.conn.QueryRowContext(short, "PRAGMA quick_check(1)").Scan(&found)
	switch {
	case err != nil && short.Err() != nil:
		return ctx.Err()
	case err != nil:
		return err
	case found != "ok":
		return fmt.Errorf("%w: %s", errDamaged, found)
	}
	return nil
}

// close closes all, which makes the last checkpoint.
func (f *file) close() error {
	var errs []error
	if f.read != nil {
		errs = append(errs, f.read.Close())
	}
	errs = append(errs, f.stmts.close())
	if f.conn != nil {
		errs = append(errs, f.conn.Close())
	}
	if f.pool != nil {
		errs = append(errs, f.pool.Close())
	}
	return errors.Join(errs...)
}

// gone tells whether somebody deleted or replaced the file.
func (f *file) gone() bool {
	if f.made == nil {
		return false
	}
	now, err := os.Stat(f.path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(now, f.made)
}

// size is that of the file and of its journal.
func (f *file) size() int64 {
	var n int64
	for _, suffix := range [...]string{"", "-wal"} {
		if info, err := os.Stat(f.path + suffix); err == nil {
			n += info.Size()
		}
	}
	return n
}

// makeFolder makes the folder of a file.
func makeFolder(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// memoryName is one that no other history in memory has.
func memoryName() string { return "/recloser-" + rand.Text() }

func circuitIDs(ctx context.Context, db querier) (map[string]int64, error) {
	rows, err := db.QueryContext(ctx, "SELECT id, name FROM circuits")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ids := map[string]int64{}
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		ids[name] = id
	}
	return ids, rows.Err()
}
