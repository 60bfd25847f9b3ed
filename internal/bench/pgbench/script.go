// Package pgbench makes PostgreSQL's own load generator run what the service runs: it
// is the limit that the service is measured against.
package pgbench

import (
	"database/sql/driver"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rapport-crm/rapport/internal/bench/dataset"
	"github.com/rapport-crm/rapport/internal/bench/inproc"
)

// Script is a pgbench script: its text and the variables it needs, as NAME=VALUE.
type Script struct {
	Text    string
	Defines []string
}

// What pgbench puts in the place of a parameter that differs from call to call. Its
// variables are numbers, so an id is put together by the database, which costs it
// about half a microsecond.
const (
	lane     = ":lane"
	now      = "now()"
	customer = "('" + dataset.IDPrefix + "' || to_hex(:customer::bigint))::uuid"
	request  = "('0199000000007001' || to_hex(:fresh::bigint))::uuid"
	change   = "('0199000000007002' || to_hex(:fresh::bigint))::uuid"
	created  = "('0199000000007003' || to_hex(:fresh::bigint))::uuid"
)

// repeated follows a value that stands in each place of the array that was sent.
const repeated = " repeated"

// varying says, by statement and number of the parameter, what differs from call to
// call; every other parameter is what the service sent when it was watched.
var varying = map[string]map[int]string{
	"GetCustomer":       {1: lane, 2: customer},
	"LockCustomer":      {1: lane, 2: customer},
	"ListCustomers":     {1: "to_timestamp(:time)", 2: customer},
	"UpdateCustomer":    {1: lane, 2: customer, 34: now},
	"AlignFollowUps":    {1: "ARRAY[:lane]", 2: "ARRAY[" + customer + "]", 3: now},
	"ClaimRequest":      {1: lane, 4: request, 7: "now() + interval '24 hours'"},
	"CreateCustomer":    {1: lane, 2: created, 33: now, 34: now},
	"CreateExternalIDs": {1: "ARRAY[:keylane]", 3: "ARRAY[:fresh]", 4: "ARRAY[:lane]", 5: "ARRAY[" + created + "]"},
	"CountAttributes":   {1: lane + repeated},
	"CreateSearchKeys":  {1: lane, 2: created},
	"AppendChange":      {1: lane, 2: change, 3: customer, 8: request, 10: now},
}

// forExisting sets :customer and :lane to those of a customer at random. The lane is
// FNV-1a of the id modulo 64, for which the lowest six bits of each step are enough.
func forExisting(customers, lowest int) string {
	constant := dataset.ID(0)
	h := 2166136261 & 63
	for _, b := range constant[:13] {
		h = (h ^ int(b&63)) * 19 & 63
	}
	return fmt.Sprintf(`\set n random(%d, %d)
\set customer -9223372036854775807 - 1 + :n
\set lane ((((%d # (:n >> 16 & 63)) * 19 # (:n >> 8 & 63)) * 19 # (:n & 63)) * 19) & 63
\set time %d + :n * %d
`, lowest, customers-1, h, dataset.Start.Unix(), int(dataset.Interval/time.Second))
}

// forNew sets :fresh to a number that no transaction had before, and that grows in the
// course of time as the service's ids do. The run and seq must be defined.
const forNew = `\set spread random(0, 4611686018427387903)
\set seq :seq + 1
\set fresh -9223372036854775807 - 1 + :run * 1099511627776 + :seq * 128 + :client_id
\set keylane random(0, 63)
`

// Scripts are those of the four calls.
type Scripts struct{ Get, List, Create, Update Script }

// NewScripts turns what the service sent into scripts for a database of this size.
func NewScripts(c inproc.Captured, customers int) (s Scripts, err error) {
	for _, one := range []struct {
		into  *Script
		head  string
		trips []inproc.Trip
		own   map[string]string
	}{
		{&s.Get, forExisting(customers, 0), c.Get, nil},
		{&s.List, forExisting(customers, 50), c.List, nil},
		{&s.Create, "\\set lane random(0, 63)\n" + forNew, c.Create, map[string]string{customer: created}},
		{&s.Update, forExisting(customers, 0) + forNew, c.Update, nil},
	} {
		if *one.into, err = newScript(one.head, one.trips, one.own); err != nil {
			return s, err
		}
	}
	return s, nil
}

