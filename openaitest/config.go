package openaitest

import (
	"errors"
	"fmt"
	"time"
)

// Config says how a Server behaves. The zero value is a healthy service that
// answers at once, wants no key and knows every model.
type Config struct {
	// Fault is in force from the first attempt on, or from Server.Begin.
	// Nil: healthy.
	Fault Fault
	// Script is the same in the words of Parse. Give one of the two.
	Script string
	// Seed settles every choice and every text. Each value, zero too, is one run.
	Seed uint64

	// Latency is the time before the headers of a healthy answer.
	Latency time.Duration
	// ChunkInterval is the time between two events of a healthy stream.
	ChunkInterval time.Duration
	// Chunks is how many tokens an answer has: a streamed one sends each in an
	// event of its own. Zero: 8. At most 100,000.
	Chunks int

	// Models are the only ones that exist; a request for another is answered
	// with 404. Empty: every model exists, and GET /models lists a few.
	Models []string
	// APIKey is the key that requests must present. Empty: none is needed.
	APIKey string
	// MaxBody is the most bytes of a JSON body; beyond it the answer is 413.
	// Zero: 64 MiB. Uploads are read and thrown away, whatever their size.
	MaxBody int64

	// ClientHeader names the request header whose value labels the sender in
	// Counts. Empty: "X-Client". Without it, the User-Agent is the label.
	ClientHeader string
	// MaxClients is how many labels are told apart; later ones share "other".
	// Zero: 64.
	MaxClients int
	// LogSize is how many of the latest requests Log keeps. Zero: 256.
	// Negative: none.
	LogSize int

	// Now is the clock of timelines and time stamps. Nil: time.Now. Waits always
	// take real time. It must be safe for concurrent use.
	Now func() time.Time
}

const maxChunks = 100_000

// check reports the first field out of its range.
func (c Config) check() error {
	switch {
	case c.Fault != nil && c.Script != "":
		return errors.New("openaitest: Config.Fault and Config.Script are both set; give one of them")
	case c.Latency < 0:
		return fmt.Errorf("openaitest: Config.Latency is %v; want 0 or more", c.Latency)
	case c.ChunkInterval < 0:
		return fmt.Errorf("openaitest: Config.ChunkInterval is %v; want 0 or more", c.ChunkInterval)
	case c.Chunks < 0 || c.Chunks > maxChunks:
		return fmt.Errorf("openaitest: Config.Chunks is %d; want 0 (for 8) to %d", c.Chunks, maxChunks)
	case c.MaxBody < 0:
		return fmt.Errorf("openaitest: Config.MaxBody is %d; want 0 (for 64 MiB) or more", c.MaxBody)
	case c.MaxClients < 0:
		return fmt.Errorf("openaitest: Config.MaxClients is %d; want 0 (for 64) or more", c.MaxClients)
	}
	return nil
}

// filled returns c with the defaults in place of zeros, and the script parsed.
func (c Config) filled() (Config, error) {
	if err := c.check(); err != nil {
		return c, err
	}
	if c.Script != "" {
		line, err := Parse(c.Script)
		if err != nil {
			return c, err
		}
		c.Fault = line
	}
	c.Chunks = orDefault(c.Chunks, 8)
	c.MaxBody = orDefault(c.MaxBody, 64<<20)
	c.ClientHeader = orDefault(c.ClientHeader, "X-Client")
	c.MaxClients = orDefault(c.MaxClients, 64)
	c.LogSize = max(0, orDefault(c.LogSize, 256))
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, nil
}

// orDefault returns v, or def where v is its type's zero value.
func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
