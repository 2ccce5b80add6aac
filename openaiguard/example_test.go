package openaiguard_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/openaiguard"
	"github.com/recloser/recloser/openaitest"
)

func Example() {
	api, _ := openaitest.Listen("127.0.0.1:0", openaitest.Config{Script: "rate-limited retry-after=60s"})
	defer api.Close()

	g, err := guard.New(nil, guard.Config{})
	if err != nil {
		panic(err)
	}
	opts := append(openaiguard.Options(g), option.WithBaseURL(api.BaseURL), option.WithAPIKey("any"))
	svc := openaiguard.NewService(openai.NewClient(opts...))

	_, err = svc.CreateChatCompletion(context.Background(), openai.ChatCompletionNewParams{
		Model:    "gpt-5",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hello")},
	})
	fmt.Println(errors.Is(err, fault.ErrRateLimit))
	fmt.Println(fault.UserMessage(err))
	// Output:
	// true
	// Our AI service is experiencing high demand. Please try again in a few moments.
}
