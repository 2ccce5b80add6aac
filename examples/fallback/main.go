// Fallback answers calls elsewhere while a service fails: with another model of
// another service, and a key of its own. The caller asks for what it always asks for.
//
//	go run ./examples/fallback
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/openaitest"
)

func main() {
	// Stand-ins for two services. Yours need no such thing.
	primary := must(openaitest.Listen("127.0.0.1:0", openaitest.Config{Fault: openaitest.Down{}}))
	defer primary.Close()
	backup := must(openaitest.Listen("127.0.0.1:0", openaitest.Config{APIKey: "key-of-the-backup"}))
	defer backup.Close()

	g := must(guard.New(nil, guard.Config{
		Targets: []guard.Target{
			{Name: "primary"}, // the call as it comes
			{
				Name: "backup", URL: must(url.Parse(backup.URL + "/v1")), Model: "another-model",
				Header: http.Header{"Authorization": {"Bearer key-of-the-backup"}},
			},
		},
	}))

	call(g, primary.URL) // the primary fails, the backup answers at once
	primary.Set(openaitest.Healthy{})
	call(g, primary.URL)
}

func call(g *guard.Guard, base string) {
	var report guard.Report
	ctx := guard.WithReport(context.Background(), &report)
	body := strings.NewReader(`{"model": "gpt-5", "messages": [{"role": "user", "content": "Hello"}]}`)
	req := must(http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/chat/completions", body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer key-of-the-caller") // it goes to the primary alone

	resp, err := g.Client().Do(req)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	_ = must(io.Copy(io.Discard, resp.Body))
	fmt.Printf("%s from the %s after %d attempts\n", resp.Status, report.Target, report.Attempts)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
