// Library puts Recloser beneath the official OpenAI client, with no server in
// between: one failed call, one that is refused at once, one that works again.
//
//	go run ./examples/library
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/openaiguard"
	"github.com/recloser/recloser/openaitest"
)

func main() {
	// A stand-in for the API, down for three attempts. Yours needs no such thing.
	api := must(openaitest.Listen("127.0.0.1:0", openaitest.Config{Script: "first 3 (down)"}))
	defer api.Close()

	g := must(guard.New(nil, guard.Config{Breaker: breaker.Config{
		FailureThreshold: 3, BaseTimeout: 100 * time.Millisecond, // 5 and 1s are the defaults
	}}))
	options := append(openaiguard.Options(g), option.WithBaseURL(api.BaseURL), option.WithAPIKey("any"))
	chat := openaiguard.NewService(openai.NewClient(options...))

	for range 3 {
		answer, err := chat.CreateChatCompletion(context.Background(), openai.ChatCompletionNewParams{
			Model:    "gpt-5",
			Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Hello!")},
		})
		if err == nil {
			fmt.Println("answered:", answer.Choices[0].Message.Content)
			continue
		}
		fmt.Println("tell the user:", fault.UserMessage(err))
		if open, ok := errors.AsType[*breaker.OpenError](err); ok {
			time.Sleep(open.RetryIn())
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
