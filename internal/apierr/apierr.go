// Package apierr builds every error that leaves the service.
//
// An error is data (AIP-193): a google.rpc.Status with a code, exactly one
// ErrorInfo with a reason of rapport.v1.ErrorReason, and, where they help, field
// violations, the resource and a delay before a retry. The text is for people and
// may change; whatever it says beyond the reason stands in the metadata too.
package apierr

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// Domain is the ErrorInfo domain of every error of this service.
const Domain = "rapport.dev"

// New returns an error of the given code and reason. The metadata may be nil.
func New(code codes.Code, reason rapportv1.ErrorReason, message string, metadata map[string]string, details ...protoadapt.MessageV1) error {
	all := append([]protoadapt.MessageV1{&errdetails.ErrorInfo{
		Reason:   reason.String(),
		Domain:   Domain,
		Metadata: metadata,
	}}, details...)
	st, err := status.New(code, message).WithDetails(all...)
	if err != nil {
		// Only an OK code or a detail that does not marshal gets here: a fault of ours.
		return status.Error(codes.Internal, "internal error")
	}
	return st.Err()
}

// Reason returns the reason of an error built here, found anywhere in err's chain,
// or ERROR_REASON_UNSPECIFIED.
func Reason(err error) rapportv1.ErrorReason {
	if info := Info(err); info != nil && info.GetDomain() == Domain {
		return rapportv1.ErrorReason(rapportv1.ErrorReason_value[info.GetReason()])
	}
	return rapportv1.ErrorReason_ERROR_REASON_UNSPECIFIED
}

// Info returns the ErrorInfo of a status error, or nil.
func Info(err error) *errdetails.ErrorInfo {
	st, ok := status.FromError(err)
	if !ok {
		return nil
	}
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info
		}
	}
	return nil
}

// Fields returns the fields that a status error's violations name, in their order.
func Fields(err error) (fields []string) {
	st, _ := status.FromError(err)
	for _, d := range st.Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				fields = append(fields, v.GetField())
			}
		}
	}
	return fields
}

// Violation is one thing wrong with one field of a request. Field is a path of
// proto names from the request's root, such as `customer.emails[0].address`.
type Violation struct {
	Field       string
	Description string
	// Rule is the machine-readable rule that was broken, such as `string.max_len`;
	// it may be empty.
	Rule string
}

// Violations gathers what is wrong with a request, so that the caller hears of all of
// it at once.
type Violations []Violation

// Add adds one violation of the field.
func (v *Violations) Add(field, format string, args ...any) {
	*v = append(*v, Violation{Field: field, Description: fmt.Sprintf(format, args...)})
}

// Err returns InvalidFields of what was gathered, nil where that is nothing.
func (v Violations) Err() error { return InvalidFields(v...) }

// InvalidFields returns INVALID_ARGUMENT, reason INVALID_FIELD, with one field
// violation each. It returns nil where there are none, so that a handler can
// gather all it finds and return the result.
func InvalidFields(violations ...Violation) error {
	return Invalid(rapportv1.ErrorReason_INVALID_FIELD, violations...)
}

// InvalidField returns InvalidFields of one violation.
func InvalidField(field, format string, args ...any) error {
	return InvalidFields(Violation{Field: field, Description: fmt.Sprintf(format, args...)})
}

// Invalid is InvalidFields with a reason that is more telling than INVALID_FIELD.
func Invalid(reason rapportv1.ErrorReason, violations ...Violation) error {
	if len(violations) == 0 {
		return nil
	}
	bad := &errdetails.BadRequest{}
	for _, v := range violations {
		bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field: v.Field, Description: v.Description, Reason: v.Rule,
		})
	}
	first := violations[0]
	return New(codes.InvalidArgument, reason, first.Field+": "+first.Description,
		map[string]string{"field": first.Field}, bad)
}

// NotFound returns NOT_FOUND for the named resource.
func NotFound(reason rapportv1.ErrorReason, name string) error {
	return resource(codes.NotFound, reason, name, "not found")
}

// AlreadyExists returns ALREADY_EXISTS for the named resource.
func AlreadyExists(reason rapportv1.ErrorReason, name, description string) error {
	return resource(codes.AlreadyExists, reason, name, description)
}

// FailedPrecondition returns FAILED_PRECONDITION for the named resource.
func FailedPrecondition(reason rapportv1.ErrorReason, name, description string) error {
	return resource(codes.FailedPrecondition, reason, name, description)
}

func resource(code codes.Code, reason rapportv1.ErrorReason, name, description string) error {
	return New(code, reason, fmt.Sprintf("%s: %s", name, description), map[string]string{"resource": name},
		&errdetails.ResourceInfo{ResourceName: name, Description: description})
}

// EtagRequired returns FAILED_PRECONDITION for a change of the named resource without
// an etag, where the deployment demands one.
func EtagRequired(name string) error {
	return FailedPrecondition(rapportv1.ErrorReason_ETAG_REQUIRED, name, "send the etag that you last saw")
}

// EtagMismatch returns ABORTED for a resource whose etag is no longer the caller's.
func EtagMismatch(name, current string) error {
	const text = "the resource has changed since this etag was read"
	return New(codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, name+": "+text,
		map[string]string{"resource": name, "etag": current},
		&errdetails.ResourceInfo{ResourceName: name, Description: text})
}

// Retryable returns an error that tells the caller to come back after the delay.
func Retryable(code codes.Code, reason rapportv1.ErrorReason, message string, after time.Duration) error {
	return New(code, reason, message, nil, &errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
}

// Internal is the answer to a fault of ours. The cause is never part of it; the
// observe interceptor logs it, once, from the wrapped error.
func Internal(cause error) error {
	return &internalError{cause: cause}
}

// internalError is an INTERNAL status on the wire that keeps its cause for the log.
type internalError struct{ cause error }

func (e *internalError) Error() string { return fmt.Sprintf("internal error: %v", e.cause) }
func (e *internalError) Unwrap() error { return e.cause }

// GRPCStatus is what grpc-go and status.FromError take as the error's status.
func (e *internalError) GRPCStatus() *status.Status {
	st, _ := status.FromError(New(codes.Internal, rapportv1.ErrorReason_INTERNAL_ERROR, "internal error", nil))
	return st
}

// Cause returns what is behind an error from Internal, or nil.
func Cause(err error) error {
	var internal *internalError
	if errors.As(err, &internal) {
		return internal.cause
	}
	return nil
}
