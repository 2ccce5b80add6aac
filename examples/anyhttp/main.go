// Anyhttp guards a plain http.Client, of whatever API: retries, deadlines and a
// circuit in one line, and a report of what became of each call.
//
//	go run ./examples/anyhttp
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/openaitest"
	"github.com/recloser/recloser/retry"
)

func main() {
	// A stand-in for the API. Yours needs no such thing.
	api := must(openaitest.Listen("127.0.0.1:0", openaitest.Config{Script: "first 2 (reset)"}))
	defer api.Close()

	g := must(guard.New(nil, guard.Config{
		Breaker: breaker.Config{FailureThreshold: 3},
		Retry:   retry.Config{BaseDelay: 10 * time.Millisecond}, // 500ms is the default
	}))
	client := &http.Client{Transport: g}

	call(client, api.URL+"/v1/models") // two connections break, the third attempt gets through
	api.Set(openaitest.Down{})
	call(client, api.URL+"/v1/models") // the service's answer, an error, after retries
	call(client, api.URL+"/v1/models") // refused: the circuit is open
}

func call(client *http.Client, url string) {
	var report guard.Report
	ctx := guard.WithReport(context.Background(), &report)
	ctx = guard.WithCircuit(ctx, "models") // where no model in the request names it
	req := must(http.NewRequestWithContext(ctx, http.MethodGet, url, nil))

	resp, err := client.Do(req)
	if err != nil { // no answer came: *breaker.OpenError or *fault.Error
		fmt.Printf("no answer after %d attempts. Tell the user: %s\n", report.Attempts, fault.UserMessage(err))
		return
	}
	defer resp.Body.Close()
	_ = must(io.Copy(io.Discard, resp.Body)) // a call ends with its body
	fmt.Printf("%s after %d attempts: %s\n", resp.Status, report.Attempts, report.Kind)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
