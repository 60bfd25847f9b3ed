package apierr_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// secret stands wherever the driver quotes a caller's data or names the schema.
const secret = "ada@example.com"

func postgres(state string) error {
	return fmt.Errorf("wrapped: %w", &pgconn.PgError{
		Code: state, Message: secret, Detail: secret, Hint: secret, Where: secret, InternalQuery: secret, SchemaName: secret,
		TableName: secret, ColumnName: secret, ConstraintName: secret, File: secret, Routine: secret,
	})
}

func TestFrom(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx    context.Context //nolint:containedctx // a case of the table
		err    error
		code   codes.Code
		reason rapportv1.ErrorReason
		retry  bool
	}{
		"unique":         {nil, postgres("23505"), codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR, false}, // its owner knows what it means
		"foreign key":    {nil, postgres("23503"), codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR, false},
		"check":          {nil, postgres("23514"), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, false},
		"character":      {nil, postgres("22021"), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, false},
		"NUL in JSON":    {nil, postgres("22P05"), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, false},
		"serialization":  {nil, postgres("40001"), codes.Aborted, rapportv1.ErrorReason_TRANSACTION_CONFLICT, true},
		"deadlock":       {nil, postgres("40P01"), codes.Aborted, rapportv1.ErrorReason_TRANSACTION_CONFLICT, true},
		"lock timeout":   {nil, postgres("55P03"), codes.Aborted, rapportv1.ErrorReason_TRANSACTION_CONFLICT, true},
		"query canceled": {nil, postgres("57014"), codes.DeadlineExceeded, rapportv1.ErrorReason_DEADLINE_EXCEEDED, false},
		"caller gone":    {cancelled, postgres("57014"), codes.Canceled, rapportv1.ErrorReason_CANCELLED, false},
		"connections":    {nil, postgres("53300"), codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE, true},
		"admin shutdown": {nil, postgres("57P01"), codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE, true},
		"crash shutdown": {nil, postgres("57P02"), codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE, true},
		"starting up":    {nil, postgres("57P03"), codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE, true},
		"connection":     {nil, postgres("08006"), codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE, true},
		"standby":        {nil, postgres("25006"), codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE, true},
		"disk full":      {nil, postgres("53100"), codes.ResourceExhausted, rapportv1.ErrorReason_STORAGE_FULL, false},
		"syntax":         {nil, postgres("42601"), codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR, false},
		"no SQLSTATE":    {nil, postgres(""), codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR, false},
		"odd SQLSTATE":   {nil, postgres("2"), codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR, false},
		"deadline":       {nil, fmt.Errorf("x: %w", context.DeadlineExceeded), codes.DeadlineExceeded, rapportv1.ErrorReason_DEADLINE_EXCEEDED, false},
		"cancelled":      {nil, context.Canceled, codes.Canceled, rapportv1.ErrorReason_CANCELLED, false},
		"refused":        {nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE, true},
		"reset":          {nil, fmt.Errorf("%s: %w", secret, syscall.ECONNRESET), codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE, true},
		"end of file":    {nil, fmt.Errorf("x: %w", io.ErrUnexpectedEOF), codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE, true},
		"any other":      {nil, errors.New(secret), codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR, false},
		"foreign status": {nil, status.Error(codes.NotFound, secret), codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR, false},
		"our own":        {nil, apierr.Overloaded(), codes.ResourceExhausted, rapportv1.ErrorReason_OVERLOADED, true},
	} {
		t.Run(name, func(t *testing.T) {
			if test.ctx == nil {
				test.ctx = t.Context()
			}
			err := apierr.From(test.ctx, test.err)
			st := status.Convert(err)
			if st.Code() != test.code || apierr.Reason(err) != test.reason {
				t.Errorf("got %v %v, want %v %v", st.Code(), apierr.Reason(err), test.code, test.reason)
			}
			if text := st.Proto().String(); strings.Contains(text, secret) || strings.Contains(text, "%!") {
				t.Errorf("what only the log may know has left: %s", text)
			}
			var infos, retries int
			for _, d := range st.Details() {
				switch d.(type) {
				case *errdetails.ErrorInfo:
					infos++
				case *errdetails.RetryInfo:
					retries++
				}
			}
			if infos != 1 || (retries == 1) != test.retry {
				t.Errorf("%d ErrorInfo, %d RetryInfo, want 1 and %t", infos, retries, test.retry)
			}
		})
	}
	if err := apierr.From(t.Context(), nil); err != nil {
		t.Errorf("nothing became %v", err)
	}
}

