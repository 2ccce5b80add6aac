package openaitest

import "encoding/json"

type chatChunk struct {
	ID                string        `json:"id"`
	Object            string        `json:"object"`
	Created           int64         `json:"created"`
	Model             string        `json:"model"`
	SystemFingerprint string        `json:"system_fingerprint"`
	Choices           []chunkChoice `json:"choices"`
	// Usage is absent, or null in all chunks but the last.
	Usage json.RawMessage `json:"usage,omitempty"`
}

type chunkChoice struct {
	Index        int       `json:"index"`
	Delta        any       `json:"delta"`
	Logprobs     *struct{} `json:"logprobs"`
	FinishReason *string   `json:"finish_reason"`
}

type roleDelta struct {
	Role    string  `json:"role"`
	Content string  `json:"content"`
	Refusal *string `json:"refusal"`
}

type textDelta struct {
	Content string `json:"content"`
}

// stream sends the answer as chunks: for each choice the role, then the tokens of
// all choices in turn, then for each choice how it ended.
func (c completion) stream(out *stream, withUsage bool) {
	if c.streamChoices(out, withUsage) != nil {
		return
	}
	if withUsage {
		last := c.chunk(nil, false)
		last.Usage = mustJSON(c.usage)
		if out.send("", last) != nil {
			return
		}
	}
	out.last()
	_ = out.raw("data: [DONE]\n\n")
}

func (c completion) streamChoices(out *stream, withUsage bool) error {
	each := func(delta func(i int) any, finish *string) error {
		for i := range c.choices {
			choice := chunkChoice{Index: i, Delta: delta(i), FinishReason: finish}
			if err := out.send("", c.chunk([]chunkChoice{choice}, withUsage)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := each(func(int) any { return roleDelta{Role: "assistant"} }, nil); err != nil {
		return err
	}
	for t := range c.choices[0] {
		if err := each(func(i int) any { return textDelta{c.choices[i][t]} }, nil); err != nil {
			return err
		}
	}
	return each(func(int) any { return struct{}{} }, &c.finish)
}

func (c completion) chunk(choices []chunkChoice, nullUsage bool) chatChunk {
	out := chatChunk{
		ID: c.id, Object: "chat.completion.chunk", Created: c.created, Model: c.model,
		SystemFingerprint: fingerprint, Choices: choices,
	}
	if choices == nil {
		out.Choices = []chunkChoice{}
	}
	if nullUsage {
		out.Usage = json.RawMessage("null")
	}
	return out
}
