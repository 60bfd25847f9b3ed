package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rapport-crm/rapport/internal/apierr"
)

const (
	firstDelay = 100 * time.Millisecond
	maxDelay   = 5 * time.Second
)

// badTLS is in the message of a connection that TLS refused, such as for a certificate
// that nobody vouches for. Its code is that of a service that is away.
const badTLS = "handshake failed: tls: "

// retryable tells whether a call that failed so may succeed when it is made again: the
// service was away or busy, or the connection broke.
func retryable(err error) bool {
	if errors.Is(err, ErrCut) {
		return true
	}
	st, ok := status.FromError(err)
	if !ok {
		return false
	}
	switch st.Code() {
	case codes.Unavailable:
		return !strings.Contains(st.Message(), badTLS)
	case codes.Aborted, codes.DeadlineExceeded, codes.Canceled:
		return true
	case codes.ResourceExhausted:
		return asked(st) > 0
	case codes.Internal, codes.Unknown:
		// The service says itself what is its fault. What does not come from it is a
		// stream that was reset on the way.
		return apierr.Info(err) == nil
	default:
		return false
	}
}

// ErrCut is a stream that ended, without an error, before its last message.
var ErrCut = errors.New("the stream ended before its last message")

// ErrGaveUp is wrapped by the error of what broke too often without progress.
var ErrGaveUp = errors.New("gave up")

// Retries holds calls to so many failures in a row.
type Retries struct {
	// Max is how many calls may fail in a row.
	Max int
	// OnRetry is told of a failure that is followed by another try after the delay. The
	// number counts them from 1 to Max-1. It may be nil.
	OnRetry func(err error, number int, delay time.Duration)

	failures int
}

// Progress says that there was some: the failures before it no longer count.
func (r *Retries) Progress() { r.failures = 0 }

// Wait returns nil when it is time to make a call again that failed so. Its error says
// why there is no other try: the context's where that has ended, the call's where
// trying again would not help, or one that wraps ErrGaveUp and the call's.
func (r *Retries) Wait(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !retryable(err) {
		return err
	}
	if r.failures++; r.failures >= r.Max {
		return fmt.Errorf("%w after %d tries without progress: %w", ErrGaveUp, r.failures, err)
	}
	delay := backoff(r.failures, err)
	if r.OnRetry != nil {
		r.OnRetry(err, r.failures, delay)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(delay):
		return nil
	}
}

// backoff returns how long to wait after so many failures in a row, from 1: twice as
// long each time up to 5 s, spread so that many clients do not return at once, and not
// less than the service asks for.
func backoff(failures int, err error) time.Duration {
	delay := maxDelay
	if shift := failures - 1; shift < 6 {
		delay = min(delay, firstDelay<<shift)
	}
	delay = delay/2 + rand.N(delay/2)
	st, _ := status.FromError(err)
	return max(delay, asked(st))
}

// asked returns the delay that the service asks for, or 0.
func asked(st *status.Status) time.Duration {
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			return min(info.GetRetryDelay().AsDuration(), time.Minute)
		}
	}
	return 0
}
