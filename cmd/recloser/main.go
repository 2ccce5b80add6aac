// Recloser is a circuit breaker for calls to LLM APIs, as a proxy: see
// "recloser serve --help".
package main

import (
	"context"
	"os"
)

// version is set by the linker in releases.
var version string

func main() {
	os.Exit(run(context.Background(), os.Args[1:], streams{os.Stdout, os.Stderr, os.Environ()}))
}
