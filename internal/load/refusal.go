package load

import (
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// refused is the outcome of a record that could not be made: there already where its id,
// of whichever kind, is taken, and else rejected.
func (k *Kind) refused(r *Record, st *statuspb.Status) Outcome {
	out := Outcome{Number: r.Number}
	switch err := status.ErrorProto(st); apierr.Reason(err) {
	case rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, k.exists:
		out.Result = Unchanged
	default:
		out.Err = alone(status.Convert(err))
	}
	return out
}

// alone returns the error of an entry as its single create would have: without its place
// in the batch, which is nothing to whoever made the row.
func alone(st *status.Status) error {
	var details []protoadapt.MessageV1
	for _, d := range st.Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				v.Field = afterIndex(v.GetField(), "].")
			}
		}
		if d, ok := d.(protoadapt.MessageV1); ok {
			details = append(details, d)
		}
	}
	out, err := status.New(st.Code(), afterIndex(st.Message(), "]: ")).WithDetails(details...)
	if err != nil {
		return st.Err()
	}
	return out.Err()
}

// afterIndex cuts what leads to an entry off a text, as in `requests[3].`.
func afterIndex(text, end string) string {
	if _, rest, ok := strings.Cut(text, end); ok && strings.HasPrefix(text, "requests[") {
		return rest
	}
	return text
}
