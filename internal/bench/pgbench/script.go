// Package pgbench makes PostgreSQL's own load generator run what the service runs: it
// is the limit that the service is measured against.
package pgbench

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

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
	moment   = "to_timestamp(:time)"
	member   = "('staff-' || lpad(:n::text, 3, '0'))"

	laneArray     = "ARRAY[" + lane + "]"
	customerArray = "ARRAY[" + customer + "]"
)

// repeated follows a value that stands in each place of the array that was sent.
const repeated = " repeated"

// varying says, by statement and number of the parameter, what differs from call to
// call; every other parameter is what the service sent when it was watched.
var varying = map[string]map[int]string{
	"GetCustomer":       {1: lane, 2: customer},
	"LockCustomer":      {1: lane, 2: customer},
	"ListCustomers":     {1: moment, 2: customer},
	"UpdateCustomer":    {1: lane, 2: customer, 34: now},
	"ClaimRequest":      {1: lane, 4: request, 7: "now() + interval '24 hours'"},
	"CreateCustomer":    {1: lane, 2: created, 33: now, 34: now},
	"CreateExternalIDs": {1: "ARRAY[:keylane]", 3: "ARRAY[:fresh]", 4: "ARRAY[:lane]", 5: "ARRAY[" + created + "]"},
	"CountAttributes":   {1: lane + repeated},
	"CreateSearchKeys":  {1: lane, 2: created},
	"AppendChange":      {1: lane, 2: change, 3: customer, 8: request, 10: now},
	"AlignFollowUps":    {1: laneArray, 2: customerArray, 3: now},

	"RequireCustomer":         {1: lane, 2: customer},
	"CreateInteraction":       {1: lane, 2: customer, 3: created, 5: now, 6: now, 12: moment},
	"RaiseActivity":           {1: laneArray, 2: customerArray, 3: "ARRAY[" + moment + "]"},
	"RestartContactFollowUps": {1: laneArray, 2: customerArray},
	"CreateSatisfactionScore": {1: lane, 2: customer, 3: created, 5: now, 6: now, 24: moment},
	"FindLatestScores":        {1: laneArray, 2: customerArray},
	"ListTimeline":            {1: lane, 2: customer, 3: moment},
}

// forExisting sets :customer and :lane to those of a customer at random, from a number up to
// before another. The lane is FNV-1a of the id modulo 64, for which the lowest six bits of each
// step are enough.
func forExisting(first, behind int) string {
	constant := dataset.ID(0)
	h := 2166136261 & 63
	for _, b := range constant[:13] {
		h = (h ^ int(b&63)) * 19 & 63
	}
	return fmt.Sprintf(`\set n random(%d, %d)
\set customer -9223372036854775807 - 1 + :n
\set lane ((((%d # (:n >> 16 & 63)) * 19 # (:n >> 8 & 63)) * 19 # (:n & 63)) * 19) & 63
\set time %d + :n * %d
`, first, behind-1, h, dataset.Start.Unix(), int(dataset.Interval/time.Second))
}

// at sets :time to one at random between two.
func at(from, to time.Time) string {
	return fmt.Sprintf("\\set time random(%d, %d)\n", from.Unix(), to.Unix())
}

// forNew sets :fresh to a number that no transaction had before, and that grows in the
// course of time as the service's ids do. The run and seq must be defined.
const forNew = `\set spread random(0, 4611686018427387903)
\set seq :seq + 1
\set fresh -9223372036854775807 - 1 + :run * 1099511627776 + :seq * 128 + :client_id
\set keylane random(0, 63)
`

// Scripts are those of the calls, by the name of the method.
type Scripts map[string]Script

// source is what a script is made of beside what the service sent.
type source struct {
	head string
	// own are values that vary in this script as they do in no other.
	own map[string]map[int]string
}

// sources are those of the calls on a database of this size.
func sources(size dataset.Size) map[string]source {
	first, behind := size.Shorts()
	now := time.Now()
	return map[string]source{
		"get":    {head: forExisting(0, size.Customers)},
		"list":   {head: forExisting(50, size.Customers)},
		"create": {head: "\\set lane random(0, 63)\n" + forNew, own: map[string]map[int]string{"AppendChange": {3: created}}},
		"update": {head: forExisting(0, size.Customers) + forNew},

		"interaction": {head: forExisting(behind, size.Customers) + at(now.Add(-dataset.Contacted), now) + forNew},
		"score": {
			head: forExisting(behind, size.Customers) + at(now.Add(-dataset.Contacted), now) + forNew,
			own:  map[string]map[int]string{"RaiseActivity": {3: "ARRAY[NULL]"}},
		},
		"satisfaction-report": {},
		"driver-report":       {},
		"timeline-20":         {head: forExisting(first, behind) + at(endOfTime, endOfTime)},
		"timeline-20000":      {head: forExisting(0, 1) + at(dataset.LongTimes())},
		"follow-ups":          {},
		"follow-ups-staff": {
			head: fmt.Sprintf("\\set n random(0, %d)\n", dataset.StaffCount-1), own: map[string]map[int]string{"ListFollowUps": {2: member}},
		},
	}
}

// endOfTime is behind all entries: there a first page begins.
var endOfTime = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

// NewScripts turns what the service sent into scripts for a database of this size.
func NewScripts(c inproc.Captured, size dataset.Size) (Scripts, error) {
	scripts, all := Scripts{}, sources(size)
	for name, trips := range c {
		s, err := newScript(all[name], trips)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		scripts[name] = s
	}
	return scripts, nil
}

// newScript writes each trip as one pipeline; a trip of one statement needs none.
func newScript(from source, trips []inproc.Trip) (Script, error) {
	s := Script{Text: from.head, Defines: []string{"seq=0"}}
	for _, trip := range trips {
		if len(trip) > 1 {
			s.Text += "\\startpipeline\n"
		}
		for _, statement := range trip {
			text, err := s.place(statement, from.own[statement.Name])
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
func (s *Script) place(statement inproc.Statement, own map[int]string) (string, error) {
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
		if value, ok := own[n]; ok {
			return value
		}
		if value, ok := values[n]; ok {
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
