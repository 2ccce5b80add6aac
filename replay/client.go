package replay

import (
	"time"

	"github.com/recloser/recloser/retry"
)

// Client is how those who want answers behave.
type Client struct {
	Retry  retry.Config
	Budget retry.BudgetConfig // of the retries of a process; the zero value: there is no bound
	GiveUp time.Duration      // after arrival, whatever is under way then; 0: never
}

// SpecClient is the client of the scorecard: two retries, after 0.5 s and 1 s, each
// less by up to a quarter, or when the service says; a minute of patience. It is
// what the official clients of the OpenAI API do.
func SpecClient() Client {
	return Client{
		Retry:  retry.Config{MaxRetries: 2, BaseDelay: 500 * time.Millisecond, MaxDelay: 8 * time.Second, MaxWait: time.Minute, Strategy: lessAQuarter},
		GiveUp: time.Minute,
	}
}

// lessAQuarter doubles, and takes up to a quarter off.
func lessAQuarter(t retry.Turn) time.Duration {
	return time.Duration(float64(t.Base<<(t.N-1)) * (1 - 0.25*t.U))
}

// budgets are what retries are paid from, one for each process.
func (c *Client) budgets(replicas int) ([]*retry.Budget, error) {
	cfg := c.Budget
	if cfg == (retry.BudgetConfig{}) {
		cfg.Share = -1
	}
	all := make([]*retry.Budget, replicas)
	for i := range all {
		b, err := retry.NewBudget(cfg)
		if err != nil {
			return nil, err
		}
		all[i] = b
	}
	return all, nil
}

// purse tells a course that it may always try: whoever is refused finds out when it
// comes back.
type purse struct{ budget *retry.Budget }

func (purse) ReadyIn(int) time.Duration { return 0 }

func (p purse) Spend(int) bool { return p.budget.Spend() }
