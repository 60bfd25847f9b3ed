package apierr

import (
	"errors"
	"maps"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
)

// AtIndex returns what a call that does several things answers where one of them
// failed: the error of that one, with its index in the metadata, and with the paths of
// fields leading from the call's request, as in `requests[3].customer.type`. An error
// that is no status, such as one of the database, is returned as it is.
func AtIndex(err error, list string, index int) error {
	at := list + "[" + strconv.Itoa(index) + "]"
	return told(err, map[string]string{"index": strconv.Itoa(index)},
		func(message string) string { return at + ": " + message },
		func(path string) string { return at + "." + path })
}

// Renamed returns the error with the path of a field, and those that lead into it, under
// another name: for a request that holds the same under that one.
func Renamed(err error, from, to string) error {
	rename := func(path string) string {
		if rest, ok := strings.CutPrefix(path, from); ok && (rest == "" || rest[0] == '.' || rest[0] == ':') {
			return to + rest
		}
		return path
	}
	// The text begins with the path of the first field and a colon.
	return told(err, nil, rename, rename)
}

// told returns the error as another request's: with more metadata, another text and other
// paths.
func told(err error, more map[string]string, text, path func(string) string) error {
	st, ok := status.FromError(err)
	if !ok || Info(err) == nil || errors.As(err, new(*internalError)) {
		return err
	}
	var details []protoadapt.MessageV1
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			metadata := map[string]string{}
			maps.Copy(metadata, d.GetMetadata())
			maps.Copy(metadata, more)
			if field, ok := metadata["field"]; ok {
				metadata["field"] = path(field)
			}
			details = append(details, &errdetails.ErrorInfo{Reason: d.GetReason(), Domain: d.GetDomain(), Metadata: metadata})
		case *errdetails.BadRequest:
			bad := &errdetails.BadRequest{}
			for _, v := range d.GetFieldViolations() {
				bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
					Field: path(v.GetField()), Description: v.GetDescription(), Reason: v.GetReason(),
				})
			}
			details = append(details, bad)
		case protoadapt.MessageV1:
			details = append(details, d)
		}
	}
	out, err := status.New(st.Code(), text(st.Message())).WithDetails(details...)
	if err != nil {
		return Internal(err)
	}
	return out.Err()
}
