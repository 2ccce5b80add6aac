package openaitest

import (
	"fmt"
	"net/http"
)

// HTML answers with a page of the content network in front of the API: with 502
// as when the service cannot be reached, with 403 as a block, and with 200 (the
// zero value) as a captive page that looks like success.
//
// In a script: html, html 502.
type HTML struct {
	// Status is the HTTP status. Zero: 200.
	Status int
}

// Name is "html".
func (HTML) Name() string { return "html" }

func (f HTML) String() string { return say("html").count(f.Status).String() }

// Serve sends the page.
func (f HTML) Serve(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	const page = `<!DOCTYPE html>
<html><head><title>%[1]d %[2]s</title></head>
<body><center><h1>%[1]d %[2]s</h1></center><hr><center>cloudflare</center></body></html>
`
	status := orDefault(f.Status, http.StatusOK)
	edgeHeaders(w, r)
	body := fmt.Sprintf(page, status, http.StatusText(status))
	sendWhole(w, r, status, "text/html; charset=UTF-8", []byte(body))
}
