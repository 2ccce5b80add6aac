package integration

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answer is what came of a plain HTTP request.
type answer struct {
	Status int
	Header http.Header
	Body   string
	Err    error // of reading the body
}

// do makes a plain HTTP request to path of the proxy, as curl would, and reads
// the whole answer.
func (s *server) do(t *testing.T, method, path, contentType string, body io.Reader) answer {
	t.Helper()
	resp := s.begin(t, method, path, contentType, body)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text), err}
}

// begin is do up to the body, which is the caller's to read and close.
func (s *server) begin(t *testing.T, method, path, contentType string, body io.Reader) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(withPatience(t), method, "http://"+s.Proxy+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secretKey)
	req.Header.Set("Cookie", "session="+secretCookie)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// chatBody asks for a completion, streamed or not.
func chatBody(model string, stream bool) io.Reader {
	body := `{"model":"` + model + `","messages":[{"role":"user","content":"` + secretPrompt + `"}]`
	if stream {
		body += `,"stream":true`
	}
	return strings.NewReader(body + "}")
}

// chat asks for a completion that is not streamed.
func (s *server) chat(t *testing.T, model string) answer {
	t.Helper()
	return s.do(t, http.MethodPost, "/v1/chat/completions", "application/json", chatBody(model, false))
}

// startUpstream serves a handler until the test ends, and returns its base URL
// and the name of its circuit.
func startUpstream(t *testing.T, h http.HandlerFunc) (baseURL, circuit string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL + "/v1", strings.TrimPrefix(s.URL, "http://")
}

// checkErrorObject demands an error object with all four fields, of our own
// making.
func checkErrorObject(t *testing.T, said answer, status int, code string) {
	t.Helper()
	var body struct {
		Error map[string]any `json:"error"`
	}
	err := json.Unmarshal([]byte(said.Body), &body)
	_, param := body.Error["param"]
	message, _ := body.Error["message"].(string)
	if secret := leaked(said.Body); secret != "" {
		t.Errorf("the answer has the secret %q: %s", secret, said.Body)
	}
	if said.Status != status || err != nil || len(body.Error) != 4 || body.Error["code"] != code || !param ||
		message == "" || len(message) > 300 || body.Error["type"] == "" || said.Header.Get("Content-Type") != "application/json" {
		t.Errorf("not a %d with code %s: %+v, %v", status, code, said, err)
	}
}
