package main

import (
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/history"
)

// A trace's calls are told apart by any names, and its fallbacks from its retries.
func TestPlayedCalls(t *testing.T) {
	const text = `timestamp_s,outcome,call,attempt,circuit
0,error,one,1,a/x
1,error,two,1,a/x
2,ok,one,2,a/x
3,ok,two,2,b/x
4,error,,1,a/x
`
	items, err := past(strings.NewReader(text), "t", time.Unix(1e9, 0))
	if err != nil {
		t.Fatal(err)
	}
	var calls []history.Call
	retries, fallbacks, numbers := 0, 0, map[uint64]bool{}
	for item, err := range items {
		switch {
		case err != nil:
			t.Fatal(err)
		case item.Call != nil:
			calls = append(calls, *item.Call)
		case item.Attempt != nil:
			numbers[item.Attempt.Call] = true
			if item.Attempt.Retry {
				retries++
			}
			if item.Attempt.Fallback {
				fallbacks++
			}
		}
	}
	if len(calls) != 3 || calls[0].Retries != 1 || calls[0].Fallbacks != 0 || calls[1].Fallbacks != 1 || calls[1].Circuit != "a/x" {
		t.Errorf("calls %+v", calls)
	}
	if retries != 1 || fallbacks != 1 || len(numbers) != 3 || !numbers[0] {
		t.Errorf("%d retries, %d fallbacks, numbers %v", retries, fallbacks, numbers)
	}
}
