package telemetry

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/recloser/recloser/guard"
)

// MetricsConfig sets up Metrics. Meter and Guard are needed; the functions are asked
// at each scrape, must not block, and may be nil.
type MetricsConfig struct {
	// Meter has watched the guard from its beginning.
	Meter *Meter
	// Guard is the one whose circuits and gates are told of.
	Guard *guard.Guard
	// Version of the program.
	Version string
	// History tells how the history is. Nil: there is none.
	History func() History
	// Alerts and Notifications tell of Recloser's own alerts. Nil: there are none.
	Alerts        func() []AlertCount
	Notifications func() []NotificationCount
	// Log is told what could not be collected. Its handler must not block. Nil: nobody is.
	Log *slog.Logger
}

// Metrics answers scrapes. Make it with NewMetrics.
type Metrics struct {
	registry *prometheus.Registry
	handler  http.Handler
}

// A scrape is bounded: so many at once, further ones are answered with 503, and each
// for so long. Gathering a thousand circuits takes some 100 ms.
const (
	maxScrapes = 4
	scrapeTime = 10 * time.Second
)

// NewMetrics returns the metrics of a guard, of the process and of the Go runtime, in
// a registry of their own.
func NewMetrics(c MetricsConfig) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(c.Meter.callTime, c.Meter.attemptTime, c.Meter.firstContent, newCollector(c),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	o := promhttp.HandlerOpts{
		ErrorHandling:       promhttp.ContinueOnError, // what can be told is told
		EnableOpenMetrics:   true,                     // which alone has exemplars
		MaxRequestsInFlight: maxScrapes,
		Timeout:             scrapeTime,
		CoalesceGather:      true, // scrapes at the same time are one
	}
	if c.Log != nil {
		o.ErrorLog = errorLog{c.Log}
	}
	m.handler = promhttp.HandlerFor(m.registry, o)
	return m
}

// Handler answers GET and HEAD in the format that is asked for: text, OpenMetrics or
// protocol buffers. Who may ask is for the caller to decide.
func (m *Metrics) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Use GET or HEAD.", http.StatusMethodNotAllowed)
			return
		}
		m.handler.ServeHTTP(w, r)
	})
}

// errorLog writes what promhttp has to say.
type errorLog struct{ log *slog.Logger }

// Println implements promhttp.Logger.
func (l errorLog) Println(v ...any) {
	l.log.Warn("metrics", "problem", fmt.Sprint(v...))
}
