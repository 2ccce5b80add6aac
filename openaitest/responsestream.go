package openaitest

import "strings"

// The events of a Responses stream. Each carries its type and its number.

type eventHead struct {
	Type     string `json:"type"`
	Sequence int    `json:"sequence_number"`
}

type responseEvent struct {
	eventHead
	Response response `json:"response"`
}

type itemEvent struct {
	eventHead
	OutputIndex int        `json:"output_index"`
	Item        outputItem `json:"item"`
}

// partHead tells which part of which item an event is about.
type partHead struct {
	ItemID       string `json:"item_id"`
	OutputIndex  int    `json:"output_index"`
	ContentIndex int    `json:"content_index"`
}

type partEvent struct {
	eventHead
	partHead
	Part contentPart `json:"part"`
}

type deltaEvent struct {
	eventHead
	partHead
	Delta    string     `json:"delta"`
	Logprobs []struct{} `json:"logprobs"`
}

type textEvent struct {
	eventHead
	partHead
	Text     string     `json:"text"`
	Logprobs []struct{} `json:"logprobs"`
}

// streamResponse sends the final object resp, whose text is words, as the events
// that lead to it. The real API does not say [DONE] here, and neither does this.
func streamResponse(out *stream, resp response, words []string) {
	events := responseEvents(resp, words)
	for i, e := range events {
		if i == len(events)-1 {
			out.last()
		}
		if out.send(e.kind(), e) != nil {
			return
		}
	}
}

// responseEvents lists all events of a stream in their order.
func responseEvents(resp response, words []string) []numbered {
	item, status := messageID(resp.ID), resp.Status
	text, at := strings.Join(words, ""), partHead{ItemID: item}
	early := resp
	early.Status, early.IncompleteDetails, early.Usage = "in_progress", nil, nil
	early.Output = []outputItem{}

	events := []numbered{
		&responseEvent{head("response.created"), early},
		&responseEvent{head("response.in_progress"), early},
		&itemEvent{head("response.output_item.added"), 0, messageItem(item, "in_progress", "")},
		&partEvent{head("response.content_part.added"), at, textPart("")},
	}
	for _, w := range words {
		events = append(events, &deltaEvent{head("response.output_text.delta"), at, w, []struct{}{}})
	}
	events = append(events,
		&textEvent{head("response.output_text.done"), at, text, []struct{}{}},
		&partEvent{head("response.content_part.done"), at, textPart(text)},
		&itemEvent{head("response.output_item.done"), 0, messageItem(item, status, text)},
		&responseEvent{head("response." + status), resp},
	)
	for i, e := range events {
		e.number(i)
	}
	return events
}

// numbered is any of the events above.
type numbered interface {
	kind() string
	number(n int)
}

func head(kind string) eventHead { return eventHead{Type: kind} }

func (h *eventHead) kind() string { return h.Type }

func (h *eventHead) number(n int) { h.Sequence = n }
