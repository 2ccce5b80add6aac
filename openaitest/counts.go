package openaitest

import (
	"maps"
	"sync"
)

// Counts are the server's own books at one moment.
//
// Attempts is the sum of ByEndpoint and, over the clients, of
// ByClient.Attempts. It is also the sum of ByStatus and InFlight, and the sum of
// ByFault and of those attempts in flight whose body is still arriving.
type Counts struct {
	// Attempts is how many requests have arrived.
	Attempts int64
	// InFlight is how many of them have not ended.
	InFlight int64
	// Canceled is how many ended because the client left before its answer was
	// whole.
	Canceled int64
	// ByEndpoint has keys such as "chat/completions", and "other".
	ByEndpoint map[string]int64
	// ByFault has the names of the faults that were served, "healthy", and
	// "unread" for requests that broke off before their body had arrived.
	ByFault map[string]int64
	// ByStatus has "1xx" to "5xx", and "none" for an attempt that ended without
	// a status. A stream that broke is filed under the status it began with.
	ByStatus map[string]int64
	// ByClient has the labels of the senders, see Config.ClientHeader.
	ByClient map[string]ClientCounts
}

// ClientCounts are the part of the Counts that one label of senders has.
type ClientCounts struct {
	Attempts int64
	InFlight int64
	Canceled int64
	ByFault  map[string]int64
	ByStatus map[string]int64
}

// otherLabel is what endpoints and clients without a name of their own share.
const otherLabel = "other"

// tally is the mutable form of Counts. One lock guards all of it, so that a
// snapshot is of one moment.
type tally struct {
	maxClients int

	mu     sync.Mutex
	sum    Counts
	client map[string]*ClientCounts
	idle   chan struct{} // closed when nothing is in flight
}

func newTally(maxClients int) *tally {
	idle := make(chan struct{})
	close(idle)
	return &tally{
		maxClients: maxClients,
		sum: Counts{
			ByEndpoint: make(map[string]int64),
			ByFault:    make(map[string]int64),
			ByStatus:   make(map[string]int64),
		},
		client: make(map[string]*ClientCounts),
		idle:   idle,
	}
}

// begin enters an attempt and returns its number and the label it is under.
func (t *tally) begin(endpoint, label string) (n uint64, filed string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sum.InFlight == 0 {
		t.idle = make(chan struct{})
	}
	t.sum.Attempts++
	t.sum.InFlight++
	t.sum.ByEndpoint[endpoint]++
	filed = t.labelLocked(label)
	c := t.client[filed]
	c.Attempts++
	c.InFlight++
	return uint64(t.sum.Attempts), filed
}

// labelLocked makes room for label, or returns the one that latecomers share.
func (t *tally) labelLocked(label string) string {
	if t.client[label] == nil && len(t.client) >= t.maxClients {
		label = otherLabel
	}
	if t.client[label] == nil {
		t.client[label] = &ClientCounts{
			ByFault:  make(map[string]int64),
			ByStatus: make(map[string]int64),
		}
	}
	return label
}

func (t *tally) fault(label, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.ByFault[name]++
	t.client[label].ByFault[name]++
}

func (t *tally) end(label, class string, canceled bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.client[label]
	t.sum.InFlight--
	c.InFlight--
	t.sum.ByStatus[class]++
	c.ByStatus[class]++
	if canceled {
		t.sum.Canceled++
		c.Canceled++
	}
	if t.sum.InFlight == 0 {
		close(t.idle)
	}
}

// waiter returns a channel that is closed once nothing is in flight.
func (t *tally) waiter() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.idle
}

func (t *tally) snapshot() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.sum
	out.ByEndpoint = maps.Clone(out.ByEndpoint)
	out.ByFault = maps.Clone(out.ByFault)
	out.ByStatus = maps.Clone(out.ByStatus)
	out.ByClient = make(map[string]ClientCounts, len(t.client))
	for label, c := range t.client {
		copied := *c
		copied.ByFault = maps.Clone(c.ByFault)
		copied.ByStatus = maps.Clone(c.ByStatus)
		out.ByClient[label] = copied
	}
	return out
}
