// Package mutation runs the calls that change something, each exactly once.
//
// A call's statements, its changes and the claim of its request id with the answer
// commit in one transaction. A repeat of the same request meets the claim (a unique
// key), rolls itself back and gets the stored answer. The same mechanism resolves a
// lost reply: the call is run again under the same id, and the claim decides whether
// it had happened.
package mutation

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
)

const (
	// conflictAttempts bounds the runs of a transaction that others keep breaking.
	conflictAttempts = 5
	// lostAttempts bounds the runs of a transaction whose connection breaks.
	lostAttempts = 4
)

// ReplayedHeader is the response header that marks an answer as a stored one.
const ReplayedHeader = "idempotent-replayed"

// Runner runs mutations on one database.
type Runner struct {
	Pool *db.Pool
	// Clock gives the time of writes; it is truncated to the microsecond that
	// PostgreSQL keeps.
	Clock func() time.Time
	// RequestTTL is how long a claim, and so exactly-once, lasts: at least 24 hours.
	RequestTTL time.Duration

	together together
}

// Request is what every mutating request message has.
type Request interface {
	proto.Message
	GetRequestId() string
	GetValidateOnly() bool
}

// Act does the work of one mutation: it reads through tx.Fetch, decides, queues its
// writes and returns the answer. It may be run more than once, so it must not keep
// anything from an earlier run.
type Act[R proto.Message] func(ctx context.Context, tx *Tx) (R, error)

// Run runs act in a transaction, exactly once under the claim's request id. With
// validate_only everything is done and rolled back, and no id is claimed or replayed.
func Run[R proto.Message](ctx context.Context, r *Runner, c *Claim, act Act[R]) (R, error) {
	var none R
	outcomeUnknown := false
	for attempt := 1; ; attempt++ {
		resp, err := once(ctx, r, c, attempt, act)
		var replay *replayed
		switch {
		case err == nil:
			return resp, nil
		case errors.As(err, &replay):
			return answer[R](ctx, c, replay)
		case apierr.ConnectionLost(err), errors.Is(err, errCommit), outcomeUnknown && unsettled(err):
			outcomeUnknown = outcomeUnknown || errors.Is(err, errCommit)
			if attempt < lostAttempts && ctx.Err() == nil && pause(ctx, attempt) {
				continue
			}
			return none, unavailable(c, outcomeUnknown)
		case isConflict(err):
			if attempt < conflictAttempts && pause(ctx, attempt) {
				continue
			}
			if outcomeUnknown {
				return none, unavailable(c, outcomeUnknown)
			}
			return none, apierr.TransactionConflict()
		default:
			return none, err
		}
	}
}

// unsettled reports whether a run failed before it could tell what became of an
// earlier one whose reply was lost: it got no connection, or gave up waiting. Passed
// on as it is, the error would say that nothing happened.
func unsettled(err error) bool {
	switch apierr.Reason(err) {
	case rapportv1.ErrorReason_OVERLOADED, rapportv1.ErrorReason_DATABASE_UNAVAILABLE, rapportv1.ErrorReason_REQUEST_IN_PROGRESS:
		return true
	case rapportv1.ErrorReason_ERROR_REASON_UNSPECIFIED:
		return !isConflict(err)
	}
	return false
}

// unavailable is the answer of a call that found no connection to the end. A caller
// without a request id must not take it for a call that can simply be repeated, where
// it is not one anyway.
func unavailable(c *Claim, outcomeUnknown bool) error {
	if outcomeUnknown && !c.given && !c.repeatable {
		return apierr.New(codes.Unknown, rapportv1.ErrorReason_COMMIT_OUTCOME_UNKNOWN,
			"the connection broke at the commit; the call may or may not have happened", nil)
	}
	return apierr.DatabaseUnavailable()
}

// once runs act in one transaction.
func once[R proto.Message](ctx context.Context, r *Runner, c *Claim, attempt int, act Act[R]) (resp R, err error) {
	tx := &Tx{pool: r.Pool, claim: c, Attempt: attempt, Now: r.Clock().UTC().Truncate(time.Microsecond)}
	defer tx.release(ctx)
	if resp, err = act(ctx, tx); err != nil {
		return resp, err
	}
	if c.response, err = proto.Marshal(resp); err != nil {
		return resp, apierr.Internal(err)
	}
	if tx.sociable(ctx) {
		return resp, r.commitTogether(ctx, tx)
	}
	return resp, tx.commit(ctx, r.RequestTTL)
}

// answer turns a stored answer into the call's.
func answer[R proto.Message](ctx context.Context, c *Claim, replay *replayed) (R, error) {
	var none R
	if !c.matches(replay.fingerprint) {
		return none, apierr.Invalid(rapportv1.ErrorReason_REQUEST_ID_REUSED, apierr.Violation{
			Field: "request_id", Description: "was used for another request of this method",
		})
	}
	resp, ok := none.ProtoReflect().New().Interface().(R)
	if !ok {
		return none, apierr.Internal(errors.New("a message's reflection made another type"))
	}
	if err := proto.Unmarshal(replay.response, resp); err != nil {
		return none, apierr.Internal(err)
	}
	if c.given {
		// Fails only where the header was sent, which no unary handler does.
		if err := grpc.SetHeader(ctx, metadata.Pairs(ReplayedHeader, "true")); err != nil {
			return none, apierr.Internal(err)
		}
	}
	return resp, nil
}

// pause waits a little, at random and longer each time, and reports whether there is
// still somebody to work for.
func pause(ctx context.Context, attempt int) bool {
	limit := time.Duration(10<<attempt) * time.Millisecond
	timer := time.NewTimer(rand.N(limit) + time.Millisecond) //nolint:gosec // jitter needs no secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