// newScript writes each trip as one pipeline; a trip of one statement needs none. The
// instead map replaces varying values by others.
func newScript(head string, trips []inproc.Trip, instead map[string]string) (Script, error) {
	s := Script{Text: head, Defines: []string{"seq=0"}}
	for _, trip := range trips {
		if len(trip) > 1 {
			s.Text += "\\startpipeline\n"
		}
		for _, statement := range trip {
			text, err := s.place(statement, instead)
			if err != nil {
				return s, err
			}
			s.Text += text + ";\n"
		}
		if len(trip) > 1 {
			s.Text += "\\endpipeline\n"
		}
	}
	return s, nil
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// place returns the statement with each parameter replaced by what pgbench calls it,
// and defines the variables for those that stay the same.
func (s *Script) place(statement inproc.Statement, instead map[string]string) (string, error) {
	var failed error
	values := varying[statement.Name]
	text := parameter.ReplaceAllStringFunc(statement.SQL, func(p string) string {
		n, _ := strconv.Atoi(p[1:]) // the expression takes digits only
		if n < 1 || n > len(statement.Args) {
			failed = fmt.Errorf("%s: there is no parameter %s", statement.Name, p)
			return p
		}
		if statement.Name == "CreateSearchKeys" && n == 4 {
			return searchKeys(statement.Args[n-1])
		}
		if value, ok := strings.CutSuffix(values[n], repeated); ok {
			lanes, _ := statement.Args[0].([]int16) // the first array of each such statement
			return "ARRAY[" + strings.Join(slices.Repeat([]string{value}, len(lanes)), ", ") + "]"
		}
		if value, ok := values[n]; ok {
			if other, ok := instead[value]; ok {
				return other
			}
			return value
		}
		value, null, err := constant(statement.Args[n-1])
		if err != nil {
			failed = fmt.Errorf("%s: parameter %s: %w", statement.Name, p, err)
		}
		switch {
		case null:
			return "NULL"
		case value == "":
			return "''" // pgbench has no empty variables
		}
		name := fmt.Sprintf("%s_%d", strings.ToLower(statement.Name), n)
		if define := name + "=" + value; !slices.Contains(s.Defines, define) {
			s.Defines = append(s.Defines, define)
		}
		return ":" + name
	})
	return text, failed
}

// searchKeys returns keys of the same kinds as those that were sent, but all over the
// index, as those of different people are. They are told apart by the first letter.
func searchKeys(sent any) string {
	keys, _ := sent.([]string) // the tests run the script, and would see another type
	expressions := make([]string, len(keys))
	for i, key := range keys {
		expressions[i] = fmt.Sprintf("'%c' || to_hex(:spread::bigint # %d)", key[0], i*0x0123456789abcdf)
	}
	return "ARRAY[" + strings.Join(expressions, ", ") + "]"
}

// constant returns a parameter in PostgreSQL's text form.
func constant(arg any) (text string, null bool, err error) {
	switch v := arg.(type) {
	case nil:
		return "", true, nil
	case string:
		return v, false, nil
	case *string:
		return pointed(v)
	case bool:
		return strconv.FormatBool(v), false, nil
	case int:
		return strconv.Itoa(v), false, nil
	case int16, int32, int64:
		return fmt.Sprint(v), false, nil
	case *int16:
		return pointed(v)
	case *int32:
		return pointed(v)
	case *int64:
		return pointed(v)
	case *uuid.UUID:
		return pointed(v)
	case *time.Time:
		if v == nil {
			return "", true, nil
		}
		return v.Format(time.RFC3339Nano), false, nil
	case time.Time:
		return v.Format(time.RFC3339Nano), false, nil
	case driver.Valuer: // pgx's own types for what can be NULL
		value, err := v.Value()
		if err != nil || value == nil {
			return "", value == nil, err
		}
		return fmt.Sprint(value), false, nil
	case []byte:
		if len(v) > 0 && (v[0] == '{' || v[0] == '[') {
			return string(v), v == nil, nil // JSON; no other bytes that are sent begin so
		}
		return fmt.Sprintf(`\x%x`, v), v == nil, nil
	case []int64:
		return "{" + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(v)), ","), "[]") + "}", false, nil
	case []pgtype.UUID:
		ids := make([]string, len(v))
		for i, id := range v {
			ids[i] = id.String()
		}
		return "{" + strings.Join(ids, ",") + "}", false, nil
	case []string:
		quoted := make([]string, len(v))
		for i, element := range v {
			quoted[i] = strconv.Quote(element)
		}
		return "{" + strings.Join(quoted, ",") + "}", false, nil
	}
	return "", false, fmt.Errorf("cannot write a %T", arg)
}

func pointed[T any](v *T) (text string, null bool, err error) {
	if v == nil {
		return "", true, nil
	}
	return fmt.Sprint(*v), false, nil
}
