package dashboard

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.yaml
var openAPIText string

func (d *Dashboard) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write([]byte(openAPIText)) // the client may be gone
}
