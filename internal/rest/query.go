package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// noValues is read by the gateway and written by nobody.
var noValues = url.Values{}

// prepareQuery checks the query string against the request message of the route, which
// the gateway does not: it ignores what it does not know. The result is put where the
// generated handlers look, under the proto names.
func prepareQuery(r *http.Request, x *exchange) error {
	r.Form, r.PostForm = noValues, noValues
	if r.URL.RawQuery == "" {
		return nil
	}
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return apierr.InvalidField("query", "the query string is malformed")
	}
	known := url.Values{}
	var unknown, wrong []apierr.Violation
	for _, name := range sortedKeys(given) {
		p, ok := x.route.params[name]
		if !ok {
			unknown = append(unknown, apierr.Violation{
				Field: shorten(name), Description: "there is no such parameter" + aip.DidYouMean(name, slices.Values(x.route.paramNames())), Rule: "unknown_parameter",
			})
			continue
		}
		values := given[name]
		if p.field == x.route.updateMask {
			if values = joined(values); len(values) == 0 {
				continue
			}
			x.hasMask = true
		}
		wrong = append(wrong, checkValues(name, p, values, known[p.path])...)
		known[p.path] = values
	}
	if err := apierr.Invalid(rapportv1.ErrorReason_UNKNOWN_PARAMETER, unknown...); err != nil {
		return err
	}
	if err := apierr.InvalidFields(wrong...); err != nil {
		return err
	}
	r.Form = known
	return nil
}

// joined makes one mask of a parameter that is given more than once.
func joined(values []string) []string {
	all := strings.Trim(strings.ReplaceAll(strings.Join(values, ","), " ", ""), ",")
	if all == "" {
		return nil
	}
	return []string{all}
}

func checkValues(name string, p param, values, before []string) []apierr.Violation {
	if before != nil || len(values) > 1 && !p.field.IsList() {
		return []apierr.Violation{{Field: name, Description: "is given more than once", Rule: "duplicate"}}
	}
	var out []apierr.Violation
	for _, v := range values {
		if what := expected(p.field, v); what != "" {
			out = append(out, apierr.Violation{Field: name, Description: "must be " + what, Rule: "type"})
		}
	}
	return out
}

// expected says what the field takes where it does not take the value. Kinds that no
// request of ours has in its query are left to the gateway.
func expected(fd protoreflect.FieldDescriptor, value string) string {
	var err error
	switch fd.Kind() {
	case protoreflect.BoolKind:
		if value != "true" && value != "false" {
			return "true or false"
		}
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		if _, err = strconv.ParseInt(value, 10, 32); err != nil {
			return "a whole number of 32 bits"
		}
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		if _, err = strconv.ParseInt(value, 10, 64); err != nil {
			return "a whole number of 64 bits"
		}
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		if _, err = strconv.ParseFloat(value, 64); err != nil {
			return "a number"
		}
	case protoreflect.EnumKind:
		if fd.Enum().Values().ByName(protoreflect.Name(value)) == nil {
			return "a name of the enum" + aip.DidYouMean(value, slices.Values(enumNames(fd.Enum())))
		}
	default:
	}
	return ""
}

func enumNames(e protoreflect.EnumDescriptor) []string {
	var out []string
	for i := range e.Values().Len() {
		out = append(out, string(e.Values().Get(i).Name()))
	}
	return out
}

// paramNames returns the JSON names of the parameters, for suggestions.
func (r *route) paramNames() []string {
	var out []string
	for name := range r.params {
		if !strings.Contains(name, "_") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func sortedKeys(values url.Values) []string {
	out := make([]string, 0, len(values))
	for k := range values {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
