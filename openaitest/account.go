package openaitest

import (
	"crypto/sha256"
	"math"
	"sync"
	"time"
)

// account holds the buckets of one key and model, as of the latest request.
type account struct {
	requests, tokens bucket
	now              time.Time
	turn             uint64 // of that request
}

// claim takes what a request of so many tokens needs: all of it, or nothing.
func (a *account) claim(tokens int) bool {
	if a.tokens.never(tokens) || a.wait(tokens) > 0 {
		return false
	}
	a.requests.take(1, a.now)
	a.tokens.take(tokens, a.now)
	return true
}

// wait is how long it takes until the request fits into both.
func (a *account) wait(tokens int) time.Duration {
	return max(a.requests.wait(1, a.now), a.tokens.wait(tokens, a.now))
}

// accountKey is a hash, so that neither secrets nor long names are kept.
type accountKey [sha256.Size]byte

func keyOfAccount(apiKey, subject string) accountKey {
	return sha256.Sum256([]byte(apiKey + "\x00" + subject))
}

const maxAccounts = 1000

// accounts are the books of a Limited. The zero value is empty.
type accounts struct {
	mu    sync.Mutex
	open  map[accountKey]*account
	turns uint64
}

// claim asks the account of key, made by fresh if need be, and returns how it
// stands after that.
func (b *accounts) claim(key accountKey, fresh func() account, tokens int, now func() time.Time) (account, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.open[key]
	if a == nil {
		a = b.add(key, fresh())
	}
	b.turns++
	a.turn, a.now = b.turns, now() // under the lock: no request is ahead of the one before it
	ok := a.claim(tokens)
	return *a, ok
}

// add makes room for an account by forgetting the one that was idle the longest:
// its buckets are the most likely to be full.
func (b *accounts) add(key accountKey, fresh account) *account {
	if len(b.open) >= maxAccounts {
		delete(b.open, b.idlest())
	}
	if b.open == nil {
		b.open = make(map[accountKey]*account)
	}
	b.open[key] = &fresh
	return &fresh
}

func (b *accounts) idlest() (key accountKey) {
	least := uint64(math.MaxUint64)
	for k, a := range b.open {
		if a.turn < least {
			key, least = k, a.turn
		}
	}
	return key
}
