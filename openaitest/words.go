package openaitest

import (
	"math/rand/v2"
	"strings"
)

// vocabulary is the stock of every answer's text.
func vocabulary() [24]string {
	return [...]string{
		"lorem", "ipsum", "dolor", "sit", "amet", "consectetur", "adipiscing", "elit",
		"sed", "eiusmod", "tempor", "incididunt", "labore", "magna", "aliqua", "enim",
		"minim", "veniam", "quis", "nostrud", "ullamco", "laboris", "nisi", "commodo",
	}
}

// tokens returns n pieces of text. Joined they read as one sentence.
func tokens(rng *rand.Rand, n int) []string {
	stock := vocabulary()
	out := make([]string, n)
	for i := range out {
		out[i] = " " + stock[rng.IntN(len(stock))]
	}
	if n > 0 {
		first := out[0][1:]
		out[0] = strings.ToUpper(first[:1]) + first[1:]
		out[n-1] += "."
	}
	return out
}

const (
	hexDigits = "0123456789abcdef"
	idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// hexID returns an id of n hexadecimal digits that belongs to attempt a. Ids for
// different purposes differ.
func hexID(a Attempt, purpose string, n int) string { return id(a, purpose, hexDigits, n) }

// longID does the same with letters and digits.
func longID(a Attempt, purpose string, n int) string { return id(a, purpose, idLetters, n) }

func id(a Attempt, purpose, letters string, n int) string {
	for _, b := range []byte(purpose) {
		a = a.inside(int(b))
	}
	rng := a.Rand()
	out := make([]byte, n)
	for i := range out {
		out[i] = letters[rng.IntN(len(letters))]
	}
	return string(out)
}
