package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/rapport-crm/rapport/internal/rpc"
)

// connectFlags say where the service is and how to talk to it.
type connectFlags struct {
	Addr     string `name:"addr" env:"RAPPORT_ADDR" default:"127.0.0.1:9090" help:"gRPC address of the service."`
	TLS      bool   `name:"tls" env:"RAPPORT_TLS" help:"Connect with TLS; the service's certificate must be one that this machine trusts."`
	CA       string `name:"ca" env:"RAPPORT_CA" type:"existingfile" help:"PEM file of the authorities to trust instead of this machine's. Means --tls."`
	Insecure bool   `name:"insecure" env:"RAPPORT_INSECURE" help:"Connect without TLS to an address other than loopback."`
}

// connect returns a connection, which is made with the first call.
func (f *connectFlags) connect() (*grpc.ClientConn, error) {
	secure, err := f.credentials()
	if err != nil {
		return nil, err
	}
	limits := rpc.DefaultLimits()
	return grpc.NewClient(f.Addr,
		grpc.WithTransportCredentials(secure),
		grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(limits.MaxRecvMsgSize), grpc.MaxCallRecvMsgSize(limits.MaxSendMsgSize)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: limits.KeepaliveTimeout}),
		// Who calls again waits longer each time; the connection need not add to that.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: limits.ConnectionTimeout,
		}),
	)
}

// untilSignal returns a context that ends with the first signal to stop. A second one
// ends the process.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

func (f *connectFlags) credentials() (credentials.TransportCredentials, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case f.CA != "":
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--ca (RAPPORT_CA): %s holds no certificate in PEM form", f.CA)
		}
	case f.TLS:
	case f.Insecure, loopback(f.Addr):
		return insecure.NewCredentials(), nil
	default:
		return nil, errors.New("--addr (RAPPORT_ADDR): " + f.Addr + " is not a loopback address; connect with --tls or --ca, " +
			"or with --insecure where the network between keeps secrets")
	}
	return credentials.NewTLS(config), nil
}

func loopback(addr string) bool {
	if strings.HasPrefix(addr, "unix:") {
		return true
	}
	host, _, err := net.SplitHostPort(addr)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}
