package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// nodeSDK is the npm package openai, in a Node process that makes one call after
// the other: see node/driver.mjs.
type nodeSDK struct {
	process *process
	calls   io.Writer
	seen    chan string
}

func startNodeSDK(t *testing.T) *nodeSDK {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node", "install Node 20 or newer")
	}
	needFile(t, filepath.Join("node", "node_modules", "openai"), "run make setup")
	cmd := exec.Command(node, "driver.mjs", secretKey, secretPrompt, strconv.Itoa(embeddingLength))
	cmd.Dir = "node"
	cmd.Env = environment([]string{"OPENAI_", "NODE_"}, "NODE_NO_WARNINGS=1")
	calls, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	n := &nodeSDK{calls: calls, seen: make(chan string, 1)}
	n.process = start(t, cmd, func(line string) {
		if strings.HasPrefix(line, `{"text":`) {
			n.seen <- line
		}
	})
	return n
}

func (n *nodeSDK) call(t *testing.T, c sdkCall) (saw sighting) {
	t.Helper()
	line, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(n.calls, "%s\n", line); err != nil {
		t.Fatal(err)
	}
	select {
	case <-n.process.ended:
		t.Fatal("node has ended")
	case got := <-n.seen:
		if err := json.Unmarshal([]byte(got), &saw); err != nil {
			t.Fatal(err)
		}
	}
	return saw
}
