package main

import (
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts run this binary as "recloser".
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"recloser": main})
}

// TestScripts runs testdata/script: one file a behaviour of the command line.
// Besides the commands of testscript they know
//
//	start NAME ARG...        runs recloser beside the script and waits until it listens; what it prints
//	                         is in NAME.log, its addresses are in $PROXY, $ADMIN (serve) and $URL (mock)
//	[!] call STATUS URL [BODY]  makes a call; the answer's body is its stdout. !: until there is no answer
//	await STATUS URL         makes calls until the answer has that status
//	logged NAME REGEXP       waits until what it printed has that
//	signal NAME TERM|INT|HUP...  sends signals, one right after the other, to what was started
//	insist NAME TERM|INT...  sends them again and again until it has ended
//	ended NAME CODE          waits until it has ended, and demands that exit code
//	traces                   writes busy.csv, once.csv and calm.csv: an outage every five minutes, one, none
//
// A call waits for nothing: await and logged do.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Values[processesKey{}] = processes{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start":  cmdStart,
			"call":   cmdCall,
			"await":  cmdAwait,
			"logged": cmdLogged,
			"signal": cmdSignal,
			"insist": cmdInsist,
			"ended":  cmdEnded,
			"traces": cmdTraces,
		},
	})
}

// patience bounds what scripts wait for.
const patience = 30 * time.Second

// poll asks until ok or patience is over.
func poll(ok func() bool) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}
