package guard

import (
	"bytes"
	"strconv"
)

// tokens are how many a service says that it has read and written; 0: it did not
// say.
type tokens struct{ input, output int64 }

// read takes in the value of a member usage.
func (t *tokens) read(value []byte) {
	s := scanner{rest: value}
	s.object(func(key []byte) bool {
		number, ok := s.value()
		switch string(key) {
		case "prompt_tokens", "input_tokens":
			t.input = max(whole(number), t.input)
		case "completion_tokens", "output_tokens":
			t.output = max(whole(number), t.output)
		}
		return ok
	})
}

func whole(number []byte) int64 {
	n, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil || n < 0 || n > maxTokens {
		return 0
	}
	return n
}

// maxTokens is more than any call has; sums of such stay numbers.
const maxTokens = 1 << 40

// ofResponse takes in the usage of a response object that is a member of an
// event.
func (t *tokens) ofResponse(event []byte) {
	s := scanner{rest: event}
	s.object(func(key []byte) bool {
		if string(key) != "response" {
			return s.skip()
		}
		return s.object(func(key []byte) bool {
			value, ok := s.value()
			if ok && string(key) == "usage" {
				t.read(value)
			}
			return ok
		})
	})
}

// maxTail is how much of the end of a JSON answer is kept, in which its usage is.
const maxTail = 2 << 10

// tail is the end of what has passed by.
type tail struct{ kept []byte }

func (t *tail) feed(p []byte) {
	if t.kept == nil {
		t.kept = make([]byte, 0, 2*maxTail)
	}
	p = p[max(len(p)-maxTail, 0):]
	if len(t.kept)+len(p) > cap(t.kept) {
		keep := max(maxTail-len(p), 0)
		t.kept = t.kept[:copy(t.kept, t.kept[len(t.kept)-keep:])]
	}
	t.kept = append(t.kept, p...)
}

// ofAnswer takes in the usage at the end of a JSON answer. In a text the quotes
// around the word would be escaped.
func (t *tokens) ofAnswer(end []byte) {
	const name = `"usage"`
	for before := end; *t == (tokens{}); {
		at := bytes.LastIndex(before, []byte(name))
		if at < 0 {
			return
		}
		s := scanner{rest: end[at+len(name):]}
		if s.take(':') {
			if value, ok := s.value(); ok {
				t.read(value)
			}
		}
		before = before[:at]
	}
}
