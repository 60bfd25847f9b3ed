package load

import (
	"errors"
	"math/rand/v2"
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

// Retryable tells whether a call that failed so may succeed when it is made again: the
// service was away or busy, or the connection broke.
func Retryable(err error) bool {
	if errors.Is(err, errUnanswered) {
		return true
	}
	st, ok := status.FromError(err)
	if !ok {
		return false
	}
	switch st.Code() {
	case codes.Unavailable, codes.Aborted, codes.DeadlineExceeded, codes.Canceled:
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

// Backoff returns how long to wait after so many failures in a row, from 1: twice as
// long each time up to 5 s, spread so that many clients do not return at once, and not
// less than the service asks for.
func Backoff(failures int, err error) time.Duration {
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
