package alert

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// waiting is what an outbox would send, in order: key, state and number.
func waiting(o *outbox) string {
	var all []string
	for _, l := range o.letters {
		all = append(all, fmt.Sprintf("%s %s %d", l.page.Key, l.page.State, l.page.Number))
	}
	return strings.Join(all, ", ")
}

func TestOnlyTheNewestOfATroubleWaits(t *testing.T) {
	warn := func(key string, n int) Page { p := again(key, n); p.Severity = Warning; return p }
	for _, row := range []struct {
		name string
		ends bool
		do   func(o *outbox)
		want string
	}{
		{"nobody was told, and it is over", false, func(o *outbox) {
			o.put(down("a"), time.Now())
			o.put(up("a"), time.Now())
		}, ""},
		{"to Alertmanager the end is sent", true, func(o *outbox) {
			o.put(down("a"), time.Now())
			o.put(up("a"), time.Now())
		}, "a resolved 2"},
		{"worse, and then over", false, func(o *outbox) {
			o.put(warn("a", 1), time.Now())
			o.put(again("a", 2), time.Now())
			o.put(up("a"), time.Now())
		}, ""},
		{"an earlier page was sent", false, func(o *outbox) {
			o.put(again("a", 2), time.Now())
			o.put(up("a"), time.Now())
		}, "a resolved 2"},
		{"a first attempt may have arrived", false, func(o *outbox) {
			o.put(down("a"), time.Now())
			o.failed(o.take(time.Now()), func(*letter) bool { return false })
			o.put(up("a"), time.Now())
		}, "a resolved 2"},
		{"it ends while it is being sent", false, func(o *outbox) {
			o.put(down("a"), time.Now())
			l := o.take(time.Now())
			o.put(up("a"), time.Now())
			o.failed(l, func(*letter) bool { return false })
		}, "a resolved 2"},
		{"it ends while it is being sent, and arrives", false, func(o *outbox) {
			o.put(down("a"), time.Now())
			l := o.take(time.Now())
			o.put(up("a"), time.Now())
			o.sent(l)
		}, "a resolved 2"},
		{"worse while it is being sent", false, func(o *outbox) {
			o.put(warn("a", 1), time.Now())
			l := o.take(time.Now())
			o.put(again("a", 2), time.Now())
			o.failed(l, func(*letter) bool { return false })
		}, "a firing 2"},
		{"worse while it is being sent, and over", false, func(o *outbox) {
			o.put(warn("a", 1), time.Now())
			l := o.take(time.Now())
			o.put(again("a", 2), time.Now())
			o.failed(l, func(*letter) bool { return false })
			o.put(up("a"), time.Now())
		}, "a resolved 2"},
		{"over and there again", false, func(o *outbox) {
			o.put(up("a"), time.Now())
			o.put(down("a"), time.Now())
		}, "a resolved 2, a firing 1"},
		{"others keep their places", false, func(o *outbox) {
			o.put(warn("a", 1), time.Now())
			o.put(down("b"), time.Now())
			o.put(again("a", 2), time.Now())
			o.put(down("c"), time.Now())
		}, "a firing 2, b firing 1, c firing 1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := &outbox{limit: 10, ends: row.ends}
			row.do(o)
			if got := waiting(o); got != row.want {
				t.Errorf("%s\nnot %s", got, row.want)
			}
			if _, _, dropped := o.counts(); dropped != 0 {
				t.Errorf("%d dropped", dropped)
			}
		})
	}
}

func TestWhatMattersLeastIsDropped(t *testing.T) {
	o := &outbox{limit: 3}
	warning := again("warning", 1)
	warning.Severity = Warning
	test := down("test")
	test.Test = true
	var lost []string
	for _, p := range []Page{again("sending", 2), warning, again("repeat", 2), down("a"), test, up("end"), down("b"), down("c"), down("d")} {
		for _, q := range o.put(p, time.Now()) {
			lost = append(lost, q.Key)
		}
		o.take(time.Now()) // the first
	}
	if got := strings.Join(lost, " "); got != "warning test repeat end a b" {
		t.Errorf("lost %s", got)
	}
	if got := waiting(o); got != "sending firing 2, c firing 1, d firing 1" {
		t.Errorf("waiting %s", got)
	}
	if _, _, dropped := o.counts(); dropped != 6 {
		t.Errorf("%d dropped", dropped)
	}
}

// A page that says that something got worse is worth as much as a beginning, also if a
// repeat has taken its place; and of an end it is no reason where the warning never came.
func TestAWorseningIsABeginning(t *testing.T) {
	worse := func(key string) Page { p := again(key, 2); p.Worse = true; return p }
	o := &outbox{limit: 2}
	o.put(worse("a"), time.Now())
	o.put(again("a", 3), time.Now())
	o.put(up("b"), time.Now())
	if lost := o.put(again("c", 2), time.Now()); len(lost) != 1 || lost[0].Key != "c" {
		t.Errorf("lost %+v", lost)
	}
	if lost := o.put(down("d"), time.Now()); len(lost) != 1 || lost[0].Key != "b" {
		t.Errorf("lost %+v", lost)
	}
	for urgent, want := range map[bool]string{true: "", false: "a resolved 2"} {
		o := &outbox{limit: 2, urgent: urgent}
		o.put(worse("a"), time.Now())
		o.put(up("a"), time.Now())
		if got := waiting(o); got != want {
			t.Errorf("only critical %t: %s", urgent, got)
		}
		heir := &outbox{limit: 2, urgent: urgent}
		old := &outbox{limit: 2}
		old.put(worse("a"), time.Now())
		heir.adopt(old.letters[0], time.Now())
		heir.put(up("a"), time.Now())
		if got := waiting(heir); got != want {
			t.Errorf("only critical %t, handed over: %s", urgent, got)
		}
	}
}
