package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// GRPC calls over HTTP/2 without a client library. A connection is one goroutine: it
// starts a new call for each that ends, and writes when it has read all there is, so
// that calls in flight share their system calls as those of busy clients do.
type GRPC struct {
	Addr string
	// Connections are shared by the calls in flight, at most one for each.
	Connections int
}

// window is what the service may send before it hears of us: enough for any answer.
const window = 1 << 24

// Run implements Caller.
func (g GRPC) Run(ctx context.Context, call Call, inFlight int, d time.Duration) (Result, error) {
	conns := make([]*h2conn, min(max(g.Connections, 1), inFlight))
	for i := range conns {
		conn, err := newH2Conn(ctx, g.Addr, call)
		if err != nil {
			return Result{}, err
		}
		defer func() { _ = conn.net.Close() }()
		conns[i] = conn
	}
	end := time.Now().Add(d)
	return together(len(conns), func(i int, c *client) error {
		share := inFlight / len(conns)
		if i < inFlight%len(conns) {
			share++
		}
		return conns[i].run(c, share, end)
	})
}

// h2conn is a connection and what is in flight on it.
type h2conn struct {
	net     net.Conn
	out     *bufio.Writer
	in      *bufio.Reader
	framer  *http2.Framer
	decoder *hpack.Decoder
	header  []byte
	request *Request
	payload []byte

	nextID   uint32
	started  map[uint32]time.Time
	waiting  int // calls that could not start for want of window
	sendable int // bytes of data that the service takes now
	received uint32
	status   string
	message  string
}

func newH2Conn(ctx context.Context, addr string, call Call) (*h2conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &h2conn{
		net: conn, out: bufio.NewWriterSize(conn, 64<<10), in: bufio.NewReaderSize(conn, 64<<10),
		request: call.Request, nextID: 1, started: map[uint32]time.Time{}, sendable: 65535,
	}
	c.framer = http2.NewFramer(c.out, c.in)
	c.framer.SetReuseFrames()
	c.decoder = hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		switch f.Name {
		case "grpc-status":
			c.status = f.Value
		case "grpc-message":
			c.message = f.Value
		}
	})
	// Without a table of its own the encoded header is the same for every call.
	var header bytes.Buffer
	encoder := hpack.NewEncoder(&header)
	encoder.SetMaxDynamicTableSize(0)
	for _, f := range [][2]string{
		{":method", "POST"},
		{":scheme", "http"},
		{":path", call.Method},
		{":authority", addr},
		{"content-type", "application/grpc"},
		{"user-agent", "rapport-bench"},
		{"te", "trailers"},
	} {
		if err := encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			return nil, err
		}
	}
	c.header = header.Bytes()
	if _, err := c.out.WriteString(http2.ClientPreface); err != nil {
		return nil, err
	}
	err = c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window})
	return c, errors.Join(err, c.framer.WriteWindowUpdate(0, window))
}

// run keeps so many calls in flight until the time is over, and lets those end.
func (c *h2conn) run(seen *client, inFlight int, end time.Time) error {
	now := time.Now()
	for range inFlight {
		if err := c.start(now); err != nil {
			return err
		}
	}
	for len(c.started) > 0 || c.waiting > 0 {
		if c.in.Buffered() == 0 {
			if err := c.out.Flush(); err != nil {
				return err
			}
		}
		frame, err := c.framer.ReadFrame()
		if err != nil {
			return fmt.Errorf("read a frame: %w", err)
		}
		ended, err := c.take(frame)
		if err != nil {
			return err
		}
		if ended == 0 {
			continue
		}
		now = time.Now()
		if c.status == "0" {
			seen.latencies = append(seen.latencies, now.Sub(c.started[ended]))
		} else {
			seen.failed("status " + c.status + " " + c.message)
		}
		delete(c.started, ended)
		if now.Before(end) {
			if err := c.start(now); err != nil {
				return err
			}
		}
	}
	return nil
}

// start writes one call, or leaves it for when the service takes more data.
func (c *h2conn) start(now time.Time) error {
	c.payload = c.request.next(c.payload[:0])
	if len(c.payload) > c.sendable {
		c.waiting++
		return nil
	}
	c.sendable -= len(c.payload)
	id := c.nextID
	c.nextID += 2
	c.started[id] = now
	err := c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.header, EndHeaders: true})
	return errors.Join(err, c.framer.WriteData(id, true, c.payload))
}

// take handles a frame and returns the stream that it ended, or 0.
func (c *h2conn) take(frame http2.Frame) (ended uint32, err error) {
	switch f := frame.(type) {
	case *http2.DataFrame:
		// A stream's own window is never used up, the connection's is given back.
		if c.received += f.Length; c.received >= window/2 {
			err = c.framer.WriteWindowUpdate(0, c.received)
			c.received = 0
		}
	case *http2.HeadersFrame:
		if !f.HeadersEnded() {
			return 0, errors.New("headers in several frames")
		}
		c.status, c.message = "", ""
		if _, err := c.decoder.Write(f.HeaderBlockFragment()); err != nil {
			return 0, fmt.Errorf("headers: %w", err)
		}
		if f.StreamEnded() {
			ended = f.StreamID
		}
	case *http2.WindowUpdateFrame:
		if f.StreamID == 0 {
			c.sendable += int(f.Increment)
		}
		for n := c.waiting; n > 0 && c.sendable > len(c.payload); n-- {
			c.waiting--
			if err := c.start(time.Now()); err != nil {
				return 0, err
			}
		}
	case *http2.SettingsFrame:
		if !f.IsAck() {
			err = c.framer.WriteSettingsAck()
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			err = c.framer.WritePing(true, f.Data)
		}
	case *http2.RSTStreamFrame:
		c.status, c.message = "reset", f.ErrCode.String()
		ended = f.StreamID
	case *http2.GoAwayFrame:
		err = fmt.Errorf("the service ends the connection: %s %s", f.ErrCode, f.DebugData())
	}
	return ended, err
}
