package alert

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// DeliveryConfig is how pages are delivered. Its zero value is usable.
type DeliveryConfig struct {
	Log       *slog.Logger      // nil: nothing is logged
	Transport http.RoundTripper // nil: one of its own, which heeds HTTPS_PROXY
	Instance  string            // which process this is; "": the name of the host

	// Firing returns the newest page of each trouble that goes on, for services that
	// want to be told again and again (Alertmanager). It is called about once a minute,
	// from another goroutine, and no longer lists a trouble whose Resolved page was
	// given to Deliver. nil: there are none.
	Firing func() []Page

	Queue   int           // pages that wait for a target, at most; 0: 64
	Attempt time.Duration // that one attempt may take; 0: 15 s
	// GiveUp is after how long a page is no longer sent, counted from Deliver; 0: 1 h. A
	// warning that is not an end has a quarter of it. What a service refuses (HTTP 400,
	// 404, ...) is tried for a minute at most.
	GiveUp time.Duration
}

func (c DeliveryConfig) withDefaults() DeliveryConfig {
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	c.Queue = cmp.Or(max(0, c.Queue), 64)
	c.Attempt = cmp.Or(max(0, c.Attempt), defaultAttempt)
	c.GiveUp = cmp.Or(max(0, c.GiveUp), time.Hour)
	c.Instance = instance(c.Instance)
	return c
}

const defaultAttempt = 15 * time.Second

func instance(name string) string {
	if name == "" {
		name, _ = os.Hostname()
	}
	return name
}

// ownTransport is like Go's, but its connections can be closed without those of others.
func ownTransport() *http.Transport {
	if usual, ok := http.DefaultTransport.(*http.Transport); ok {
		return usual.Clone()
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment}
}

// Delivery sends pages to targets, to each by a goroutine of its own, so that none
// waits for another. It may be used concurrently.
type Delivery struct {
	couriers  []*courier
	transport *http.Transport // its own, or nil
	closing   chan struct{}
	closeOnce sync.Once
	cancel    context.CancelFunc
	done      sync.WaitGroup
}

// NewDelivery starts to deliver. Close ends it.
func NewDelivery(targets []*Target, c DeliveryConfig) *Delivery {
	c = c.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	d := &Delivery{closing: make(chan struct{}), cancel: cancel}
	if c.Transport == nil {
		d.transport = ownTransport()
		c.Transport = d.transport
	}
	names := map[string]int{}
	for _, t := range targets {
		name := t.Name()
		if names[name]++; names[name] > 1 {
			name += " " + strconv.Itoa(names[name])
		}
		courier := newCourier(t, name, c)
		d.couriers = append(d.couriers, courier)
		d.done.Go(func() { courier.run(ctx, d.closing) })
	}
	return d
}

// Deliver sends a page to all targets, some time. It does not wait for them. Of a
// trouble whose pages still wait only the newest is sent, and nothing of one that
// nobody has been told of and that is over. After Close the page is dropped. It reports
// whether there is a target that shall have it.
func (d *Delivery) Deliver(p Page) (awaited bool) {
	for _, c := range d.couriers {
		awaited = c.put(p) || awaited
	}
	return awaited
}

// Close takes no more pages, and returns when all that waited are sent, or when the
// context ends: then it drops them and returns an error with their number.
func (d *Delivery) Close(ctx context.Context) error {
	d.end(ctx)
	left := 0
	for _, c := range d.couriers {
		left += c.box.empty()
	}
	if left > 0 {
		return fmt.Errorf("%d alerts could not be delivered before the end", left)
	}
	return nil
}

// end takes no more pages, and returns when nobody is at work any more, or ctx ends.
func (d *Delivery) end(ctx context.Context) {
	for _, c := range d.couriers {
		c.box.close()
	}
	d.closeOnce.Do(func() { close(d.closing) })
	stop := context.AfterFunc(ctx, d.cancel)
	d.done.Wait()
	stop()
	d.cancel()
	if d.transport != nil {
		d.transport.CloseIdleConnections()
	}
}

// TargetStatus is how the delivery to a target goes. All counts are since the start.
type TargetStatus struct {
	Name         string // without secrets, and no other target's
	Critical     bool   // it gets only such pages
	Sent         int64  // pages
	Failed       int64  // attempts
	Skipped      int64  // pages that a newer one of the same trouble made needless
	Dropped      int64  // pages lost: no room, given up, or the end of the process
	Waiting      int    // pages
	LastSent     time.Time
	LastError    string    // of the last attempt that failed, without secrets; "": none has
	FailingSince time.Time // zero: the last attempt succeeded, or there was none
}

// Status returns how it goes, a target each, in the order in which they were given.
func (d *Delivery) Status() []TargetStatus {
	all := make([]TargetStatus, 0, len(d.couriers))
	for _, c := range d.couriers {
		all = append(all, c.status())
	}
	return all
}

// Send sends a page to a target once, and returns why it could not, without secrets. It
// takes 15 s at most.
func Send(ctx context.Context, t *Target, p Page) error {
	transport := ownTransport()
	defer transport.CloseIdleConnections()
	return sendOver(ctx, t, p, transport)
}

func sendOver(ctx context.Context, t *Target, p Page, transport http.RoundTripper) error {
	s := t.open(wire{transport, instance("")})
	return t.try(ctx, defaultAttempt, func(ctx context.Context) error { return s.send(ctx, p) })
}
