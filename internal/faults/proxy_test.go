package faults_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// proxy stands between the service and PostgreSQL and knows where in PostgreSQL's
// answers a commit is. A server sends ReadyForQuery, outside of a transaction, behind
// a write's results only when the commit is durable: to cut the answer there is to
// lose the reply of a commit that happened, exactly.
type proxy struct {
	url     string
	network string
	address string
	// hold is how long each answer is kept back. An answer that is kept when the
	// server dies is lost, which makes the rare moment between commit and reply a
	// common one.
	hold time.Duration
	// keep has the replies to commits kept back until the server dies, which takes its
	// connections a second or more on some machines.
	keep atomic.Bool
	// lose is asked at each commit whether its reply is lost; nil loses none.
	lose func(n int64) bool

	commits   atomic.Int64
	lost      atomic.Int64
	refused   atomic.Int64
	downUntil atomic.Int64
	silent    atomic.Bool

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// startProxy starts a proxy to the database at url, before which it may be changed by
// prepare.
func startProxy(t *testing.T, url string, prepare func(*proxy)) *proxy {
	t.Helper()
	to, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{conns: map[net.Conn]bool{}}
	p.url = fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", to.User, listener.Addr(), to.Database)
	p.network, p.address = pgconn.NetworkAddress(to.Host, to.Port)
	prepare(p)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.cut()
		running.Wait()
	})
	return p
}

// outage cuts all connections and refuses new ones for the given time or, silent,
// takes them and says nothing.
func (p *proxy) outage(d time.Duration, silent bool) {
	p.silent.Store(silent)
	p.downUntil.Store(time.Now().Add(d).UnixNano())
	p.cut()
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) track(c net.Conn, open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if open {
		p.conns[c] = true
	} else {
		delete(p.conns, c)
		_ = c.Close()
	}
}

// serve carries one connection until either side ends it.
func (p *proxy) serve(client net.Conn) {
	p.track(client, true)
	defer p.track(client, false)
	if down := p.downUntil.Load() - time.Now().UnixNano(); down > 0 {
		p.refused.Add(1)
		if p.silent.Load() {
			// Reading sees the client give up, if it does so before the outage ends.
			_ = client.SetReadDeadline(time.Now().Add(time.Duration(down)))
			_, _ = io.Copy(io.Discard, client)
		}
		return
	}
	server, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), p.network, p.address)
	if err != nil {
		p.refused.Add(1)
		return
	}
	p.track(server, true)
	defer p.track(server, false)
	answers := make(chan answer, 16)
	dead := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(server, client)
		// A server with nobody to answer to would notice only at its next read.
		_ = server.Close()
	})
	both.Go(func() {
		defer close(answers)
		defer close(dead)
		readAnswers(server, answers)
	})
	p.pass(answers, dead, client)
	_ = client.Close()
	_ = server.Close()
	for range answers {
		continue // what is left goes nowhere
	}
	both.Wait()
}

// pass hands answers to the client until one is to be lost.
func (p *proxy) pass(answers <-chan answer, dead <-chan struct{}, client net.Conn) {
	for a := range answers {
		if a.commit {
			n := p.commits.Add(1)
			if p.lose != nil && p.lose(n) {
				p.lost.Add(1)
				return
			}
		}
		hold := p.hold
		if a.commit && p.keep.Load() {
			hold = 10 * time.Second
		}
		if hold > 0 {
			timer := time.NewTimer(hold)
			select {
			case <-timer.C:
			case <-dead:
				timer.Stop()
				if a.commit {
					p.lost.Add(1)
				}
				return
			}
		}
		if _, err := client.Write(a.bytes); err != nil {
			return
		}
	}
}

// answer is all that the server sends for one round trip, ReadyForQuery included.
type answer struct {
	bytes  []byte
	commit bool
}

// readAnswers reads what the server says and cuts it into answers. What it says
// before it ends the connection, such as a refusal to start, is an answer too.
func readAnswers(server io.Reader, into chan<- answer) {
	r := bufio.NewReader(server)
	var (
		a             answer
		wrote, failed bool
	)
	for {
		var head [5]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			if len(a.bytes) > 0 {
				into <- answer{bytes: a.bytes}
			}
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		a.bytes = append(append(a.bytes, head[:]...), body...)
		switch head[0] {
		case 'C': // CommandComplete
			wrote = wrote || bytes.HasPrefix(body, []byte("INSERT 0 1\x00")) || bytes.HasPrefix(body, []byte("COMMIT\x00"))
		case 'E': // ErrorResponse
			failed = true
		case 'Z': // ReadyForQuery; I says that no transaction is open
			a.commit = wrote && !failed && body[0] == 'I'
			into <- a
			a, wrote, failed = answer{}, false, false
		}
	}
}
