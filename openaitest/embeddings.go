package openaitest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/http"
)

const (
	defaultDimensions = 32 // far fewer than a real model's, to keep answers short
	maxDimensions     = 4096
	maxInputs         = 2048
)

type embeddingsRequest struct {
	Model          string          `json:"model"`
	Input          json.RawMessage `json:"input"`
	EncodingFormat string          `json:"encoding_format"`
	Dimensions     int             `json:"dimensions"`
}

type embeddingList struct {
	Object string         `json:"object"`
	Data   []embedding    `json:"data"`
	Model  string         `json:"model"`
	Usage  embeddingUsage `json:"usage"`
}

type embedding struct {
	Object    string `json:"object"`
	Index     int    `json:"index"`
	Embedding any    `json:"embedding"` // []float32, or a string in base64
}

type embeddingUsage struct {
	PromptTokens int `json:"prompt_tokens"`
	TotalTokens  int `json:"total_tokens"`
}

func (s *Server) embeddings(w http.ResponseWriter, r *http.Request) {
	var req embeddingsRequest
	bad := readJSON(r, &req)
	if bad == nil {
		bad = s.checkEmbeddings(req)
	}
	if bad != nil {
		bad.Serve(w, r, nil)
		return
	}
	limitHeaders(w, r)
	in := estimate(len(req.Input))
	out := embeddingList{Object: "list", Model: req.Model, Usage: embeddingUsage{in, in}}
	rng := AttemptOf(r).Rand()
	for i := range inputs(req.Input) {
		vector := unitVector(rng, orDefault(req.Dimensions, defaultDimensions))
		out.Data = append(out.Data, embedding{"embedding", i, encodeVector(vector, req.EncodingFormat)})
	}
	sendWhole(w, r, http.StatusOK, "application/json", mustJSON(out))
}

func (s *Server) checkEmbeddings(req embeddingsRequest) *APIError {
	if bad := s.checkModel(req.Model); bad != nil {
		return bad
	}
	switch {
	case !given(req.Input):
		return missing("input")
	case req.Dimensions < 0 || req.Dimensions > maxDimensions:
		return badRequest("dimensions", "invalid_value", "Invalid 'dimensions'.")
	case inputs(req.Input) > maxInputs:
		return badRequest("input", "array_above_max_length", "Invalid 'input': too many.")
	}
	return nil
}

// inputs returns how many texts (or lists of token numbers) raw holds: a list of
// numbers is one, any other list holds one in each place.
func inputs(raw json.RawMessage) int {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
		return 1
	}
	if c := list[0][0]; c != '"' && c != '[' {
		return 1
	}
	return len(list)
}

// unitVector returns a vector of length 1, as the models do.
func unitVector(rng *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	var sum float64
	for i := range out {
		v := rng.NormFloat64()
		out[i] = float32(v)
		sum += v * v
	}
	for i := range out {
		out[i] /= float32(math.Sqrt(sum))
	}
	return out
}

// encodeVector returns v as format wants it: the official clients ask for
// base64 of little-endian float32, others get numbers.
func encodeVector(v []float32, format string) any {
	if format != "base64" {
		return v
	}
	raw := make([]byte, 0, 4*len(v))
	for _, f := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(f))
	}
	return base64.StdEncoding.EncodeToString(raw)
}
