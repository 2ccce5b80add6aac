package openaitest

import (
	"net/http"
	"strings"
)

type model struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

type modelList struct {
	Object string  `json:"object"`
	Data   []model `json:"data"`
}

func newModel(id string) model {
	return model{ID: id, Object: "model", Created: 1_700_000_000, OwnedBy: "openaitest"}
}

// models answers both the list and the query for one.
func (s *Server) models(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(relative(r.URL.Path), modelsEndpoint)
	if id = strings.TrimPrefix(id, "/"); id != "" {
		s.oneModel(w, r, id)
		return
	}
	ids := s.cfg.Models
	if len(ids) == 0 {
		ids = []string{"gpt-4o", "gpt-4o-mini", "text-embedding-3-small"}
	}
	list := modelList{Object: "list", Data: make([]model, 0, len(ids))}
	for _, id := range ids {
		list.Data = append(list.Data, newModel(id))
	}
	sendWhole(w, r, http.StatusOK, "application/json", mustJSON(list))
}

func (s *Server) oneModel(w http.ResponseWriter, r *http.Request, id string) {
	if bad := s.checkModel(id); bad != nil {
		bad.Serve(w, r, nil)
		return
	}
	sendWhole(w, r, http.StatusOK, "application/json", mustJSON(newModel(id)))
}
