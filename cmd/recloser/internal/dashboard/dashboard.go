package dashboard

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/guard"
)

// Config sets up a Dashboard. Live and Guard are needed.
type Config struct {
	// Live has watched the guard from its beginning.
	Live *Live
	// Guard is the one whose circuits are shown and operated.
	Guard *guard.Guard
	// Past is the history; nil: what Live remembers.
	Past Past
	// Health tells how the history is; nil: there is none.
	Health func() Health
	// Alerts knows what people are told of; nil: nobody is told of anything.
	Alerts Alerts
	// Record is told what an operator does. It must not block. Nil: nobody is.
	Record func(report.Event)
	// Log is told too. Nil: no log.
	Log *slog.Logger
	// Version of the program.
	Version string
	// Web has the page in place of the files built in, such as a folder while it is
	// worked at.
	Web fs.FS
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Dashboard answers requests of those who may enter. Make it with New, and Close it
// in the end.
type Dashboard struct {
	cfg    Config
	feed   *feed
	assets assets
	mux    *http.ServeMux
	memory memory
	asking chan struct{} // one in it while somebody asks the history for much
}

// New returns a dashboard. It does nothing as long as nobody asks.
func New(cfg Config) *Dashboard {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Record == nil {
		cfg.Record = func(report.Event) {}
	}
	d := &Dashboard{cfg: cfg, mux: http.NewServeMux(), memory: memory{cfg.Live}, asking: make(chan struct{}, 1), assets: newAssets(cfg.Web)}
	d.feed = newFeed(d)
	for _, r := range d.routes() {
		d.mux.HandleFunc(r.method+" "+r.path, r.handle)
	}
	return d
}

// Close ends all event streams, and waits until they have ended or ctx does. No new
// ones begin.
func (d *Dashboard) Close(ctx context.Context) {
	d.feed.close()
	ended := make(chan struct{})
	go func() {
		d.feed.streams.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
}

// past is what to ask about the past.
func (d *Dashboard) past() Past {
	if d.cfg.Past == nil {
		return d.memory
	}
	return d.cfg.Past
}
