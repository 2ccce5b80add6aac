package fault_test

import (
	"strings"
	"testing"

	"github.com/recloser/recloser/fault"
)

// What a failure costs, and what a success costs that is looked at.
func BenchmarkClassify(b *testing.B) {
	long := strings.Repeat("capacity balance account free tier reached ", 200)
	for _, row := range []struct {
		name   string
		status int
		body   string
	}{
		{"code", 429, body("rate_limit_exceeded", "tokens", "Rate limit reached")},
		{"status", 500, body("", "", "Something odd")},
		{"long text", 500, body("", "", long)},
		{"not looked at", 200, `{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"content":"` + long[:3000] + `"}}]}`},
		{"error null", 200, `{"id":"x","object":"response","error": null,"output":[{"type":"message","content":[{"text":"` + long[:3000] + `"}]}]}`},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			text := []byte(row.body)
			for b.Loop() {
				fault.Classify(row.status, nil, text, noon)
			}
		})
	}
}
