package guard

import "testing"

// BenchmarkStream is what watching one chunk costs.
func BenchmarkStream(b *testing.B) {
	chunk := []byte(`data: {"id":"chatcmpl-ABCDEFGHIJKLMNOPQRSTUVWXYZ012","object":"chat.completion.chunk","created":1723031665,"model":"gpt-4o-2024-08-06","system_fingerprint":"fp_2a322c9ffc","choices":[{"index":0,"delta":{"content":" Francisco"},"logprobs":null,"finish_reason":null}],"usage":null}` + "\n\n")
	s := newWatch(chatPath)
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		s.feed(chunk)
	}
}
