package openaitest

import (
	"fmt"
	"strings"
)

// A SyntaxError tells where a script cannot be understood.
type SyntaxError struct {
	// Script is the whole text, Offset the byte in it that the message is about.
	Script string
	Offset int
	// Message says what is wrong there, and what may stand in its place.
	Message string
}

func (e *SyntaxError) Error() string {
	line, column := e.Position()
	return fmt.Sprintf("openaitest: script, line %d, column %d: %s", line, column, e.Message)
}

// Position returns the line and the column, in bytes, both from 1.
func (e *SyntaxError) Position() (line, column int) {
	before := e.Script[:e.Offset]
	line = 1 + strings.Count(before, "\n")
	return line, e.Offset - strings.LastIndexByte(before, '\n')
}