func TestInternalKeepsItsCauseForTheLog(t *testing.T) {
	cause := errors.New(secret)
	err := fmt.Errorf("wrapped: %w", apierr.Internal(cause))
	if !errors.Is(apierr.Cause(err), cause) || !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if apierr.Cause(apierr.Overloaded()) != nil {
		t.Error("an error without a cause has one")
	}
}

func TestConnectionLost(t *testing.T) {
	for want, errs := range map[bool][]error{
		true: {
			postgres("08006"), postgres("57P01"), postgres("57P02"), postgres("57P03"), postgres("25006"), io.EOF, net.ErrClosed,
			&net.OpError{Op: "read", Err: syscall.EPIPE},
		},
		false: {nil, postgres("57014"), postgres("40001"), postgres("23505"), postgres("53300"), context.Canceled, errors.New("x"), apierr.DatabaseUnavailable()},
	} {
		for _, err := range errs {
			if got := apierr.ConnectionLost(err); got != want {
				t.Errorf("%v: %t", err, got)
			}
		}
	}
}

func TestViolations(t *testing.T) {
	var v apierr.Violations
	if v.Err() != nil || apierr.InvalidFields() != nil {
		t.Error("nothing wrong is an error")
	}
	v.Add("a.b", "is %d", 1)
	v.Add("c", "is 100%%")
	err := v.Err()
	if diff := cmp.Diff([]string{"a.b", "c"}, apierr.Fields(err)); diff != "" || status.Code(err) != codes.InvalidArgument {
		t.Errorf("%v:\n%s", err, diff)
	}
	info := apierr.Info(err)
	if info.GetDomain() != apierr.Domain || info.GetReason() != "INVALID_FIELD" || info.GetMetadata()["field"] != "a.b" {
		t.Errorf("info is %v", info)
	}
}

func TestErrorsTellTheResource(t *testing.T) {
	for _, err := range []error{
		apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, "customers/1"),
		apierr.AlreadyExists(rapportv1.ErrorReason_NOT_DELETED, "customers/1", "x"),
		apierr.FailedPrecondition(rapportv1.ErrorReason_CUSTOMER_DELETED, "customers/1", "x"),
		apierr.EtagMismatch("customers/1", `"2"`), apierr.EtagRequired("customers/1"),
	} {
		if apierr.Info(err).GetMetadata()["resource"] != "customers/1" || !strings.Contains(status.Convert(err).Message(), "customers/1") {
			t.Errorf("%v does not name its resource", err)
		}
	}
	if got := apierr.Info(apierr.EtagMismatch("x", `"2"`)).GetMetadata()["etag"]; got != `"2"` {
		t.Errorf("the current etag is %q", got)
	}
}

// TestReasonsFitTheStandard checks each reason against AIP-193.
func TestReasonsFitTheStandard(t *testing.T) {
	for number, name := range rapportv1.ErrorReason_name {
		if len(name) > 63 || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			t.Errorf("reason %d, %s", number, name)
		}
	}
	if apierr.Reason(errors.New("x")) != 0 || apierr.Info(nil) != nil {
		t.Error("an error of another kind has a reason")
	}
}

// TestRenamed leads paths of one field into another, and leaves all else as it was.
func TestRenamed(t *testing.T) {
	err := apierr.Renamed(apierr.InvalidFields(
		apierr.Violation{Field: "task.title", Description: "is required", Rule: "r"}, apierr.Violation{Field: "tasks", Description: "x"},
	), "task", "next_task")
	if got := apierr.Fields(err); !slices.Equal(got, []string{"next_task.title", "tasks"}) || apierr.Reason(err) != rapportv1.ErrorReason_INVALID_FIELD {
		t.Errorf("%v", err)
	}
	if st, info := status.Convert(err), apierr.Info(err); st.Message() != "next_task.title: is required" || info.GetMetadata()["field"] != "next_task.title" {
		t.Errorf("%v, %v", st, info)
	}
	cause := errors.New("broken")
	for _, err := range []error{nil, cause, apierr.Internal(cause)} {
		if got := apierr.Renamed(err, "task", "next_task"); !errors.Is(got, err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}
