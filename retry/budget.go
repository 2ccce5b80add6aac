package retry

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// BudgetConfig sets up a Budget. The zero value is usable.
type BudgetConfig struct {
	// Share is how many retries each call earns: the part that retries may add to
	// the load in the long run. Above 0, up to 1. Zero means 0.1, a negative number
	// that there is no bound.
	Share float64

	// Most is how many retries can be saved up, and how many there are to begin
	// with: what a short disturbance may take. 1 to 1,000,000. Zero means 10.
	Most int
}

// Validate returns an error for every field that cannot be used, joined.
func (c BudgetConfig) Validate() error {
	var errs []error
	if !(c.Share <= 1) { // so that NaN is wrong too
		errs = append(errs, fmt.Errorf("retry: Share is %v: use above 0 to 1, 0 for 0.1, or a negative number for no bound", c.Share))
	}
	if c.Most < 0 || c.Most > 1_000_000 {
		errs = append(errs, fmt.Errorf("retry: Most is %d: use 1 to 1000000, or 0 for 10", c.Most))
	}
	return errors.Join(errs...)
}

// Budget bounds the retries of all calls of one circuit together. Attempts of
// one call are bounded by MaxRetries, but if everybody's calls fail, everybody's
// retries multiply the load on a service that is failing already. A budget is a
// bucket of tokens: a retry takes one, a call puts a tenth of one in, and while
// it is empty nothing is tried again. So of n calls at most 10 + n/10 retries
// follow, whoever makes them and however they fail. It needs no clock.
//
// An attempt at another target is no retry: it does not add to the load on the
// service that failed, and takes nothing from its budget.
//
// The idea is that of the retry quota in the AWS SDKs' standard mode (500 tokens,
// 5 a retry, 10 after a timeout, given back by successes; "Retry behavior" in the
// AWS SDKs and Tools Reference Guide) and of retry throttling in gRPC (gRFC A6: a
// failure takes 1, a success puts tokenRatio in, below half nothing is retried).
// Both count how attempts end. This one counts calls and retries, as Finagle's
// RetryBudget and tower's Budget do, since that is what bounds the load added.
//
// A Budget is safe for concurrent use and takes no lock. Make one with NewBudget.
type Budget struct {
	free        bool  // there is no bound
	share, most int64 // in parts of a token
	spent       atomic.Int64
}

// token is one retry, in the parts in which a Budget counts.
const token = 1_000_000

// NewBudget returns a full budget, or an error that names the fields that are
// wrong.
func NewBudget(cfg BudgetConfig) (*Budget, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Share == 0 {
		cfg.Share = 0.1
	}
	if cfg.Most == 0 {
		cfg.Most = 10
	}
	return &Budget{free: cfg.Share < 0, share: max(int64(cfg.Share*token), 1), most: int64(cfg.Most) * token}, nil
}

// Earn notes a call: its first attempt at the budget's circuit. It must be told
// of every call, not only of those that fail.
func (b *Budget) Earn() { b.put(b.share) }

// Spend takes one retry, and reports false if there is none.
func (b *Budget) Spend() bool {
	if b.free {
		return true
	}
	for {
		spent := b.spent.Load()
		if spent+token > b.most {
			return false
		}
		if b.spent.CompareAndSwap(spent, spent+token) {
			return true
		}
	}
}

// Refund gives back a retry that was not made after all.
func (b *Budget) Refund() { b.put(token) }

// put adds so many parts; what would be more than full is lost.
func (b *Budget) put(parts int64) {
	for {
		spent := b.spent.Load()
		if spent == 0 || b.spent.CompareAndSwap(spent, max(spent-parts, 0)) {
			return
		}
	}
}

// Left is how many retries there are now.
func (b *Budget) Left() float64 { return float64(b.most-b.spent.Load()) / token }
