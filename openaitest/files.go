package openaitest

import "net/http"

// fileObject is what an upload turns into. Its id is new for each attempt, so
// that one repeated by mistake shows as a second file. Nothing is kept.
type fileObject struct {
	ID        string `json:"id"`
	Object    string `json:"object"`
	Bytes     int64  `json:"bytes"`
	CreatedAt int64  `json:"created_at"`
	Filename  string `json:"filename"`
	Purpose   string `json:"purpose"`
	Status    string `json:"status"`
}

func (s *Server) files(w http.ResponseWriter, r *http.Request) {
	up := callOf(r.Context()).body.upload
	var bad *APIError
	switch {
	case up == nil || !up.hasFile:
		bad = missing("file")
	case up.purpose == "":
		bad = missing("purpose")
	}
	if bad != nil {
		bad.Serve(w, r, nil)
		return
	}
	sendWhole(w, r, http.StatusOK, "application/json", mustJSON(fileObject{
		ID: "file-" + longID(AttemptOf(r), "file", 22), Object: "file",
		Bytes: up.bytes, CreatedAt: s.cfg.Now().Unix(),
		Filename: up.filename, Purpose: up.purpose, Status: "processed",
	}))
}
