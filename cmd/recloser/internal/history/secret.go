package history

import (
	"bytes"
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
	secret, err := h.readSecret(ctx, name)
	if err == nil && len(secret) != n {
		secret = make([]byte, n)
		_, _ = rand.Read(secret) // it never fails
		err = h.f.keepSecret(ctx, name, secret)
	}
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	if h.known == nil {
		h.known = map[string][]byte{}
	}
	h.known[name] = secret
	return bytes.Clone(secret), nil
}

// readSecret returns nothing if there is none.
func (h *History) readSecret(ctx context.Context, name string) (secret []byte, err error) {
	err = h.f.conn.QueryRowContext(ctx, "SELECT value FROM secrets WHERE name = ?", name).Scan(&secret)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return secret, err
}

func (f *file) keepSecret(ctx context.Context, name string, secret []byte) error {
	_, err := f.conn.ExecContext(ctx, "INSERT OR REPLACE INTO secrets VALUES (?, ?)", name, secret)
	return err
}
