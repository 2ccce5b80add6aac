package integration

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/recloser/recloser/openaitest"
)

var goodputTime = flag.Duration("goodput", 30*time.Second, "how long clients call a limited service for TestGoodput")

// quota is a limit of the service and those who want more than it allows.
type quota struct {
	name    string
	limit   func() *openaitest.Limited
	clients int
}

// quotas are those of the service: calls that come back one in two seconds, and
// tokens enough for some ten calls a second, which are told in less and less
// detail. The service's own bucket holds a minute's worth, but it is known to
// enforce its limits over shorter times too.
func quotas() []quota {
	tokens := func(burst int, noRetryAfter, bare bool) func() *openaitest.Limited {
		return func() *openaitest.Limited {
			return &openaitest.Limited{TokensPerMinute: perMinute, TokenBurst: burst, NoRetryAfter: noRetryAfter, Bare: bare}
		}
	}
	return []quota{
		{"a call in 2 s", func() *openaitest.Limited { return &openaitest.Limited{Rate: 0.5, Burst: 1} }, 5},
		{"tokens", tokens(perMinute, false, false), 20},
		{"tokens, no Retry-After", tokens(perMinute, true, false), 20},
		{"tokens, no header", tokens(perMinute, false, true), 20},
		{"small bucket", tokens(perMinute/30, false, false), 20},
		{"small bucket, no Retry-After", tokens(perMinute/30, true, false), 20},
		{"small bucket, no header", tokens(perMinute/30, false, true), 20},
	}
}

const perMinute = 60_000 // tokens

// arm is a crowd and the service that it has to itself.
type arm struct {
	crowd

	api    *openaitest.Local
	wasted atomic.Int64 // attempts that the service has refused in the first half
}

func limitedParams() openai.ChatCompletionNewParams {
	p := chatParams("m")
	p.MaxCompletionTokens = openai.Int(60)
	return p
}

// startArm prepares one side: through the proxy if there are arguments for it.
func startArm(t *testing.T, q quota, args []string) *arm {
	t.Helper()
	return startArmBefore(t, startLimited(t, q), q, args)
}

func startLimited(t *testing.T, q quota) *openaitest.Local {
	t.Helper()
	return openaitest.Start(t, openaitest.Config{Fault: q.limit(), Latency: 30 * time.Millisecond, LogSize: -1})
}

// startArmBefore is startArm before a service that others may call, too.
func startArmBefore(t *testing.T, api *openaitest.Local, q quota, args []string) *arm {
	t.Helper()
	a := &arm{api: api}
	a.URL, a.clients, a.params, a.leave = a.api.BaseURL, q.clients, limitedParams(), true
	// There is always more to do; who has been refused takes a breath.
	a.think = func(rng *rand.Rand, err error) time.Duration {
		if err != nil {
			return time.Duration((0.5 + rng.Float64()) * float64(time.Second))
		}
		return time.Millisecond
	}
	if args != nil {
		a.URL = startServe(t, append([]string{"--upstream", a.api.BaseURL}, args...)...).URL()
	}
	return a
}

// run lets the crowd call, and looks at the books when half of the time is over.
func (a *arm) run(t *testing.T, begin time.Time) {
	t.Helper()
	a.from = begin.Add(*goodputTime / 2)
	half := time.AfterFunc(time.Until(a.from), func() { a.wasted.Store(a.refused()) })
	defer half.Stop()
	a.crowd.run(t, begin.Add(*goodputTime))
}

func (a *arm) refused() int64 { return a.api.Counts().ByStatus["4xx"] }

// halves are how many calls were answered, and how many attempts were refused by
// the service.
type halves struct{ answered, wasted, lateAnswered, lateWasted float64 }

func (a *arm) result(t *testing.T) halves {
	t.Helper()
	idle(t, a.api)
	all, late := a.before.Load()+a.answered.Load(), a.answered.Load()
	refused := a.refused()
	return halves{float64(all), float64(refused), float64(late), float64(refused - a.wasted.Load())}
}

// tokensOfCall asks the service what a call of the crowd needs.
func tokensOfCall(t *testing.T) float64 {
	t.Helper()
	const many = 1_000_000
	api := openaitest.Start(t, openaitest.Config{Fault: &openaitest.Limited{TokensPerMinute: 1, TokenBurst: many}})
	var resp *http.Response
	client := openai.NewClient(option.WithBaseURL(api.BaseURL), option.WithAPIKey(secretKey), option.WithResponseInto(&resp))
	if _, err := client.Chat.Completions.New(t.Context(), limitedParams()); err != nil {
		t.Fatal(err)
	}
	left, err := strconv.Atoi(resp.Header.Get("X-Ratelimit-Remaining-Tokens"))
	if err != nil {
		t.Fatal(err)
	}
	return float64(many - left)
}

