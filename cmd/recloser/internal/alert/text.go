package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
)

// words are what a page says.
type words struct{ title, what, why, users, next string }

const heals = "The circuit closes by itself once the service answers; nothing has to be done here for that."

// openWords tell of a circuit that does not close.
func (c *circuit) openWords(now time.Time) words {
	w := words{
		title: report.Shown(c.name) + " is down",
		what:  fmt.Sprintf("The circuit has been open for %s, since %s: calls are refused at once, and one call at a time tests whether the service is back.", lasting(now.Sub(c.opened)), clock(c.opened)),
		why:   c.why(),
		users: `They read "` + fault.MessageRetryIn(max(c.last.Until.Sub(now), time.Second)) + `"` + c.answeredSince(),
		next:  c.whereToLook() + " " + heals,
	}
	switch {
	case c.last.Mode == breaker.Observe || c.last.Mode == breaker.Disabled:
		w.title = report.Shown(c.name) + " fails"
		w.what = fmt.Sprintf("The circuit would have been open for %s, since %s. Its mode is %s, so calls are let through, and fail.", lasting(now.Sub(c.opened)), clock(c.opened), c.last.Mode)
		w.users = "They wait, and read of each failure."
	case c.unreached():
		w.title = report.Shown(c.name) + " cannot be reached"
	}
	return w
}

// why tells what opened it, and whether it was tested since.
func (c *circuit) why() string {
	if n := c.last.Openings - 1; n > 0 && c.last.Reason == breaker.ProbeFailed {
		return fmt.Sprintf("%s; tests that have failed since: %d", reasonOf(c.trip), n)
	}
	return reasonOf(c.trip)
}

// reasonOf is why a circuit opened, without the numbers in brackets that a policy
// leaves at the end for who wants to check it.
func reasonOf(tr breaker.Transition) string {
	why, _, _ := strings.Cut(tr.Why(), " [rule ")
	return why
}

// learned reports whether the policy that opened the circuit was the adaptive one. Of an
// opening before the process only the evidence is left, and whose words there are in it.
func (c *circuit) learned() bool {
	if c.trip.Reason == breaker.Restored {
		return c.trip.Note != ""
	}
	return slices.Contains([]breaker.Reason{breaker.UnlikelyRun, breaker.NotWorthIt, breaker.OnlyQuota}, c.trip.Reason)
}

// unreached reports whether the circuit tells that its host cannot be reached: an
// upstream's does, but by the adaptive policy, which holds against it whatever
// fails.
func (c *circuit) unreached() bool { return c.parent == "" && !c.learned() }

// answeredSince tells what became of the calls since the circuit opened, if any were
// made at it.
func (c *circuit) answeredSince() string {
	since := tallyOf(c.counted.Calls, c.counted.Refused).less(tallyOf(c.before.Calls, c.before.Refused))
	switch n := since.all(); {
	case n == 0:
		return ""
	case since.good == 0:
		return fmt.Sprintf(" Since then no call has been answered, of %d.", n)
	default:
		return fmt.Sprintf(" Since then %d of %d calls have been answered all the same, by other targets or by tests.", since.good, n)
	}
}

// whereToLook depends on whose circuit it is.
func (c *circuit) whereToLook() string {
	const reach = "Look whether this machine reaches the host (DNS, proxy, firewall, TLS), and at "
	switch {
	case c.unreached():
		return reach + "the host's own status page."
	case c.name == "api.openai.com":
		return reach + "https://status.openai.com. Targets (docs/fallback.md) would let calls go elsewhere meanwhile."
	case c.parent == "":
		return reach + "the host's own status page. Targets (docs/fallback.md) would let calls go elsewhere meanwhile."
	case c.parent == "api.openai.com":
		return "Look at https://status.openai.com. If that knows nothing, compare with other models and keys. Targets (docs/fallback.md) would let calls go elsewhere meanwhile."
	default:
		return "Look at the status page of " + report.Shown(c.parent) + ". If that knows nothing, compare with other models and keys. Targets (docs/fallback.md) would let calls go elsewhere meanwhile."
	}
}

// tripWords tell of a circuit that does not stay closed.
func (c *circuit) tripWords(n int, within time.Duration) words {
	next := c.whereToLook()
	if !c.learned() { // else it does so already
		next += " If the service recovers only under less load, ramp (breaker.ramp: on) lets calls back in step by step."
	}
	return words{
		title: report.Shown(c.name) + " does not stay up",
		what:  fmt.Sprintf("The circuit has opened %d times within %s, and closed again each time.", n, lasting(within)),
		why:   "The last time: " + reasonOf(c.trip) + ".",
		users: "Some are answered, and some are told to come back.",
		next:  next,
	}
}

