package apierr

import (
	"errors"
	"maps"
	"strconv"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
)

// AtIndex returns what a call that does several things answers where one of them
// failed: the error of that one, with its index in the metadata, and with the paths of
// fields leading from the call's request, as in `requests[3].customer.type`. An error
// that is no status, such as one of the database, is returned as it is.
func AtIndex(err error, list string, index int) error {
	st, ok := status.FromError(err)
	if !ok || Info(err) == nil || errors.As(err, new(*internalError)) {
		return err
	}
	prefix := list + "[" + strconv.Itoa(index) + "]."
	var details []protoadapt.MessageV1
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			metadata := maps.Clone(d.GetMetadata())
			if metadata == nil {
				metadata = map[string]string{}
			}
			metadata["index"] = strconv.Itoa(index)
			if field, ok := metadata["field"]; ok {
				metadata["field"] = prefix + field
			}
			details = append(details, &errdetails.ErrorInfo{Reason: d.GetReason(), Domain: d.GetDomain(), Metadata: metadata})
		case *errdetails.BadRequest:
			bad := &errdetails.BadRequest{}
			for _, v := range d.GetFieldViolations() {
				bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
					Field: prefix + v.GetField(), Description: v.GetDescription(), Reason: v.GetReason(),
				})
			}
			details = append(details, bad)
		case protoadapt.MessageV1:
			details = append(details, d)
		}
	}
	out, err := status.New(st.Code(), list+"["+strconv.Itoa(index)+"]: "+st.Message()).WithDetails(details...)
	if err != nil {
		return Internal(err)
	}
	return out.Err()
}
