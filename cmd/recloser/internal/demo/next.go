package demo

import (
	"context"
	"fmt"
	"io"
)

// nextSteps is what to do after the run.
const nextSteps = `
Next
  go run ./cmd/recloser serve
      in front of api.openai.com, on 127.0.0.1:8484
  OPENAI_BASE_URL=http://127.0.0.1:8484/v1
      for your application; nothing else changes
  go run ./cmd/recloser demo --keep --seed 2
      another run, which stays up at its end
`

// keep leaves everything up until ctx ends.
func (s *show) keep(ctx context.Context, w io.Writer) {
	fmt.Fprintf(w, "\nStill up, without traffic and with a healthy stand-in. No key is needed.\n\n"+
		"  OPENAI_BASE_URL=%s/v1\n", s.proxyURL)
	if s.adminURL != "" {
		fmt.Fprintf(w, "  the dashboard: %s\n", s.adminURL)
	}
	fmt.Fprint(w, "\nCtrl-C ends it.\n")
	<-ctx.Done()
}
