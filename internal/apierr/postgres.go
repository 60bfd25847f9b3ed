package apierr

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// unavailableRetry is the delay advised where the database is away: a restart or a
// failover takes longer than a hiccup.
const unavailableRetry = 500 * time.Millisecond

// conflictRetry is the delay advised where another call was in the way: that one has
// outlived the lock timeout or won five times already.
const conflictRetry = 200 * time.Millisecond

// From turns any error that a handler returns into the one that leaves the service.
// Errors built here pass; those of PostgreSQL are mapped by SQLSTATE; the rest, and
// all text of the driver, is hidden behind INTERNAL_ERROR. It is the only place
// where an error of another kind becomes a status.
func From(ctx context.Context, err error) error {
	if err == nil || isStatus(err) {
		return err
	}
	var pgErr *pgconn.PgError
	switch {
	case errors.As(err, &pgErr):
		return fromSQLState(ctx, pgErr.Code, err)
	case errors.Is(err, context.DeadlineExceeded) && (ctx.Err() != nil || !connectionFailed(err)):
		// A dial that timed out while the call still had time is the database's fault.
		return deadlineExceeded()
	case errors.Is(err, context.Canceled):
		return New(codes.Canceled, rapportv1.ErrorReason_CANCELLED, "the caller gave up", nil)
	case connectionFailed(err):
		return DatabaseUnavailable()
	}
	return Internal(err)
}

func isStatus(err error) bool {
	st, ok := status.FromError(err)
	return ok && st.Code() != codes.OK && Info(err) != nil
}

func fromSQLState(ctx context.Context, state string, err error) error {
	switch state {
	case "40001", "40P01", "55P03":
		return TransactionConflict()
	case "57014":
		if errors.Is(ctx.Err(), context.Canceled) {
			return New(codes.Canceled, rapportv1.ErrorReason_CANCELLED, "the caller gave up", nil)
		}
		return deadlineExceeded()
	case "53300", "57P01", "57P02", "57P03", "25006":
		return DatabaseUnavailable()
	case "53100":
		return New(codes.ResourceExhausted, rapportv1.ErrorReason_STORAGE_FULL,
			"the database has no room for writes", nil)
	}
	switch {
	case len(state) != 5:
	case state[:2] == "08":
		return DatabaseUnavailable()
	case state[:2] == "22", state == "23514":
		// Validation refuses all that PostgreSQL would; what slips through is still
		// the caller's value, but which one the driver's words may not tell.
		return New(codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD,
			"the database refused a value of the request", map[string]string{"sqlstate": state})
	}
	return Internal(err)
}

func deadlineExceeded() error {
	return New(codes.DeadlineExceeded, rapportv1.ErrorReason_DEADLINE_EXCEEDED, "the call's time ran out", nil)
}

// TransactionConflict returns ABORTED with a delay before the caller reads again and
// repeats.
func TransactionConflict() error {
	return Retryable(codes.Aborted, rapportv1.ErrorReason_TRANSACTION_CONFLICT,
		"others kept changing the same rows; read again and repeat", conflictRetry)
}

// RequestInProgress returns ABORTED with a delay before the caller repeats the request.
func RequestInProgress() error {
	return Retryable(codes.Aborted, rapportv1.ErrorReason_REQUEST_IN_PROGRESS,
		"a request with this id is still running; repeat it", conflictRetry)
}

// DatabaseUnavailable returns UNAVAILABLE with a delay before the retry.
func DatabaseUnavailable() error {
	return Retryable(codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE,
		"the database cannot be reached", unavailableRetry)
}

// Overloaded returns RESOURCE_EXHAUSTED with a delay before the retry.
func Overloaded() error {
	return Retryable(codes.ResourceExhausted, rapportv1.ErrorReason_OVERLOADED,
		"the service has more work than it can take", 100*time.Millisecond)
}
