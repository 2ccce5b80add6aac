package openaiguard

import (
	"github.com/openai/openai-go/v3/option"

	"github.com/recloser/recloser/guard"
)

// Options returns the options that put g beneath a client: its HTTP client, and
// no retries of the client's own. Options given after them win.
func Options(g *guard.Guard) []option.RequestOption {
	return []option.RequestOption{option.WithHTTPClient(g.Client()), option.WithMaxRetries(0)}
}
