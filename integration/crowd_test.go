package integration

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// crowd is many users of the official Go client with its defaults, each of whom
// calls, thinks and calls again.
type crowd struct {
	URL     string
	clients int
	params  openai.ChatCompletionNewParams
	think   func(rng *rand.Rand, err error) time.Duration
	from    time.Time // calls that end later are counted
	leave   bool      // when the time has come, whatever is out

	calls, answered atomic.Int64 // answered: before the end
	before          atomic.Int64 // answered before from
}

// run lets them call until the time comes, and waits for the calls that are then
// out unless they are to leave.
func (c *crowd) run(t *testing.T, until time.Time) {
	t.Helper()
	ctx := t.Context()
	if c.leave {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	transport := &http.Transport{MaxIdleConnsPerHost: c.clients}
	defer transport.CloseIdleConnections()
	client := openai.NewClient(
		option.WithBaseURL(c.URL), option.WithAPIKey(secretKey), option.WithHTTPClient(&http.Client{Transport: transport}))
	var all sync.WaitGroup
	for i := range c.clients {
		all.Go(func() { c.user(ctx, &client, rand.New(rand.NewPCG(1, uint64(i))), until) })
	}
	all.Wait()
}

func (c *crowd) user(ctx context.Context, client *openai.Client, rng *rand.Rand, until time.Time) {
	// They do not all begin at once.
	for wait := time.Duration(rng.Float64() * float64(c.think(rng, nil))); ; {
		if time.Until(until) <= wait {
			return
		}
		time.Sleep(wait) // this is thinking, not waiting for something
		_, err := client.Chat.Completions.New(ctx, c.params)
		now := time.Now()
		switch good := err == nil && now.Before(until); {
		case now.Before(c.from) && good:
			c.before.Add(1)
		case !now.Before(c.from):
			c.calls.Add(1)
			if good {
				c.answered.Add(1)
			}
		}
		wait = c.think(rng, err)
	}
}

func chatParams(model string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(secretPrompt)},
	}
}
