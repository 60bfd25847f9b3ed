package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// REST calls over HTTP/1.1, with one kept connection for each call in flight.
type REST struct{ Addr string }

// Run implements Caller.
func (h REST) Run(ctx context.Context, call Call, inFlight int, d time.Duration) (Result, error) {
	var dialer net.Dialer
	conns := make([]net.Conn, inFlight)
	for i := range conns {
		conn, err := dialer.DialContext(ctx, "tcp", h.Addr)
		if err != nil {
			return Result{}, err
		}
		defer func() { _ = conn.Close() }()
		conns[i] = conn
	}
	end := time.Now().Add(d)
	return together(inFlight, func(i int, c *client) error {
		in := bufio.NewReaderSize(conns[i], 64<<10)
		var out []byte
		for started := time.Now(); started.Before(end); {
			out = call.Request.next(out[:0])
			if _, err := conns[i].Write(out); err != nil {
				return err
			}
			failure, err := readResponse(in)
			if err != nil {
				return fmt.Errorf("read the answer: %w", err)
			}
			now := time.Now()
			if failure == "" {
				c.latencies = append(c.latencies, now.Sub(started))
			} else {
				c.failed(failure)
			}
			started = now
		}
		return nil
	})
}

var (
	contentLength = []byte("Content-Length:")
	chunked       = []byte("Transfer-Encoding: chunked")
)

// readResponse skips one answer; where its status is no success it returns it.
func readResponse(in *bufio.Reader) (failure string, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	good := len(line) > 9 && line[9] == '2'
	if !good {
		failure = string(bytes.TrimSpace(line))
	}
	length, inChunks := 0, false
	for {
		if line, err = in.ReadSlice('\n'); err != nil {
			return "", err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return "", err
			}
		}
		inChunks = inChunks || bytes.Equal(line, chunked)
	}
	var body []byte
	if inChunks {
		body, err = readChunks(in, !good)
	} else {
		body, err = readBody(in, length, !good)
	}
	if !good {
		failure += " " + string(body)
	}
	return failure, err
}

// readBody skips a body, or returns it where it is to be kept.
func readBody(in *bufio.Reader, length int, keep bool) ([]byte, error) {
	if keep {
		body := make([]byte, length)
		_, err := io.ReadFull(in, body)
		return body, err
	}
	_, err := in.Discard(length)
	return nil, err
}

func readChunks(in *bufio.Reader, keep bool) (body []byte, err error) {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return nil, err
		}
		chunk, err := readBody(in, int(size), keep)
		if err != nil {
			return nil, err
		}
		body = append(body, chunk...)
		if _, err := in.Discard(len("\r\n")); err != nil || size == 0 {
			return body, err
		}
	}
}
