package mapping

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"github.com/rapport-crm/rapport/internal/apierr"
)

// violations returns the violated fields of an error, or one of no field with its text.
func violations(err error) (out []apierr.Violation) {
	st, _ := status.FromError(err)
	for _, d := range st.Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				out = append(out, apierr.Violation{Field: v.GetField(), Description: v.GetDescription()})
			}
		}
	}
	if len(out) == 0 {
		out = append(out, apierr.Violation{Description: st.Message()})
	}
	return out
}

// lookUp finds where a field came from: the field itself, or the nearest around it that
// columns filled, such as an address whose required region was not mapped. The rules of
// the proto files write the key of a map as ["key"].
func lookUp(origins map[string]Problem, field string) Problem {
	path := strings.NewReplacer(`["`, ".", `"]`, "").Replace(field)
	for strings.Contains(path, ".") { // above that is the whole customer
		if origin, ok := origins[path]; ok {
			return origin
		}
		for _, inside := range slices.Sorted(maps.Keys(origins)) {
			rest, ok := strings.CutPrefix(inside, path)
			if ok && strings.ContainsAny(rest[:1], ".[") && origins[inside].Column != "" {
				return origins[inside]
			}
		}
		path = path[:max(strings.LastIndexByte(path, '.'), strings.LastIndexByte(path, '['))]
	}
	return Problem{}
}