// brownoutWords tell of failures that are too few to open the circuit.
func (c *circuit) brownoutWords(t tally, within time.Duration) words {
	return words{
		title: fmt.Sprintf("%s fails %s of its calls", report.Shown(c.name), percent(t.share())),
		what:  fmt.Sprintf("%d of %d attempts have failed within %s, while the circuit has stayed closed: most calls still succeed, so refusing them would do more harm.", t.bad, t.judged(), lasting(within)),
		users: "Most notice that answers take longer, since failed attempts are repeated; some get an error.",
		next:  c.whereToLook(),
	}
}

// burnWords tell how soon the error budget will be used up.
func (c *circuit) burnWords(b *burn, t tally, slo float64) words {
	times := t.rate() / (1 - slo)
	w := words{
		title: report.Shown(c.name) + " burns its error budget",
		what: fmt.Sprintf("%s of the calls within %s were not answered (%d of %d), where %s may fail. At this rate a budget for 30 days lasts %s.",
			percent(t.rate()), lasting(b.long), t.failing(), t.all(), percent(1-slo), lasting(time.Duration(30*24/times*float64(time.Hour)))),
		why:   fmt.Sprintf("That is %.3g times what the budget allows (limit %.3g), and within the last %s as well.", times, b.factor, lasting(b.short)),
		users: "They get errors, or are told to come back.",
		next:  c.whereToLook(),
	}
	if t.turned > t.bad {
		w.next = "Most of these were turned away, by rate limits, or by circuits that were open. For the former ask for a higher limit, spread calls over more keys (a pool of targets), or let them wait in line (--gate-wait on). " + w.next
	}
	return w
}

func quotaWords(label string, retest time.Time) words {
	return words{
		title: "API key " + label + " has no quota left",
		what:  "The service says that the quota of this key is exhausted. Its calls are held back; one at a time tries whether somebody has paid, next at " + clock(retest) + ".",
		users: `They read "` + fault.MessageUnavailable + `"`,
		next:  "Add credit, or raise the limit, at https://platform.openai.com/settings/organization/billing (or your provider's page). The label of a key is in recloser status and on the dashboard.",
	}
}

func ownKeyWords(label string) words {
	return words{
		title: "API key " + label + " is refused",
		what:  "The service does not take a key of the configuration. Calls go to other targets, if there are any.",
		users: "Nothing, if another target answers; else they get an error.",
		next:  "Replace the key where the configuration refers to it, and reload (SIGHUP).",
	}
}

func badKeyWords(k *key) words {
	return words{
		title: "API key " + k.label + " is refused",
		what:  fmt.Sprintf("Every call with this key has been answered with 401 since %s: %d in a row, the last at %s on %s.", clock(k.first), k.refused, clock(k.last), report.Shown(k.circuit)),
		users: "They get an error.",
		next:  "Find out which application uses that key: it was mistyped, revoked, or belongs to another provider. The log has its calls, with their request ids.",
	}
}

func manyKeysWords(n int, since time.Time) words {
	return words{
		title: "Many API keys of clients are refused",
		what:  fmt.Sprintf("Every call with %d keys has been answered with 401, with the first of them since %s. Those that come now are not told of one by one.", n, clock(since)),
		users: "They get an error.",
		next:  "Look whether the provider refuses all keys, or one client tries keys that it has made up. The log has the calls, with their request ids.",
	}
}

func componentWords(c Component) words {
	return words{
		title: "The " + c.Name + " is degraded",
		what:  "Calls are not affected. What is wrong: " + c.Reason + ".",
		users: "Nothing.",
		next:  "Look at the log and at /readyz of this process.",
	}
}

// lateWords tell of a trouble of which nothing is known but that it was found by an
// earlier process.
func lateWords(since time.Time) string {
	return "It began at " + clock(since) + ", before Recloser was restarted, and no target has taken the alert that said so. Whether it goes on will show."
}

// overWords tell how long it was.
func overWords(since, ended time.Time) string {
	return fmt.Sprintf("It is over. It lasted %s, from %s to %s.", lasting(ended.Sub(since)), clock(since), clock(ended))
}

// clock is a moment for people who may be in other places.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// lasting is a duration in whole seconds, and above an hour in whole minutes.
func lasting(d time.Duration) string {
	unit := time.Second
	if d >= time.Hour {
		unit = time.Minute
	}
	text := d.Round(unit).String()
	if d >= time.Minute {
		text = strings.TrimSuffix(text, "0s")
	}
	if d >= time.Hour {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// percent is a share, rounded as people do.
func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }
