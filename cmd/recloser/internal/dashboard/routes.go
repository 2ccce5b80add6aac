package dashboard

import (
	"net/http"
)

// route is an address of the dashboard, as http.ServeMux has it.
type route struct {
	method, path string
	handle       http.HandlerFunc
}

// routes are all of them. openapi.yaml describes those under /api.
func (d *Dashboard) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/{$}", d.page},
		{get, "/circuits/{name...}", d.page},
		{get, "/alerts", d.page},
		{get, "/report", d.report},
		{get, "/assets/{path...}", d.asset},

		{get, "/api/overview", d.overview},
		{get, "/api/events", d.events},
		{get, "/api/circuits", d.circuits},
		{get, "/api/circuits/{name}/detail", d.detail},
		{post, "/api/circuits/{name}/mode", d.setMode},
		{post, "/api/circuits/{name}/reset", d.reset},
		{post, "/api/bypass", d.bypass},
		{post, "/api/gates/{key}/reset", d.resetGate},
		{post, "/api/gates/{key}/{model}/reset", d.resetGate},
		{get, "/api/alerts", d.alerts},
		{post, "/api/alerts/mute", d.mute},
		{get, "/api/openapi.yaml", d.openAPI},
	}
}

// ServeHTTP answers a request.
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handle, pattern := d.mux.Handler(r)
	if pattern == "" { // nothing has that address, or not for that method: the words are ours
		var said verdict
		handle.ServeHTTP(&said, r)
		said.tell(w)
		return
	}
	d.mux.ServeHTTP(w, r)
}

// verdict is a response of which only status and headers matter.
type verdict struct {
	header http.Header
	status int
}

// Header implements http.ResponseWriter.
func (v *verdict) Header() http.Header {
	if v.header == nil {
		v.header = make(http.Header)
	}
	return v.header
}

// Write implements http.ResponseWriter.
func (*verdict) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader implements http.ResponseWriter.
func (v *verdict) WriteHeader(status int) { v.status = status }

func (v *verdict) tell(w http.ResponseWriter) {
	if v.status == http.StatusMethodNotAllowed {
		allow := v.header.Get("Allow")
		w.Header().Set("Allow", allow)
		writeError(w, v.status, "method_not_allowed", "Use "+allow+".")
		return
	}
	writeError(w, http.StatusNotFound, "not_found", "There is no such page.")
}
