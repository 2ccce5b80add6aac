package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// processes are what a script has started, by name.
type processes map[string]*process

type processesKey struct{}

type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

func lookup(ts *testscript.TestScript, name string) *process {
	p := ts.Value(processesKey{}).(processes)[name]
	if p == nil {
		ts.Fatalf("nothing was started as %s", name)
	}
	return p
}

func cmdStart(ts *testscript.TestScript, _ bool, args []string) {
	name, file := args[0], ts.MkAbs(args[0]+".log")
	log, err := os.Create(file)
	ts.Check(err)
	defer log.Close()
	path := ""
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if found, err := exec.LookPath(filepath.Join(dir, "recloser")); err == nil {
			path = found
			break
		}
	}
	p := &process{exec.Command(path, args[1:]...), make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = log, log, ts.Getenv("WORK")
	p.cmd.Env = []string{"XDG_STATE_HOME=" + ts.MkAbs(name+".state")} // its history is its own
	for _, variable := range []string{"RECLOSER_ADMIN_TOKEN", "RECLOSER_RETRIES", "RECLOSER_RETRYS", "RECLOSER_CONFIG", "TOKEN", "GOCOVERDIR"} {
		if text := ts.Getenv(variable); text != "" {
			p.cmd.Env = append(p.cmd.Env, variable+"="+text)
		}
	}
	if p.cmd.Env == nil {
		p.cmd.Env = os.Environ()
	}
	p.cmd.Env = append(p.cmd.Env, "XDG_STATE_HOME="+ts.MkAbs(name+".state")) // none of them has the history of another
	ts.Check(p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	ts.Defer(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	ts.Value(processesKey{}).(processes)[name] = p
	if !poll(func() bool { return addresses(ts, file) || p.gone() }) || p.gone() {
		ts.Fatalf("%s does not listen:\n%s", name, ts.ReadFile(file))
	}
}

func (p *process) gone() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// addresses finds in what was printed where a program listens.
func addresses(ts *testscript.TestScript, file string) bool {
	text := ts.ReadFile(file)
	if found := regexp.MustCompile(`"msg":"listening","proxy":"([^"]*)","admin":"([^"]*)"`).FindStringSubmatch(text); found != nil {
		ts.Setenv("PROXY", found[1])
		ts.Setenv("ADMIN", found[2])
		return true
	}
	found := regexp.MustCompile(`(?m)^listening on (.*)$`).FindStringSubmatch(text)
	if found == nil || !strings.Contains(text, "\nplaying ") {
		return false
	}
	ts.Setenv("URL", found[1])
	return true
}

// get makes a call. The status is 0 if there was no answer.
func get(url, body string, header http.Header) (status int, answer string) {
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	req.Header = header
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

// header is what $AUTHORIZATION asks for.
func header(ts *testscript.TestScript) http.Header {
	h := http.Header{}
	if value := ts.Getenv("AUTHORIZATION"); value != "" {
		h.Set("Authorization", value)
	}
	return h
}

func cmdCall(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		if !poll(func() bool { status, _ := get(args[0], "", nil); return status == 0 }) {
			ts.Fatalf("%s still answers", args[0])
		}
		return
	}
	status, answer := get(args[1], strings.Join(args[2:], " "), header(ts))
	_, _ = io.WriteString(ts.Stdout(), answer)
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("%s: status %d: %s", args[1], status, answer)
	}
}

func cmdAwait(ts *testscript.TestScript, _ bool, args []string) {
	ok := poll(func() bool {
		status, _ := get(args[1], "", header(ts))
		return strconv.Itoa(status) == args[0]
	})
	if !ok {
		ts.Fatalf("%s never has status %s", args[1], args[0])
	}
}

func cmdLogged(ts *testscript.TestScript, _ bool, args []string) {
	file, pattern := ts.MkAbs(args[0]+".log"), regexp.MustCompile("(?m)"+args[1])
	if !poll(func() bool { return pattern.MatchString(ts.ReadFile(file)) }) {
		ts.Fatalf("%s never logs %s:\n%s", args[0], args[1], ts.ReadFile(file))
	}
}

// signals are what scripts call them.
func signals(names []string) []os.Signal {
	var all []os.Signal
	for _, name := range names {
		all = append(all, map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": os.Interrupt, "HUP": syscall.SIGHUP, "KILL": os.Kill}[name])
	}
	return all
}

func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	p := lookup(ts, args[0])
	for _, sig := range signals(args[1:]) {
		ts.Check(p.cmd.Process.Signal(sig))
	}
}

func cmdInsist(ts *testscript.TestScript, _ bool, args []string) {
	p := lookup(ts, args[0])
	ended := poll(func() bool {
		for _, sig := range signals(args[1:]) {
			_ = p.cmd.Process.Signal(sig) // it may have ended just now
		}
		return p.gone()
	})
	if !ended {
		ts.Fatalf("%s does not end, however often it is told", args[0])
	}
}

func cmdEnded(ts *testscript.TestScript, _ bool, args []string) {
	p := lookup(ts, args[0])
	if !poll(p.gone) {
		ts.Fatalf("%s does not end", args[0])
	}
	if code := strconv.Itoa(p.cmd.ProcessState.ExitCode()); code != args[1] {
		ts.Fatalf("%s ended with code %s:\n%s", args[0], code, ts.ReadFile(ts.MkAbs(args[0]+".log")))
	}
}
