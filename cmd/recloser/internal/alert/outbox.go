package alert

import (
	"slices"
	"sync"
	"time"
)

// letter is a page that waits to be sent to one target.
type letter struct {
	page  Page
	since time.Time // when it came
	tried time.Time // when it was first sent; zero: never
	told  bool      // people may have heard of the trouble
	news  bool      // it is the first to say that it began, or got worse
	busy  bool      // it is being sent
	over  bool      // the trouble ended meanwhile: it is not sent again
}

// outbox is what waits for one target. It is bounded and safe for concurrent use.
type outbox struct {
	limit  int
	ends   bool // an end is sent although the beginning was not
	urgent bool // it gets only what is Critical

	mu      sync.Mutex
	letters []*letter // in the order in which they are sent
	closed  bool
	skipped int64
	dropped int64
}

// put adds a page. The pages of a trouble that wait and say less than the new one are
// taken out. It returns those pages that were lost for want of room.
func (o *outbox) put(p Page, now time.Time) []Page {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		o.dropped++
		return []Page{p}
	}
	l := &letter{page: p, since: now, news: p.Number <= 1 || p.Worse}
	l.told = p.Number > 1 && (!o.urgent || !l.news) // of the warning before it has not heard
	if !o.merge(l) {
		o.letters = append(o.letters, l)
	}
	var lost []Page
	for len(o.letters) > o.limit {
		i := o.least()
		lost = append(lost, o.letters[i].page)
		o.letters = slices.Delete(o.letters, i, i+1)
		o.dropped++
	}
	return lost
}

// merge reports whether a page need not wait itself: it has taken the place of an
// older one, or ends a trouble that nobody was told of.
func (o *outbox) merge(l *letter) bool {
	i := o.last(l.page.Key)
	if i < 0 || o.letters[i].page.State == Resolved {
		return false
	}
	before := o.letters[i]
	if before.busy {
		before.over = l.page.State == Resolved
		return false
	}
	o.skipped++
	told := before.told || !before.tried.IsZero()
	if l.page.State == Firing {
		l.told, l.news = told, l.news || before.news
		o.letters[i] = l
		return true
	}
	o.letters = slices.Delete(o.letters, i, i+1)
	if o.ends || told {
		return false
	}
	o.skipped++
	return true
}

// last is where the newest page of a trouble waits, or -1.
func (o *outbox) last(key string) int {
	for i, l := range slices.Backward(o.letters) {
		if l.page.Key == key {
			return i
		}
	}
	return -1
}

// least is where the oldest of those pages is that matter least.
func (o *outbox) least() int {
	least := -1
	for i, l := range o.letters {
		if !l.busy && (least < 0 || l.worth() < o.letters[least].worth()) {
			least = i
		}
	}
	return max(0, least)
}

// worth orders pages by what is lost with them: a repeat says again what is known, and
// an end that is lost leaves an incident open.
func (l *letter) worth() int {
	switch p := &l.page; {
	case p.Test:
		return 0
	case p.State == Resolved && p.Severity == Critical:
		return 4
	case p.State == Resolved:
		return 3
	case p.Severity == Critical && l.news:
		return 5
	case p.Severity == Critical:
		return 2
	}
	return 1
}

// take returns the next page to be sent, which stays until it is done, or nil.
func (o *outbox) take(now time.Time) *letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.letters) == 0 {
		return nil
	}
	l := o.letters[0]
	l.busy = true
	if l.tried.IsZero() {
		l.tried = now
	}
	return l
}

// sent takes a page out that was delivered.
func (o *outbox) sent(l *letter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.remove(l)
}

// failed puts a page back that was not delivered. Of a trouble that ended meanwhile or
// of which there is newer news, it goes. It returns those pages for which it is too
// late, in the eyes of the caller.
func (o *outbox) failed(l *letter, tooLate func(*letter) bool) []Page {
	o.mu.Lock()
	defer o.mu.Unlock()
	l.busy = false
	if i := o.last(l.page.Key); l.over || i > 0 && o.letters[i].page.State == Firing && l.page.State == Firing {
		if i > 0 {
			o.letters[i].told = true
		}
		o.remove(l)
		o.skipped++
	}
	var late []Page
	o.letters = slices.DeleteFunc(o.letters, func(l *letter) bool {
		if !tooLate(l) {
			return false
		}
		late = append(late, l.page)
		return true
	})
	return late
}

func (o *outbox) remove(l *letter) {
	if i := slices.Index(o.letters, l); i >= 0 {
		o.letters = slices.Delete(o.letters, i, i+1)
	}
}

// close takes no more pages from now on.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
}

// empty drops all that waits.
func (o *outbox) empty() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.letters)
	o.letters = nil
	o.dropped += int64(n)
	return n
}

func (o *outbox) counts() (waiting int, skipped, dropped int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.letters), o.skipped, o.dropped
}
