package history

import (
	"context"
	"database/sql"
	"errors"
)

// statements are those of the writer, prepared once.
type statements struct {
	addCircuit, putCell, getCell, dropCell, putOpen, getOpen *sql.Stmt
	addEvent, addAttempts, putSnapshot, dropSnapshot         *sql.Stmt
}

func (s *statements) all() []*sql.Stmt {
	return []*sql.Stmt{
		s.addCircuit, s.putCell, s.getCell, s.dropCell, s.putOpen, s.getOpen,
		s.addEvent, s.addAttempts, s.putSnapshot, s.dropSnapshot,
	}
}

func prepareAll(ctx context.Context, conn *sql.Conn) (statements, error) {
	var s statements
	for _, p := range [...]struct {
		to   **sql.Stmt
		text string
	}{
		{&s.addCircuit, "INSERT INTO circuits (id, name) VALUES (?, ?)"},
		{&s.putCell, "INSERT OR REPLACE INTO cells (key, counts, latency, content) VALUES (?, ?, ?, ?)"},
		{&s.getCell, "SELECT counts, latency, content FROM cells WHERE key = ?"},
		{&s.dropCell, "DELETE FROM cells WHERE key = ?"},
		{&s.putOpen, "INSERT OR REPLACE INTO open (key, slot, counts, latency, content) VALUES (?, ?, ?, ?, ?)"},
		{&s.getOpen, "SELECT slot, counts, latency, content FROM open WHERE key = ?"},
		{&s.addEvent, "INSERT INTO events (id, at, kind, circuit, details) VALUES (?, ?, ?, ?, ?)"},
		{&s.addAttempts, "INSERT INTO attempts (first, last, n, list) VALUES (?, ?, ?, ?)"},
		{&s.putSnapshot, "INSERT OR REPLACE INTO snapshots (kind, name, at, body) VALUES (?, ?, ?, ?)"},
		{&s.dropSnapshot, "DELETE FROM snapshots WHERE kind = ? AND name = ?"},
	} {
		var err error
		if *p.to, err = conn.PrepareContext(ctx, p.text); err != nil { //nolint:sqlclosecheck // close does
			return s, err
		}
	}
	return s, nil
}

func (s *statements) close() error {
	var errs []error
	for _, stmt := range s.all() {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(errs...)
}
