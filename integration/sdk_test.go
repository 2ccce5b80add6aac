package integration

import (
	"context"
	"strings"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// sdk is one of the official clients, with its defaults but for the address and
// the key.
type sdk interface {
	// call makes one call as an application does, and tells what it saw.
	call(t *testing.T, c sdkCall) sighting
}

// sdkCall is what an application asks of its client.
type sdkCall struct {
	URL       string `json:"url"`        // the base URL
	Op        string `json:"op"`         // one of the operations below
	Model     string `json:"model"`      // and nothing else of importance
	TimeoutMS int    `json:"timeout_ms"` // of an attempt; 0: the client's default
}

// The operations.
const (
	opChat            = "chat"
	opChatStream      = "chat stream"
	opResponse        = "response"
	opResponseStream  = "response stream"
	opEmbedding       = "embedding"
	opModels          = "models"
	opModel           = "model"
	opFile            = "file"
	sdkWords          = 8  // of an answer of openaitest
	embeddingLength   = 16 // as asked for
	modelOfOpenaitest = "gpt-4o"
)

// sighting is what an application sees of one call.
type sighting struct {
	Text     string   `json:"text"`     // of the answer; of a stream, its pieces joined
	Pieces   int      `json:"pieces"`   // of a stream, those with text
	Tokens   int64    `json:"tokens"`   // the usage's total
	Models   []string `json:"models"`   // the ids of what was listed
	File     string   `json:"file"`     // the id of what was uploaded
	Length   int      `json:"length"`   // of the vector
	Requests int      `json:"requests"` // HTTP requests that the client made for it
	Target   string   `json:"target"`   // which the proxy says has answered
	Attempts string   `json:"attempts"` // that the proxy says it has made
	Error    *mishap  `json:"error"`
}

// mishap is what the client's error says.
type mishap struct {
	Class   string            `json:"class"` // the error's type
	Status  int               `json:"status"`
	Code    string            `json:"code"`
	Type    string            `json:"type"`
	Message string            `json:"message"` // of the API's error object, else the error's text
	Header  map[string]string `json:"header"`  // of the answer, names in lower case
}

// forEachSDK runs a test with every official client.
func forEachSDK(t *testing.T, test func(t *testing.T, client sdk)) {
	t.Run("go", func(t *testing.T) {
		t.Parallel()
		test(t, goSDK{})
	})
	t.Run("node", func(t *testing.T) {
		t.Parallel()
		test(t, startNodeSDK(t))
	})
}

// All operations, streamed and not, give through the proxy what the service
// said.
func TestSDKHealthy(t *testing.T) {
	forEachSDK(t, func(t *testing.T, client sdk) {
		api := openaitest.Start(t, openaitest.Config{APIKey: secretKey, Chunks: sdkWords})
		serve := startServe(t, "--upstream", api.BaseURL)
		for _, op := range []string{
			opChat, opChatStream, opResponse, opResponseStream, opEmbedding, opModels, opModel, opFile,
		} {
			t.Run(op, func(t *testing.T) {
				before := api.Counts().Attempts
				saw := client.call(t, sdkCall{URL: serve.URL(), Op: op, Model: modelOfOpenaitest})
				checkHealthy(t, op, saw)
				if n := api.Counts().Attempts - before; n != 1 || saw.Requests != 1 {
					t.Errorf("%d requests of the client, %d attempts at the service", saw.Requests, n)
				}
			})
		}
		model := strings.TrimPrefix(api.URL, "http://") + "/" + modelOfOpenaitest
		want := circuit{Name: model, State: "closed", TotalCalls: 5}
		eventually(t, "five calls on the model's circuit, none failed", func() bool {
			return serve.circuit(t, model) == want
		})
	})
}

func checkHealthy(t *testing.T, op string, saw sighting) {
	t.Helper()
	if saw.Error != nil {
		t.Fatalf("%+v", *saw.Error)
	}
	words, pieces := sdkWords, 0
	switch op {
	case opChatStream, opResponseStream:
		pieces = sdkWords
	case opEmbedding, opModels, opModel, opFile:
		words = 0
	}
	if got := len(strings.Fields(saw.Text)); got != words || saw.Pieces != pieces {
		t.Errorf("%q, in %d pieces: not %d words in %d pieces", saw.Text, saw.Pieces, words, pieces)
	}
	switch op {
	case opModels:
		if len(saw.Models) < 2 {
			t.Errorf("models %q", saw.Models)
		}
	case opModel:
		if len(saw.Models) != 1 || saw.Models[0] != modelOfOpenaitest {
			t.Errorf("models %q", saw.Models)
		}
	case opFile:
		if !strings.HasPrefix(saw.File, "file-") {
			t.Errorf("file %q", saw.File)
		}
	case opEmbedding:
		if saw.Length != embeddingLength {
			t.Errorf("a vector of %d numbers, not %d", saw.Length, embeddingLength)
		}
		fallthrough
	default:
		if saw.Tokens == 0 {
			t.Error("no usage")
		}
	}
}

// attemptsFor counts those for a model.
func attemptsFor(t *testing.T, api *openaitest.Local, model string) int64 {
	t.Helper()
	idle(t, api)
	var n int64
	for _, r := range api.Log() {
		if r.Model == model {
			n++
		}
	}
	return n
}

// idle waits until the service has entered all it was asked in its books.
func idle(t *testing.T, api *openaitest.Local) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := api.Idle(ctx); err != nil {
		t.Fatal(err)
	}
}
