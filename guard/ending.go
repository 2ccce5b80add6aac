package guard

// Ending is how an upstream's streams end when they are complete.
type Ending uint8

const (
	// EndFinish, as OpenAI's: each choice of a chat completion has a finish
	// reason, and then [DONE] or the end of the body comes; any other stream
	// has a terminal event, such as response.completed.
	EndFinish Ending = iota
	// EndDone: [DONE], or a terminal event, is the end. For servers that send no
	// finish reasons.
	EndDone
	// EndAny: the end of the body, if it comes in order, is the end, and events
	// may be anything. For servers that send neither.
	EndAny
)

// String returns "finish", "done" or "any".
func (e Ending) String() string {
	switch e {
	case EndDone:
		return "done"
	case EndAny:
		return "any"
	default:
		return "finish"
	}
}
