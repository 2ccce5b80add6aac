package openaitest

import "net/http"

type batchRequest struct {
	InputFileID string `json:"input_file_id"`
	Endpoint    string `json:"endpoint"`
	Window      string `json:"completion_window"`
}

// batchObject is a batch that has just been accepted. Its id is new for each
// attempt, so that one repeated by mistake shows as a second batch.
type batchObject struct {
	ID            string      `json:"id"`
	Object        string      `json:"object"`
	Endpoint      string      `json:"endpoint"`
	Errors        *struct{}   `json:"errors"`
	InputFileID   string      `json:"input_file_id"`
	Window        string      `json:"completion_window"`
	Status        string      `json:"status"`
	OutputFileID  *string     `json:"output_file_id"`
	ErrorFileID   *string     `json:"error_file_id"`
	CreatedAt     int64       `json:"created_at"`
	RequestCounts batchCounts `json:"request_counts"`
}

type batchCounts struct {
	Total     int `json:"total"`
	Completed int `json:"completed"`
	Failed    int `json:"failed"`
}

func (s *Server) batches(w http.ResponseWriter, r *http.Request) {
	var req batchRequest
	bad := readJSON(r, &req)
	switch {
	case bad != nil:
	case req.InputFileID == "":
		bad = missing("input_file_id")
	case req.Endpoint == "":
		bad = missing("endpoint")
	case req.Window == "":
		bad = missing("completion_window")
	}
	if bad != nil {
		bad.Serve(w, r, nil)
		return
	}
	sendWhole(w, r, http.StatusOK, "application/json", mustJSON(batchObject{
		ID: "batch_" + hexID(AttemptOf(r), "batch", 32), Object: "batch",
		Endpoint: req.Endpoint, InputFileID: req.InputFileID, Window: req.Window,
		Status: "validating", CreatedAt: s.cfg.Now().Unix(),
	}))
}
