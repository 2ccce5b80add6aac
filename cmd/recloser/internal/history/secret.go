package history

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
)

// Secret returns the n random bytes of that name, which are made the first time and
// kept in the file.
func (h *History) Secret(ctx context.Context, name string, n int) ([]byte, error) {
	h.disk.Lock()
	defer h.disk.Unlock()
	if err := h.reopen(ctx); err != nil {
		return nil, err
	}
	var secret []byte
	err := h.f.conn.QueryRowContext(ctx, "SELECT value FROM secrets WHERE name = ?", name).Scan(&secret)
	if err == nil && len(secret) == n {
		return secret, nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("history: %w", err)
	}
	secret = make([]byte, n)
	_, _ = rand.Read(secret) // it never fails
	if _, err := h.f.conn.ExecContext(ctx, "INSERT OR REPLACE INTO secrets VALUES (?, ?)", name, secret); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	return secret, nil
}
