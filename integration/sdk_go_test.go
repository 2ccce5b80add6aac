package integration

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/responses"
)

// goSDK is openai-go.
type goSDK struct{}

func (goSDK) call(t *testing.T, c sdkCall) (saw sighting) {
	t.Helper()
	count := func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		saw.Requests++
		resp, err := next(r)
		if err == nil {
			saw.Target, saw.Attempts = resp.Header.Get("Recloser-Target"), resp.Header.Get("Recloser-Attempts")
		}
		return resp, err
	}
	options := []option.RequestOption{
		option.WithBaseURL(c.URL), option.WithAPIKey(secretKey), option.WithMiddleware(count),
	}
	if c.TimeoutMS > 0 {
		options = append(options, option.WithRequestTimeout(time.Duration(c.TimeoutMS)*time.Millisecond))
	}
	saw.Error = goMishap(goCall(t, openai.NewClient(options...), c, &saw))
	return saw
}

// goCall makes the call and notes what it gave.
func goCall(t *testing.T, client openai.Client, c sdkCall, saw *sighting) error {
	t.Helper()
	ctx := t.Context()
	chat := openai.ChatCompletionNewParams{
		Model:    c.Model,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(secretPrompt)},
	}
	response := responses.ResponseNewParams{
		Model: c.Model,
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(secretPrompt)},
	}
	switch c.Op {
	case opChat:
		out, err := client.Chat.Completions.New(ctx, chat)
		if err != nil {
			return err
		}
		saw.Text, saw.Tokens = out.Choices[0].Message.Content, out.Usage.TotalTokens
	case opChatStream:
		chat.StreamOptions.IncludeUsage = openai.Bool(true)
		stream := client.Chat.Completions.NewStreaming(ctx, chat)
		defer stream.Close()
		for stream.Next() {
			chunk := stream.Current()
			saw.Tokens = max(saw.Tokens, chunk.Usage.TotalTokens)
			for _, choice := range chunk.Choices {
				saw.piece(choice.Delta.Content)
			}
		}
		return stream.Err()
	case opResponse:
		out, err := client.Responses.New(ctx, response)
		if err != nil {
			return err
		}
		saw.Text, saw.Tokens = out.OutputText(), out.Usage.TotalTokens
	case opResponseStream:
		stream := client.Responses.NewStreaming(ctx, response)
		defer stream.Close()
		for stream.Next() {
			switch event := stream.Current().AsAny().(type) {
			case responses.ResponseTextDeltaEvent:
				saw.piece(event.Delta)
			case responses.ResponseCompletedEvent:
				saw.Tokens = event.Response.Usage.TotalTokens
			}
		}
		return stream.Err()
	case opEmbedding:
		out, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
			Model: c.Model, Dimensions: openai.Int(embeddingLength),
			Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String(secretPrompt)},
		})
		if err != nil {
			return err
		}
		saw.Length, saw.Tokens = len(out.Data[0].Embedding), out.Usage.TotalTokens
	case opModels:
		models := client.Models.ListAutoPaging(ctx)
		for models.Next() {
			saw.Models = append(saw.Models, models.Current().ID)
		}
		return models.Err()
	case opModel:
		out, err := client.Models.Get(ctx, c.Model)
		if err != nil {
			return err
		}
		saw.Models = []string{out.ID}
	case opFile:
		out, err := client.Files.New(ctx, openai.FileNewParams{
			File:    openai.File(strings.NewReader(secretPrompt), "input.jsonl", "application/jsonl"),
			Purpose: openai.FilePurposeBatch,
		})
		if err != nil {
			return err
		}
		saw.File = out.ID
	default:
		t.Fatalf("no operation %q", c.Op)
	}
	return nil
}

func (s *sighting) piece(text string) {
	if text != "" {
		s.Text += text
		s.Pieces++
	}
}

// goMishap reads what openai-go says of an error.
func goMishap(err error) *mishap {
	if err == nil {
		return nil
	}
	got := &mishap{Class: fmt.Sprintf("%T", err), Message: err.Error(), Header: map[string]string{}}
	if event, ok := errors.AsType[*ssestream.StreamError](err); ok {
		var body struct {
			Error struct{ Code, Type, Message string }
		}
		if json.Unmarshal(event.Event.Data, &body) == nil {
			got.Code, got.Type, got.Message = body.Error.Code, body.Error.Type, body.Error.Message
		}
	}
	api, ok := errors.AsType[*openai.Error](err)
	if !ok {
		return got
	}
	got.Status, got.Code, got.Type, got.Message = api.StatusCode, api.Code, api.Type, api.Message
	for name, values := range api.Response.Header {
		got.Header[strings.ToLower(name)] = values[0]
	}
	return got
}
