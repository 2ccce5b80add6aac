// Package explain says what recorded exchanges with an LLM API meant: it plays
// each to a guard, the very one that stands in front of the API, and tells what
// that made of it. It also prints the table that decides.
package explain
