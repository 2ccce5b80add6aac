package integration

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver"
)

// killRounds is how often the proxy is killed: KILL_ROUNDS, or 50.
func killRounds(t *testing.T) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("KILL_ROUNDS")); err == nil {
		return n
	}
	if testing.Short() {
		return 3
	}
	return 50
}

// The promises about what kill -9 may cost.
const (
	soonSafe  = 250 * time.Millisecond // a transition that was visible for so long is in the file
	laterSafe = time.Second            // and a call that ended so long ago is counted
)

// TestNothingIsForgottenByKillNine kills the proxy under load, again and again, at
// random moments, and looks only at what it says over HTTP and at its file.
func TestNothingIsForgottenByKillNine(t *testing.T) {
	k := &killer{T: t, file: filepath.Join(t.TempDir(), "recloser.db"), seen: map[string]map[string]glimpse{}}
	k.upstream = httptest.NewServer(http.HandlerFunc(answerByModel))
	t.Cleanup(k.upstream.Close)
	luck := rand.New(rand.NewPCG(7, 7))
	rounds := killRounds(t)
	for round := range rounds {
		k.round(round, 300*time.Millisecond+time.Duration(luck.IntN(1200))*time.Millisecond)
		if t.Failed() {
			return
		}
	}
	k.checkFile()
	k.checkReport()
	t.Logf("%d rounds, %d transitions seen, %d calls of which %d had to be counted", rounds, k.transitions, k.all.Load(), k.sure)
}

