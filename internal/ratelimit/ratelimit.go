// Package ratelimit bounds how many calls that need no credentials a client may make, by its
// address.
package ratelimit

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

const (
	// burstSeconds is how many seconds' worth of calls a client may make at once.
	burstSeconds = 4
	// maxClients bounds the memory. The client that was not seen for longest is forgotten, and
	// so has its burst again; to be forgotten takes this many others.
	maxClients = 1 << 16
)

// Limiter limits calls by the addresses of the clients that Addresses knows.
type Limiter struct {
	Addresses Addresses

	rate    rate.Limit
	burst   int
	mu      sync.Mutex
	clients *simplelru.LRU[netip.Addr, *rate.Limiter]
}

// New returns a limiter of so many calls a second of each client; 0 sets no limit.
func New(perSecond float64, addresses Addresses) (*Limiter, error) {
	clients, err := simplelru.NewLRU[netip.Addr, *rate.Limiter](maxClients, nil)
	return &Limiter{
		Addresses: addresses, rate: rate.Limit(perSecond), burst: max(int(burstSeconds*perSecond), 1), clients: clients,
	}, err
}

// Check counts a call of the client of the context, and returns QUOTA_EXCEEDED with a delay where
// that is one too many.
func (l *Limiter) Check(ctx context.Context) error {
	client, ok := l.Addresses.client(ctx)
	if l.rate == 0 || !ok {
		return nil
	}
	reservation := l.of(client).Reserve()
	wait := reservation.Delay()
	if wait == 0 {
		return nil
	}
	reservation.Cancel() // a call that is refused uses up nothing
	return apierr.Retryable(codes.ResourceExhausted, rapportv1.ErrorReason_QUOTA_EXCEEDED,
		"the address of this client has made too many calls of this kind", max(wait, time.Millisecond))
}

func (l *Limiter) of(client netip.Addr) *rate.Limiter {
	client = network(client)
	l.mu.Lock()
	defer l.mu.Unlock()
	if found, ok := l.clients.Get(client); ok {
		return found
	}
	made := rate.NewLimiter(l.rate, l.burst)
	l.clients.Add(client, made)
	return made
}

// network is what one client has: an IPv4 address, or the 64 bits of an IPv6 network, in which a
// client chooses its address as it likes.
func network(client netip.Addr) netip.Addr {
	client = client.Unmap().WithZone("")
	if client.Is6() {
		if prefix, err := client.Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return client
}
