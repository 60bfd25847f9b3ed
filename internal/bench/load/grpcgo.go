package load

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

// GRPCGo calls through grpc-go, the client most callers in Go have. It costs about as
// much as the service itself, so it is not what the service is judged by.
type GRPCGo struct {
	Addr        string
	Connections int
}

// raw sends bytes as they are and drops what comes: the cost of encoding messages is
// not the client's whose speed is asked for.
type raw struct{}

var _ encoding.CodecV2 = raw{}

// Marshal implements encoding.CodecV2.
func (raw) Marshal(v any) (mem.BufferSlice, error) {
	b, _ := v.(*[]byte) // Run gives nothing else
	return mem.BufferSlice{mem.SliceBuffer(*b)}, nil
}

// Unmarshal implements encoding.CodecV2.
func (raw) Unmarshal(mem.BufferSlice, any) error { return nil }

// Name implements encoding.CodecV2.
func (raw) Name() string { return "proto" }

// Run implements Caller.
func (g GRPCGo) Run(ctx context.Context, call Call, inFlight int, d time.Duration) (Result, error) {
	conns := make([]*grpc.ClientConn, min(max(g.Connections, 1), inFlight))
	for i := range conns {
		conn, err := grpc.NewClient(g.Addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.ForceCodecV2(raw{}), grpc.MaxCallRecvMsgSize(8<<20)))
		if err != nil {
			return Result{}, err
		}
		defer func() { _ = conn.Close() }()
		conns[i] = conn
	}
	end := time.Now().Add(d)
	return together(inFlight, func(i int, c *client) error {
		const prefix = 5 // grpc-go writes it itself
		conn := conns[i%len(conns)]
		for started := time.Now(); started.Before(end); {
			// The buffer may still be read after the call, so each has its own.
			message := call.Request.next(nil)[prefix:]
			err := conn.Invoke(ctx, call.Method, &message, nil)
			now := time.Now()
			if err != nil {
				c.failed(status.Convert(err).String())
			} else {
				c.latencies = append(c.latencies, now.Sub(started))
			}
			started = now
		}
		return nil
	})
}