// answerByModel fails for the model bad, and leaves the third and later calls of a
// run of stuck without an answer.
func answerByModel(w http.ResponseWriter, r *http.Request) {
	var body struct{ Model string }
	_ = json.NewDecoder(r.Body).Decode(&body)
	switch {
	case body.Model == "good":
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}`)
	case body.Model == "stuck" && r.Header.Get("Hang") != "":
		<-r.Context().Done()
	default:
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// seenCircuit is what /api/circuits says of a circuit.
type seenCircuit struct {
	Name     string
	State    string
	Since    time.Time
	Until    *time.Time
	Openings int
	Total    int64 `json:"total_calls"`
	Failed   int64 `json:"failed_calls"`
	Refused  int64 `json:"refused_calls"`
}

// glimpse is a state of a circuit with when it was first seen.
type glimpse struct {
	seenCircuit
	first time.Time
}

// killer is a proxy that is killed, with what was seen of it.
type killer struct {
	*testing.T
	file     string
	upstream *httptest.Server

	mu     sync.Mutex
	states map[string][]glimpse // of this run: the states of each circuit, in order
	counts []glimpse            // every look at every circuit

	before      map[string]memory             // what must be found after the next start
	seen        map[string]map[string]glimpse // what must be in the file: circuit, state and time
	all         atomic.Int64                  // calls that ended, or perhaps did
	ended       []time.Time                   // when calls have ended, in this run
	sure        int64                         // calls that must be counted
	transitions int
}

func (k *killer) round(n int, life time.Duration) {
	k.states, k.counts, k.ended = map[string][]glimpse{}, nil, nil
	s := startServe(k.T, "--upstream", k.upstream.URL+"/v1", "--history", k.file, "--log-format", "json",
		"--failure-threshold", "2", "--base-timeout", "700ms", "--reset-timeout", "3s", "--retries", "0", "--probe-lease", "1m")
	k.checkRestored(n, s)
	stop := make(chan struct{})
	var all sync.WaitGroup
	for _, model := range []string{"good", "good", "bad", "stuck"} {
		all.Go(func() { k.load(s, model, stop) })
	}
	all.Go(func() { k.watch(s, stop) })
	time.Sleep(life)
	killed := time.Now()
	if err := s.cmd.Process.Kill(); err != nil {
		k.Error(err)
	}
	close(stop)
	all.Wait()
	<-s.ended
	for _, at := range k.ended {
		if killed.Sub(at) >= laterSafe {
			k.sure++
		}
	}
	k.remember(killed)
}

// load makes calls until stop.
func (k *killer) load(s *server, model string, stop <-chan struct{}) {
	client := &http.Client{Timeout: 2 * time.Second}
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-time.After(3 * time.Millisecond):
		}
		req, err := http.NewRequestWithContext(k.Context(), http.MethodPost, s.URL()+"/chat/completions", strings.NewReader(`{"model":"`+model+`"}`))
		if err != nil {
			k.Error(err)
			return
		}
		if i >= 2 {
			req.Header.Set("Hang", "yes")
		}
		k.all.Add(1)
		resp, err := client.Do(req)
		if err != nil {
			continue // killed, or hung: perhaps it counts
		}
		_ = resp.Body.Close()
		k.mu.Lock()
		k.ended = append(k.ended, time.Now())
		k.mu.Unlock()
	}
}

// look asks for all circuits.
func (k *killer) look(s *server) ([]seenCircuit, bool) {
	client := &http.Client{Timeout: time.Second}
	resp, err := client.Get("http://" + s.Admin + "/api/circuits")
	if err != nil {
		return nil, false
	}
	defer resp.Body.Close()
	var body struct{ Circuits []seenCircuit }
	return body.Circuits, json.NewDecoder(resp.Body).Decode(&body) == nil
}

// watch notes the states of circuits until stop.
func (k *killer) watch(s *server, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(10 * time.Millisecond):
		}
		asked := time.Now()
		all, ok := k.look(s)
		if !ok {
			continue
		}
		k.mu.Lock()
		for _, c := range all {
			k.counts = append(k.counts, glimpse{c, asked})
			last := k.states[c.Name]
			if len(last) == 0 || last[len(last)-1].State != c.State || !last[len(last)-1].Since.Equal(c.Since) {
				k.states[c.Name] = append(last, glimpse{c, time.Now()})
			}
		}
		k.mu.Unlock()
	}
}

// memory is what must be found again of a circuit.
type memory struct {
	states []glimpse // one of these: the last that is safe, or what came after it
	counts *glimpse  // at least these; nil: it was not seen so long ago
}

// remember keeps what had been visible for long enough when the proxy was killed.
func (k *killer) remember(killed time.Time) {
	k.before = map[string]memory{}
	for name, all := range k.states {
		m := memory{}
		for _, s := range all {
			if killed.Sub(s.first) >= soonSafe {
				m.states = nil
				k.mustBeInFile(s)
			}
			m.states = append(m.states, s)
		}
		if killed.Sub(all[0].first) < soonSafe {
			m.states = nil // it may be unknown
		}
		k.before[name] = m
	}
	for i := range k.counts {
		c := &k.counts[i]
		if killed.Sub(c.first) >= laterSafe {
			m := k.before[c.Name]
			m.counts = c
			k.before[c.Name] = m
		}
	}
}

func (k *killer) mustBeInFile(s glimpse) {
	if s.State == "closed" {
		return // as it began
	}
	if k.seen[s.Name] == nil {
		k.seen[s.Name] = map[string]glimpse{}
	}
	key := s.State + " " + s.Since.String()
	if _, known := k.seen[s.Name][key]; !known {
		k.transitions++
	}
	k.seen[s.Name][key] = s
}

// checkRestored compares a proxy that has just started with what was seen of the one
// before.
func (k *killer) checkRestored(round int, s *server) {
	now, ok := k.look(s)
	if !ok {
		k.Fatal("it does not say what its circuits are")
	}
	is := map[string]seenCircuit{}
	for _, c := range now {
		is[c.Name] = c
	}
	for name, was := range k.before {
		got := is[name]
		if c := was.counts; c != nil && (got.Total < c.Total || got.Failed < c.Failed || got.Refused < c.Refused) {
			k.Errorf("round %d: %s has forgotten calls that were counted a second before: %+v, was %+v", round, name, got, c.seenCircuit)
		}
		found := len(was.states) == 0
		for _, want := range was.states {
			found = found || restoredFrom(got, want.seenCircuit)
		}
		if !found {
			k.Errorf("round %d: %s is %+v, and was %+v", round, name, got, was.states)
		}
	}
}

// restoredFrom reports whether a circuit is one that was as it was seen.
func restoredFrom(got, was seenCircuit) bool {
	if was.State == "closed" {
		return got.State == "closed" || got.State == ""
	}
	if got.State != "open" || got.Openings != was.Openings || got.Until == nil {
		return false
	}
	due := !got.Until.After(time.Now()) // since it was half-open, or its time has passed
	return due && (was.State == "half-open" || !was.Until.After(*got.Until)) || was.Until != nil && got.Until.Equal(*was.Until)
}

// checkFile looks for every transition that was visible for long enough.
func (k *killer) checkFile() {
	db, err := sql.Open("sqlite3", "file:"+k.file+"?mode=ro")
	if err != nil {
		k.Fatal(err)
	}
	defer db.Close()
	for name, all := range k.seen {
		for _, s := range all {
			var n int
			// Of the details, which char(31) divides, the new state and the mode are
			// neighbours. One that was half-open is open after a restart, since then.
			err := db.QueryRowContext(k.Context(), `SELECT count(*) FROM events WHERE kind = 'circuit' AND circuit = ?1 AND abs(at - ?2) < 1500000
				AND (instr(details, char(31) || ?3 || char(31) || 'normal' || char(31)) > 0
					OR ?3 = 'open' AND instr(details, char(31) || 'half-open' || char(31) || 'normal' || char(31)) > 0)`,
				name, s.Since.UnixNano(), s.State).Scan(&n)
			if err != nil {
				k.Fatal(err)
			}
			if n == 0 {
				k.Errorf("the file knows nothing of %s being %s since %v", name, s.State, s.Since)
			}
		}
	}
}

// checkReport compares the number of calls.
func (k *killer) checkReport() {
	out, err := exec.CommandContext(k.Context(), binary(k.T), "report", "--history", k.file, "--since", "all", "--format", "json").Output()
	if err != nil {
		k.Fatal(err)
	}
	var r struct {
		Total struct {
			Calls   map[string]int64
			Refused int64
		}
	}
	if err := json.Unmarshal(out, &r); err != nil {
		k.Fatal(err)
	}
	total := r.Total.Refused
	for _, n := range r.Total.Calls {
		total += n
	}
	if total < k.sure || total > k.all.Load() {
		k.Errorf("%d calls are in the report; at least %d had ended a second before, and there were %d", total, k.sure, k.all.Load())
	}
}