// allowed is how many calls a limit has at once, and how many a second.
func allowed(l *openaitest.Limited, tokens float64) (burst, rate float64) {
	if l.TokensPerMinute > 0 {
		return float64(l.TokenBurst) / tokens, float64(l.TokensPerMinute) / 60 / tokens
	}
	return float64(l.Burst), l.Rate
}

// Behind a gate with a line clients get what a quota allows, and hardly any
// attempt is wasted on asking too early.
//
// Nine tenths are demanded, and at most a twentieth of what the bare clients waste:
// the gate keeps a tenth of the bucket in reserve, and has to be refused a few times
// until it knows of a limit that nobody tells. The longer the run, the less that
// weighs: -goodput 2m.
func TestGoodput(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 30 s")
	}
	t.Parallel() // it is nothing but waiting
	all := quotas()
	bare, gated := make([]*arm, len(all)), make([]*arm, len(all))
	for i, q := range all {
		bare[i], gated[i] = startArm(t, q, nil), startArm(t, q, []string{"--gate-wait", "on"})
	}
	tokens := tokensOfCall(t)
	var running sync.WaitGroup
	begin := time.Now()
	for _, a := range slices.Concat(bare, gated) {
		running.Go(func() { a.run(t, begin) })
	}
	running.Wait()
	rows := [][]string{{
		"limit", "allowed", "bare client: answered", "429s", "Recloser: answered", "429s", "of the bare one's",
		"second half: answered", "429s", "of the bare one's",
	}}
	for i, q := range all {
		burst, rate := allowed(q.limit(), tokens)
		seconds := goodputTime.Seconds()
		most, late := burst+rate*seconds, rate*seconds/2
		b, g := bare[i].result(t), gated[i].result(t)
		rows = append(rows, []string{
			q.name, fmt.Sprintf("%.0f", most), share(b.answered, most), fmt.Sprint(b.wasted), share(g.answered, most),
			fmt.Sprint(g.wasted), percent(g.wasted, b.wasted), share(g.lateAnswered, late), fmt.Sprint(g.lateWasted), percent(g.lateWasted, b.lateWasted),
		})
		// Two calls less and four attempts more are luck: in 30 s a limit may allow 16.
		// Where the machine is too busy for the bare clients, it is for the others, too.
		wanted, luck := 0.9*most, 4.
		if b.answered < wanted {
			wanted, luck = 0.9*b.answered, 6
		}
		if g.answered < wanted-2 || g.wasted > 0.05*b.wasted+luck {
			t.Errorf("%s: %s of what is allowed, and %s of the bare client's 429s", q.name, percent(g.answered, most), percent(g.wasted, b.wasted))
		}
	}
	t.Logf("in %v, %.0f tokens a call:\n%s", *goodputTime, tokens, table(rows))
}

// Three proxies that do not know of each other share one limit, and waste little of it.
func TestGoodputOfProxiesThatShareALimit(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 30 s")
	}
	t.Parallel()
	q := quota{"five calls a second", func() *openaitest.Limited { return &openaitest.Limited{Rate: 5, Burst: 5} }, 10}
	api := startLimited(t, q)
	var all []*arm
	for range 3 {
		all = append(all, startArmBefore(t, api, q, []string{"--gate-wait", "on"}))
	}
	var running sync.WaitGroup
	begin := time.Now()
	for _, a := range all {
		running.Go(func() { a.run(t, begin) })
	}
	running.Wait()
	var answered []float64
	sum := 0.
	for _, a := range all {
		n := a.result(t).answered
		answered = append(answered, n)
		sum += n
	}
	burst, rate := allowed(q.limit(), 0)
	most, wasted := burst+rate*goodputTime.Seconds(), float64(all[0].refused())
	t.Logf("%.0f calls are allowed, answered are %v; %.0f attempts were refused", most, answered, wasted)
	if sum < 0.8*most || wasted > 0.4*most {
		t.Errorf("answered %s of what is allowed, refused %s", share(sum, most), share(wasted, most))
	}
	if slices.Min(answered) < 0.05*sum {
		t.Errorf("%v calls were answered behind each: one has next to nothing", answered)
	}
}

func percent(n, of float64) string { return fmt.Sprintf("%.1f %%", 100*n/max(of, 1)) }

func share(n, of float64) string { return fmt.Sprintf("%.0f (%s)", n, percent(n, of)) }
