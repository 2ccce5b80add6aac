package dashboard

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// The report's page without other words in its address.
const (
	reportTime = 30 * day
	reportSLO  = 0.999
)

// report is the page that "recloser report --format html" writes.
func (d *Dashboard) report(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s, err := spanOf(q, d.cfg.Now(), reportTime)
	if err != nil {
		writeError(w, http.StatusBadRequest, "invalid_span", "The span of time cannot be used: "+err.Error()+".")
		return
	}
	slo := reportSLO
	if text := q.Get("slo"); text != "" {
		slo, err = strconv.ParseFloat(text, 64)
		if err != nil || !(slo > 0 && slo < 1) {
			writeError(w, http.StatusBadRequest, "invalid_slo", "slo is a share between 0 and 1, such as 0.999.")
			return
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), askTime)
	defer cancel()
	if !d.turn(ctx, w) {
		return
	}
	defer d.done()
	made, err := makeReport(ctx, d.past(), s, slo)
	if err != nil {
		d.cfg.Log.Warn("the dashboard cannot read the history", "problem", err.Error())
		if made, err = makeReport(context.WithoutCancel(ctx), d.memory, s, slo); err == nil {
			made.Notes = append([]string{"The history cannot be read: this is what the process has in memory, of the last hour."}, made.Notes...)
		}
	}
	var page bytes.Buffer
	if err == nil {
		err = made.WriteHTML(&page)
	}
	if err != nil {
		writeError(w, http.StatusInternalServerError, "no_report", "The report cannot be made: "+err.Error()+".")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", reportPolicy(page.Bytes()))
	_, _ = w.Write(page.Bytes()) // the client may be gone
}

// makeReport makes one of what is known: what was before it would count as calm.
func makeReport(ctx context.Context, p Past, s span, slo float64) (*report.Report, error) {
	first, _, err := p.Bounds(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case first.IsZero() || first.After(s.to):
		s.from = s.to
	case first.After(s.from):
		s.from = first
	}
	cells, err := p.Cells(ctx, s.from, s.to, 0, "")
	if err != nil {
		return nil, err
	}
	events, err := p.Events(ctx, s.from, s.to)
	if err != nil {
		return nil, err
	}
	return report.Make(report.Input{From: s.from, To: s.to, Cells: cells, Events: events, SLO: slo}), nil
}

// reportPolicy allows the one style that is in the page, by its hash, and nothing else.
func reportPolicy(page []byte) string {
	_, rest, _ := bytes.Cut(page, []byte("<style>"))
	style, _, _ := bytes.Cut(rest, []byte("</style>"))
	sum := sha256.Sum256(style)
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
