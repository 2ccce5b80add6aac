package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/ext/serdes"
	"github.com/ncruces/go-sqlite3/vfs/memdb"
)

// Reader answers questions about a file, which another process may be writing. It is
// safe for concurrent use.
type Reader struct {
	pool   atomic.Pointer[sql.DB] // nil: closed
	levels [levelCount]level
	now    func() time.Time

	release func() // at its end
}

// Read opens a file for reading. It takes no lock and changes nothing. A file of an
// older version is copied into memory and brought to the newest there: what is written
// later is not seen. One of a newer version is ErrNewer. now is the clock by which
// Cells chooses a span; nil: time.Now.
func Read(ctx context.Context, path string, now func() time.Time) (*Reader, error) {
	return read(ctx, path, now, migrations)
}

func read(ctx context.Context, path string, now func() time.Time, steps fs.FS) (*Reader, error) {
	if now == nil {
		now = time.Now
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	db, version, err := openReader(ctx, path, steps)
	release := func() {}
	if err == nil && version < newest(steps) {
		db, release, err = migratedCopy(ctx, db, steps)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	likeFile(path)
	r := &Reader{now: now, levels: onDisk, release: release}
	r.pool.Store(db)
	return r, nil
}

// openReader opens a file as it is and tells its version.
func openReader(ctx context.Context, path string, steps fs.FS) (*sql.DB, int, error) {
	db, version, err := openVersion(ctx, readerDSN(path, ""), steps)
	unwritable := errors.Is(err, sqlite3.CANTOPEN) || errors.Is(err, sqlite3.READONLY) || errors.Is(err, sqlite3.PERM)
	if unwritable && !exists(path+"-wal") {
		// Without a writer and in a folder that is read-only there can be no
		// shared memory, nor is it needed.
		return openVersion(ctx, readerDSN(path, "", "immutable=1"), steps)
	}
	return db, version, err
}

func openVersion(ctx context.Context, dsn string, steps fs.FS) (*sql.DB, int, error) {
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		return nil, 0, err
	}
	db.SetMaxOpenConns(readers)
	version, err := versionOf(ctx, db, steps)
	if err != nil {
		return nil, 0, errors.Join(err, db.Close())
	}
	return db, version, nil
}

// migratedCopy replaces an old file by a new one in memory, which is there until it is
// released.
func migratedCopy(ctx context.Context, old *sql.DB, steps fs.FS) (_ *sql.DB, release func(), err error) {
	defer old.Close()
	image, err := imageOf(ctx, old)
	if err != nil {
		return nil, nil, err
	}
	name := memoryName()
	memdb.Create(name[1:], image)
	release = func() { memdb.Delete(name[1:]) }
	db, err := sql.Open(driverName, dsn(name, memoryVFS, []string{"busy_timeout(5000)", "journal_mode(memory)"}))
	if err != nil {
		release()
		return nil, nil, err
	}
	db.SetMaxOpenConns(readers)
	conn, err := db.Conn(ctx)
	if err == nil {
		err = errors.Join(migrate(ctx, conn, steps), conn.Close())
	}
	if err != nil {
		release()
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, release, nil
}

// imageOf is what a file would be that holds the database as it is now.
func imageOf(ctx context.Context, db *sql.DB) (image []byte, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	err = conn.Raw(func(c any) error {
		raw, ok := c.(driver.Conn)
		if !ok {
			return errors.New("history: the driver makes no copies")
		}
		image, err = serdes.Serialize(raw.Raw(), "main")
		return err
	})
	return image, err
}

// Close ends the reading.
func (r *Reader) Close() error {
	db := r.pool.Swap(nil)
	if db == nil {
		return nil
	}
	defer r.release()
	return db.Close()
}

// begin begins a transaction, so that all answers are from one moment.
func (r *Reader) begin(ctx context.Context) (*sql.Tx, error) {
	db := r.pool.Load()
	if db == nil {
		return nil, ErrClosed
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	return tx, nil
}

// finish ends a transaction that only reads.
func finish(tx *sql.Tx) { _ = tx.Rollback() }

// Circuits returns the names of all circuits of which something is known, in order.
func (r *Reader) Circuits(ctx context.Context) ([]string, error) {
	tx, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer finish(tx)
	ids, err := circuitIDs(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	delete(ids, "")
	rows, err := tx.QueryContext(ctx, "SELECT DISTINCT circuit FROM events WHERE kind = 'circuit'")
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		ids[name] = 0
	}
	return slices.Sorted(maps.Keys(ids)), rows.Err()
}

// Bounds returns when what is known begins and ends, as exactly as the slots tell that
// are still kept; zero: nothing is.
func (r *Reader) Bounds(ctx context.Context) (first, last time.Time, err error) {
	tx, err := r.begin(ctx)
	if err != nil {
		return first, last, err
	}
	defer finish(tx)
	for lv := levelCount - 1; lv >= 0; lv-- {
		from, to, err := levelBounds(ctx, tx, lv)
		if err != nil {
			return first, last, fmt.Errorf("history: %w", err)
		}
		if from.IsZero() {
			continue
		}
		// What is finer lies within what is wider, unless it was deleted meanwhile.
		if first.IsZero() || from.Before(first.Add(r.levels[lv+1].span)) {
			first = from
		}
		if last.IsZero() || !to.Before(last.Add(-r.levels[lv+1].span)) {
			last = to
		}
	}
	var from, to sql.NullInt64
	if err := tx.QueryRowContext(ctx, "SELECT (SELECT min(at) FROM events), (SELECT max(at) FROM events)").Scan(&from, &to); err != nil {
		return first, last, fmt.Errorf("history: %w", err)
	}
	if from.Valid && (first.IsZero() || timeOf(from.Int64).Before(first)) {
		first = timeOf(from.Int64)
	}
	if to.Valid && timeOf(to.Int64).After(last) {
		last = timeOf(to.Int64)
	}
	return first, last, nil
}

// levelBounds are the begin of the first slot of a level and the end of the last.
func levelBounds(ctx context.Context, db querier, lv int) (from, to time.Time, err error) {
	var first, last sql.NullInt64
	err = db.QueryRowContext(ctx, `SELECT min(slot), max(slot) FROM (
		SELECT (SELECT min(key) FROM cells WHERE key >= ?1 AND key <= ?2) & 0xffffffff AS slot
		UNION ALL SELECT (SELECT max(key) FROM cells WHERE key >= ?1 AND key <= ?2) & 0xffffffff
		UNION ALL SELECT slot FROM open WHERE key = ?3)`,
		cellKey(lv, allCircuits, 0), cellKey(lv, allCircuits, slotLimit), openKey(lv, allCircuits)).Scan(&first, &last)
	if err != nil || !first.Valid {
		return time.Time{}, time.Time{}, err
	}
	span := onDisk[lv].span
	return startOf(first.Int64, span), startOf(last.Int64, span).Add(span), nil
}
