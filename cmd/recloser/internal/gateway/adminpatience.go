package gateway

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// How long a wrong token costs, and how many may be under way from one place.
const (
	wrongTime  = 250 * time.Millisecond
	wrongLimit = 5 * time.Second
	maxRemotes = 4096
)

// patience makes guessing slow: each wrong token of a remote is answered after those
// before it, and when too many wait nothing of it is looked at. It is safe for
// concurrent use.
type patience struct {
	now     func() time.Time
	mu      sync.Mutex
	remotes map[netip.Prefix]time.Time // when the next answer is due
}

func newPatience(now func() time.Time) *patience {
	return &patience{now: now, remotes: make(map[netip.Prefix]time.Time)}
}

// lost reports whether so many wrong ones wait that no more are looked at.
func (p *patience) lost(from netip.Prefix) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.remotes[p.known(from)].Sub(p.now()) > wrongLimit
}

// wrong returns how long the answer to a wrong token has to wait.
func (p *patience) wrong(from netip.Prefix) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	from = p.known(from)
	now := p.now()
	due := p.remotes[from]
	if due.Before(now) {
		due = now
	}
	due = due.Add(wrongTime)
	p.remotes[from] = due
	return due.Sub(now)
}

// known is from, or where there is no room left the place that all others share.
func (p *patience) known(from netip.Prefix) netip.Prefix {
	if _, known := p.remotes[from]; known || len(p.remotes) < maxRemotes {
		return from
	}
	now := p.now()
	for other, due := range p.remotes {
		if due.Before(now) {
			delete(p.remotes, other)
		}
	}
	if len(p.remotes) < maxRemotes {
		return from
	}
	return netip.Prefix{}
}

// remote is where a request comes from: an address, of IPv6 the network, whose
// addresses one host has all.
func remote(r *http.Request) netip.Prefix {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	ip := at.Addr().Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	from, _ := ip.Prefix(bits) // there are so many bits
	return from
}

// pause waits, unless the client leaves.
func pause(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}
