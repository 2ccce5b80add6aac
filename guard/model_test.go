package guard_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/recloser/recloser/guard"
)

// cheap is a target whose key pays for one model alone.
func cheap() guard.Config {
	return guard.Config{Retry: once.Retry, Targets: []guard.Target{
		{Name: "own", Model: "cheap", Header: http.Header{"Authorization": {"Bearer own"}}},
	}}
}

// sent makes a call and tells what has gone out, and on which circuit.
func sent(t *testing.T, cfg guard.Config, body, kind string) (out, circuit string) {
	t.Helper()
	r := newRig(t, answer(func(req *http.Request) (*http.Response, error) {
		b, err := io.ReadAll(req.Body)
		if out = string(b); err != nil || req.ContentLength >= 0 && req.ContentLength != int64(len(b)) {
			t.Errorf("%s: %v, announced as %d bytes", b, err, req.ContentLength)
		}
		return good(req)
	}), cfg)
	var report guard.Report
	req := newPost(t, "http://api", body)
	req.Header.Set("Content-Type", kind)
	resp, err := r.RoundTrip(req.WithContext(guard.WithReport(t.Context(), &report)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return out, report.Circuit
}

// However the model is written, what goes out with the target's key is the target's
// model, and the call is on its circuit.
func TestTargetsModelIsTheOnlyOne(t *testing.T) {
	for body, want := range map[string]string{
		`{"model":"dear"}`: `{"model":"cheap"}`,
		` { "n":1, "model" : "dear" ,"x":{"model":"x"}}`: ` { "n":1, "model" : "cheap" ,"x":{"model":"x"}}`,
		`{"stream":true,"stream":true,"model":"dear"}`:   `{"stream":true,"stream":true,"model":"cheap"}`,
		`{"model":"a","model":"dear"}`:                   `{"model":"cheap","model":"cheap"}`,
		`{"model":"dear","model":null}`:                  `{"model":"cheap","model":"cheap"}`,
		`{"model":"a","mod\u0065l":"dear"}`:              `{"model":"cheap","mod\u0065l":"cheap"}`,
		`{"\u006dodel":"dear"}`:                          `{"\u006dodel":"cheap"}`,
		`{"model":"d\u0065ar"}`:                          `{"model":"cheap"}`,
		`{"model":null}`:                                 `{"model":"cheap"}`,
		`{"model":["dear"]}`:                             `{"model":"cheap"}`,
		`{"model":{"model":"dear"},"n":1}`:               `{"model":"cheap","n":1}`,
		`{"model":"dear","n":`:                           `{"model":"cheap","n":`,
	} {
		if out, circuit := sent(t, cheap(), body, "application/json"); out != want || circuit != "api/cheap" {
			t.Errorf("%s: went out as %s on %s, want %s", body, out, circuit, want)
		}
	}
}

// What the documentation excepts: where no model can be read, the request stays as
// it is, and the circuit is that of calls without a model.
func TestModelThatCannotBeReadStays(t *testing.T) {
	upload := "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ndear\r\n--b--\r\n"
	for _, row := range []struct {
		name, body, kind string
		held             int64
	}{
		{"a byte order mark", "\ufeff" + `{"model":"dear"}`, "application/json", 0},
		{"too large", `{"model":"dear","input":"` + strings.Repeat("x", 100) + `"}`, "application/json", 40},
		{"an upload", upload, "multipart/form-data; boundary=b", 0},
		{"JSON in an upload", `{"model":"dear"}`, "multipart/form-data; boundary=b", 0},
		{"a list", `[{"model":"dear"}]`, "application/json", 0},
		{"no model", `{"input":"x"}`, "application/json", 0},
	} {
		cfg := cheap()
		cfg.MaxHeldBody = row.held
		if out, circuit := sent(t, cfg, row.body, row.kind); out != row.body || circuit != "api/"+guard.NoModel {
			t.Errorf("%s: went out as %s on %s", row.name, out, circuit)
		}
	}
}
