package rpc

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/stats"
)

// Limits are the bounds of the gRPC server that grpc-go leaves open or sets too wide.
type Limits struct {
	// MaxConcurrentStreams is per connection. It also bounds what a client can start
	// by opening and resetting streams quickly.
	MaxConcurrentStreams uint32
	// MaxHeaderListSize is the size of a request's metadata, in bytes.
	MaxHeaderListSize uint32
	// MaxRecvMsgSize and MaxSendMsgSize are in bytes; clients must match them.
	MaxRecvMsgSize int
	MaxSendMsgSize int
	// KeepaliveTime is the silence after which the server pings a client, and
	// KeepaliveTimeout how long it waits for the answer before it closes.
	KeepaliveTime    time.Duration
	KeepaliveTimeout time.Duration
	// MinPingInterval is how often clients may ping; grpc-go's five minutes would
	// disconnect the eager ones.
	MinPingInterval time.Duration
	// MaxConnectionAge is after which a client is told to connect again, which
	// spreads clients over new processes; it has MaxConnectionAgeGrace to finish.
	MaxConnectionAge      time.Duration
	MaxConnectionAgeGrace time.Duration
	// ConnectionTimeout bounds the handshake.
	ConnectionTimeout time.Duration
	// StreamWorkers is the number of goroutines kept for handlers, whose grown stacks
	// are so used again; 0 starts one per call. Calls that find none free start one.
	StreamWorkers uint32
}

// DefaultLimits returns the limits this service runs with.
func DefaultLimits() Limits {
	return Limits{
		MaxConcurrentStreams:  1000,
		MaxHeaderListSize:     16 << 10,
		MaxRecvMsgSize:        4 << 20,
		MaxSendMsgSize:        8 << 20,
		KeepaliveTime:         30 * time.Second,
		KeepaliveTimeout:      10 * time.Second,
		MinPingInterval:       10 * time.Second,
		MaxConnectionAge:      30 * time.Minute,
		MaxConnectionAgeGrace: 60 * time.Second,
		ConnectionTimeout:     10 * time.Second,
		StreamWorkers:         64,
	}
}

// ServerOptions returns the options of the gRPC server: the limits, the chain and
// the stats handler, which may be nil.
func ServerOptions(limits Limits, chain *Chain, handler stats.Handler) []grpc.ServerOption {
	options := []grpc.ServerOption{
		grpc.MaxConcurrentStreams(limits.MaxConcurrentStreams),
		grpc.MaxHeaderListSize(limits.MaxHeaderListSize),
		grpc.MaxRecvMsgSize(limits.MaxRecvMsgSize),
		grpc.MaxSendMsgSize(limits.MaxSendMsgSize),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			Time:                  limits.KeepaliveTime,
			Timeout:               limits.KeepaliveTimeout,
			MaxConnectionAge:      limits.MaxConnectionAge,
			MaxConnectionAgeGrace: limits.MaxConnectionAgeGrace,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime:             limits.MinPingInterval,
			PermitWithoutStream: true,
		}),
		grpc.ConnectionTimeout(limits.ConnectionTimeout),
		// Stop returns only when no handler runs, so that the pool can be closed then.
		grpc.WaitForHandlers(true),
		grpc.NumStreamWorkers(limits.StreamWorkers),
		grpc.ForceServerCodecV2(codec{}),
		grpc.UnaryInterceptor(chain.Unary),
		grpc.StreamInterceptor(chain.Stream),
		grpc.UnknownServiceHandler(unknownMethod),
	}
	if handler != nil {
		options = append(options, grpc.StatsHandler(handler))
	}
	return options
}
