package apitest

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Relay stands between a client and a service, and breaks connections.
type Relay struct {
	// Addr is where clients connect to.
	Addr string
	// CutAfter is after how many bytes of answers each connection is cut; 0 for none.
	CutAfter atomic.Int64
	// Refuse is whether new connections are closed at once.
	Refuse atomic.Bool
	// Cuts counts the connections that were cut.
	Cuts atomic.Int64

	to    string
	mu    sync.Mutex
	conns map[net.Conn]bool
}

// StartRelay starts a relay to the address on a free port.
func StartRelay(t testing.TB, to string) *Relay {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return StartRelayOn(t, listener, to)
}

// StartRelayOn starts a relay on a listener, which it closes in the end.
func StartRelayOn(t testing.TB, listener net.Listener, to string) *Relay {
	t.Helper()
	r := &Relay{Addr: listener.Addr().String(), to: to, conns: map[net.Conn]bool{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { r.carry(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		r.Cut()
		running.Wait()
	})
	return r
}

// Cut cuts all connections.
func (r *Relay) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		_ = c.Close()
	}
}

// carry carries one connection until either side ends it.
func (r *Relay) carry(client net.Conn) {
	defer r.track(client)()
	if r.Refuse.Load() {
		return
	}
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", r.to)
	if err != nil {
		return
	}
	defer r.track(server)()
	var asking sync.WaitGroup
	asking.Go(func() {
		_, _ = io.Copy(server, client) // it ends when a side does
		_ = server.Close()
	})
	if n := r.CutAfter.Load(); n > 0 {
		if copied, _ := io.CopyN(client, server, n); copied == n {
			r.Cuts.Add(1)
		}
	} else {
		_, _ = io.Copy(client, server)
	}
	_ = client.Close()
	asking.Wait()
}

// track notes an open connection; the returned function closes it.
func (r *Relay) track(c net.Conn) (end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[c] = true
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.conns, c)
		_ = c.Close()
	}
}
