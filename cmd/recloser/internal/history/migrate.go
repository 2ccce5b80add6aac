package history

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

// migrations are the steps from an empty file to what this version reads and writes:
// migrations/001.sql and so on. A step that was released does not change any more.
//
//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks the file as one of ours: "RCLH".
const applicationID = 0x52434c48

// newest is the version that all steps together make.
func newest(steps fs.FS) int {
	n := 0
	for ; ; n++ {
		if _, err := fs.Stat(steps, stepName(n+1)); err != nil {
			return n
		}
	}
}

func stepName(n int) string { return fmt.Sprintf("migrations/%03d.sql", n) }

// versionOf tells what a file is; 0: empty. Nothing is written.
func versionOf(ctx context.Context, db querier, steps fs.FS) (int, error) {
	var version, app, tables int
	err := errors.Join(
		db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version),
		db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app),
		db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables))
	switch {
	case err != nil:
		return 0, err
	case app != applicationID && (app != 0 || version != 0 || tables != 0):
		return 0, errForeign
	case version > newest(steps):
		return version, fmt.Errorf("%w: it has version %d, this program knows %d; use the newer one, or another file", ErrNewer, version, newest(steps))
	}
	return version, nil
}

// migrate takes the steps that are missing, each wholly or not at all.
func migrate(ctx context.Context, conn *sql.Conn, steps fs.FS) error {
	version, err := versionOf(ctx, conn, steps)
	if err != nil {
		return err
	}
	for n := version + 1; n <= newest(steps); n++ {
		text, err := fs.ReadFile(steps, stepName(n))
		if err != nil {
			return fmt.Errorf("history: %w", err)
		}
		err = inTransaction(ctx, conn, func() error {
			_, err := conn.ExecContext(ctx, fmt.Sprintf("%s\n;PRAGMA application_id = %d; PRAGMA user_version = %d", text, applicationID, n))
			return err
		})
		if err != nil {
			return fmt.Errorf("history: step %d of the migration: %w", n, err)
		}
	}
	return nil
}

// querier is what *sql.DB, *sql.Conn and *sql.Tx have in common.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// inTransaction does all of it or nothing.
func inTransaction(ctx context.Context, conn *sql.Conn, do func() error) error {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := do()
	if err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil { // a full disk may have rolled it back already
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	}
	return err
}
