package peers

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// wrongsFile is where TestWrongs writes its table.
var wrongsFile = flag.String("wrongs", "", "write what TestWrongs finds to this Markdown `file`")

// tryVariable tells this program, run by itself, to try one thing. A process,
// because a peer may hang or crash.
const tryVariable = "RECLOSER_PEERS_TRY"

// patience is how long a try may take; what does not end by then hangs.
const patience = 10 * time.Second

// The answers of a try, beside "hangs" and "crashes".
const (
	right    = "right"
	wrong    = "**wrong**"
	hangs    = "**hangs**"
	crashes  = "**crashes**"
	notThere = "–" // it has nothing of the kind, or leaves it to the caller
)

// wrongs are what breakers get wrong.
var wrongs = [...]struct {
	name string
	try  func(*rig) string
}{
	{"a success of a call begun before it opened closes it", lateSuccess},
	{"a failure of a call begun before it opened opens it again", lateFailure},
	{"failures of calls begun before it opened count after it closed", lateFailures},
	{"a panic is not counted", panicsUncounted},
	{"a panic in the probe wedges it", panicking},
	{"runtime.Goexit in the probe wedges it", exiting},
	{"a probe that never returns wedges it", neverReturning},
	{"the caller's own cancellation counts as a failure", cancellationCounts},
	{"open periods do not grow", periodsConstant},
	{"200 who waited are let through at once after a recovery", stampede},
	{"a hook that asks the breaker deadlocks", nil}, // see try
}

