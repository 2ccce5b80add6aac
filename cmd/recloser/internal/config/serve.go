package config

import (
	"log/slog"
	"net/url"
	"time"

	"github.com/recloser/recloser/guard"
)

// Serve is the configuration of "recloser serve".
type Serve struct {
	Listen     string
	Admin      string // empty: no admin listener
	AdminToken string
	// DashboardDir is the folder that has the dashboard's page; empty: the one built in.
	DashboardDir string
	Upstream     *url.URL

	// ClientTokens are what clients must present as a bearer token, one of them.
	// Their Authorization is then not passed on. None: anybody may call, with a key
	// of his own.
	ClientTokens []string

	// Guard has the fields that options set; hooks are the caller's.
	Guard   guard.Config
	MaxBody int64

	// History is the file of the history; empty: none. HistoryGiven: somebody has
	// named it, so that it must be that one.
	History      string
	HistoryGiven bool
	Record       bool

	Alerts Alerts

	// Metrics are served to Prometheus; with NativeHistograms some in that form too.
	Metrics          bool
	NativeHistograms bool

	DrainDelay    time.Duration
	ShutdownGrace time.Duration
	LogFormat     LogFormat
	LogLevel      slog.Level

	// Settings are the texts that all this was read from.
	Settings Settings

	// Warnings are what is not wrong, but not well either.
	Warnings []string

	file    *file // nil: there is none
	keyless bool
}

// RetriesOn tells whether failed calls are tried again.
func (c *Serve) RetriesOn() bool { return c.Guard.Retry.MaxRetries >= 0 }

// LogFormat is how the log is written.
type LogFormat uint8

// The formats.
const (
	LogAuto LogFormat = iota // text on a terminal, JSON elsewhere
	LogText
	LogJSON
)