// TestWrongs prints who does what, and demands that Recloser does all right.
// The others' answers may change with their versions.
func TestWrongs(t *testing.T) {
	impls := []string{"gobreaker", "failsafe-go", "go-zero", "hystrix-go", "bytedance", "go-resiliency", "resty", "recloser"}
	answers := make([][]string, len(wrongs))
	var running sync.WaitGroup
	slots := make(chan struct{}, 2)
	for w := range wrongs {
		answers[w] = make([]string, len(impls))
		for i, impl := range impls {
			running.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				answers[w][i] = ask(t, fmt.Sprintf("%s %d", impl, w))
			})
		}
	}
	running.Wait()
	var page strings.Builder
	fmt.Fprintf(&page, "| | %s |\n|%s\n", strings.Join(impls, " | "), strings.Repeat(" --- |", len(impls)+1))
	for w, wrong := range wrongs {
		fmt.Fprintf(&page, "| %s | %s |\n", wrong.name, strings.Join(answers[w], " | "))
		if got := answers[w][slices.Index(impls, "recloser")]; got != right {
			t.Errorf("recloser: %s: %s", wrong.name, got)
		}
	}
	t.Logf("\n%s", page.String())
	if *wrongsFile == "" {
		return
	}
	if err := os.WriteFile(*wrongsFile, []byte(heading(t)+page.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// heading is the head of docs/peers.md: the versions and the day.
func heading(t *testing.T) string {
	goMod, err := os.ReadFile(filepath.Join("..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	required, _, _ := strings.Cut(string(goMod), ")")
	var versions []string
	for line := range strings.Lines(required) {
		if f := strings.Fields(line); len(f) == 2 && strings.HasPrefix(f[1], "v") && f[1] != "v0.0.0" {
			versions = append(versions, f[0]+" "+f[1])
		}
	}
	return fmt.Sprintf("# Recloser beside other Go circuit breakers\n\n"+
		"Written by `make -s bench-peers >docs/peers.md` on %s with %s on %s/%s: %s. "+
		"How each was set up, and what its forms are, is in [bench/peers](../bench/peers/doc.go).\n\n"+
		"## What each gets wrong\n\n"+
		"As it comes, but for the thresholds and the open period, and Recloser's ramp, which is off unless asked for. %q: it has nothing of the kind, or leaves it to the caller.\n\n",
		time.Now().Format(time.DateOnly), runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.Join(versions, ", "), notThere)
}

// ask has a process of its own try one thing.
func ask(t *testing.T, name string) string {
	self, err := os.Executable()
	if err != nil {
		t.Error(err)
		return ""
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), tryVariable+"="+name, "GORACE=atexit_sleep_ms=0") // a second each, under the race detector
	out, err := cmd.Output()
	switch answer, found := strings.CutPrefix(string(out), "answer: "); {
	case ctx.Err() != nil:
		return hangs
	case err != nil || !found:
		return crashes
	default:
		return answer
	}
}

// try prints the answer to one question, as "impl number".
func try(name string) {
	var impl string
	var w int
	if _, err := fmt.Sscanf(name, "%s %d", &impl, &w); err != nil {
		panic(err)
	}
	var answer string
	if wrongs[w].try != nil {
		answer = wrongs[w].try(rigs()[impl](nil))
	} else {
		answer = hookAsks(impl)
	}
	fmt.Print("answer: " + answer)
}

// call makes one call, in whatever form the breaker has. It reports whether it
// was let through.
func (r *rig) call(result error) bool { return r.run(func() error { return result }) }

func (r *rig) run(call func() error) bool {
	if r.do != nil {
		return !errors.Is(r.do(call), errRefused)
	}
	if !r.allow() {
		return false
	}
	r.record(call())
	return true
}

// begin makes a call that lasts until end is called with its result; end
// returns when that is recorded. It is nil if the call was refused.
func (r *rig) begin() (end func(error)) {
	begun, results, recorded := make(chan struct{}), make(chan error), make(chan struct{})
	go func() {
		defer close(recorded)
		r.run(func() error {
			close(begun)
			return <-results
		})
	}()
	select {
	case <-begun:
	case <-recorded:
		return nil
	}
	return func(err error) {
		results <- err
		<-recorded
	}
}

// trip has calls fail until one is refused.
func (r *rig) trip() {
	for r.call(errFailed) {
	}
}

// probe waits until the open period is over and begins the probe.
func (r *rig) probe() (end func(error)) {
	for {
		if end := r.begin(); end != nil {
			return end
		}
		time.Sleep(time.Millisecond)
	}
}

func verdict(isWrong bool) string {
	if isWrong {
		return wrong
	}
	return right
}

func lateSuccess(r *rig) string { return lateResult(r, nil, "closed") }
func lateFailure(r *rig) string { return lateResult(r, errFailed, "open") }

func lateResult(r *rig, result error, then string) string {
	if r.state == nil {
		return notThere
	}
	late := r.begin()
	r.trip()
	r.probe()
	if r.state() == then {
		return notThere // it stays open until the probe's answer
	}
	late(result)
	return verdict(r.state() == then)
}

func lateFailures(r *rig) string {
	if r.state == nil {
		return notThere
	}
	var late []func(error)
	for range r.opens {
		late = append(late, r.begin())
	}
	r.trip()
	r.probe()(nil)
	for i := 0; r.state() != "closed" && i < 10; i++ {
		r.probe()(nil)
	}
	for _, end := range late {
		end(errFailed)
	}
	return verdict(r.state() == "open")
}

// caught makes a call on a goroutine that may end with it.
func (r *rig) caught(call func() error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		r.run(call)
	}()
	<-done
}

func panicsUncounted(r *rig) string {
	if r.do == nil {
		return notThere
	}
	for range r.opens {
		r.caught(func() error { panic("in the call") })
	}
	return verdict(!r.refuses())
}

// refuses reports whether calls are refused, by chance at least.
func (r *rig) refuses() bool {
	for range 20 {
		if !r.call(nil) {
			return true
		}
	}
	return false
}

// wedgedBy reports whether nobody is let through any more after a probe that
// went wrong.
func wedgedBy(r *rig, call func() error) string {
	if r.state == nil {
		return notThere
	}
	r.trip()
	begun := make(chan struct{})
	var once sync.Once
	for waiting := true; waiting; {
		go r.caught(func() error {
			first := false
			once.Do(func() { first = true; close(begun) })
			if !first {
				return nil // not wedged, then
			}
			return call()
		})
		select {
		case <-begun:
			waiting = false
		case <-time.After(time.Millisecond):
		}
	}
	deadline := time.Now().Add(20 * shortPeriod)
	for tries := 0; tries < 300 || time.Now().Before(deadline); tries++ { // on a busy machine, a second is over soon
		if r.call(nil) {
			return right
		}
		time.Sleep(time.Millisecond)
	}
	return wrong
}

// panicking is for those alone that make the call themselves.
func panicking(r *rig) string {
	if r.do == nil {
		return notThere
	}
	return wedgedBy(r, func() error { panic("in the probe") })
}

func exiting(r *rig) string {
	if r.do == nil {
		return notThere
	}
	return wedgedBy(r, func() error { runtime.Goexit(); return nil })
}

func neverReturning(r *rig) string {
	return wedgedBy(r, func() error { select {} })
}

func cancellationCounts(r *rig) string {
	if r.do == nil {
		return notThere
	}
	for range r.opens {
		r.call(context.Canceled)
	}
	return verdict(r.refuses())
}

func periodsConstant(r *rig) string {
	if r.state == nil {
		return notThere
	}
	r.trip()
	var third time.Duration
	for range 3 {
		began := time.Now()
		r.probe()(errFailed)
		third = time.Since(began)
	}
	return verdict(third < 3*shortPeriod) // waiting can only make them longer
}

// stampede closes the breaker, and then 200 callers come at once.
func stampede(r *rig) string {
	if r.state == nil {
		return notThere
	}
	r.trip()
	for i := 0; r.state() != "closed" && i < 10; i++ {
		r.probe()(nil)
	}
	out := 0
	for range 200 {
		if r.begin() != nil {
			out++
		}
	}
	return verdict(out == 200)
}

func hookAsks(impl string) string {
	r := rigs()[impl](func(r *rig) { r.ask() })
	if r.ask == nil {
		return notThere
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.trip()
		r.probe()(nil)
	}()
	select {
	case <-done:
		return right
	case <-time.After(patience / 3):
		return hangs
	}
}
