package aip_test

import (
	"testing"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

const isOpen = "end_time IS NULL"

// jobFields are those of a table whose open rows have partial indexes, by what they are due
// and by their owner.
var jobFields = aip.Fields{
	"title": aip.Text("title"),
	"owner": aip.IndexedWhere(isOpen, aip.Text("owner")),
	"due":   aip.OptionalTimestamp("due"),
	"state": aip.Derived(rapportv1.Task_STATE_UNSPECIFIED.Descriptor(), func(t *aip.Term, value string) aip.Condition {
		switch value {
		case "OPEN":
			return aip.Condition{SQL: isOpen}.Within(aip.OrNever("due"), isOpen)
		case "CANCELLED": // to have one that implies another
			return aip.Condition{SQL: isOpen + " AND title = " + t.Bind("x", "text")}.Within(aip.OrNever("due"), isOpen)
		default:
			return aip.Condition{SQL: "false"}
		}
	}),
}

// TestPartialIndexes: what a filter demands says whether an index finds its rows, whatever
// the order, and in which order a page of it reads a bounded number of records.
func TestPartialIndexes(t *testing.T) {
	byDue := aip.Order{Field: "due", Column: aip.OrNever("due"), Kind: aip.TimeKey}
	for _, test := range []struct {
		filter, sql                     string
		served, boundedByDue, boundedBy bool
	}{
		{`state = OPEN`, `(end_time IS NULL)`, false, false, true},
		{`state != OPEN`, `((end_time IS NULL) IS NOT TRUE)`, false, true, true},
		{`NOT state = OPEN`, `((end_time IS NULL) IS NOT TRUE)`, false, true, true},
		{`state:*`, `((false) IS NOT TRUE)`, false, true, true},
		{`state = CANCELLED`, `(end_time IS NULL AND title = $1::text)`, false, true, true},
		{`state = OPEN AND title = "x"`, `(end_time IS NULL) AND (title = $1::text)`, false, true, true},
		{`owner = "7"`, `(owner = $1::text)`, false, true, true},
		{`owner = "7" AND state = OPEN`, `(owner = $1::text) AND (end_time IS NULL)`, true, false, false},
		{`state = CANCELLED AND owner = "7"`, `(end_time IS NULL AND title = $1::text) AND (owner = $2::text)`, true, false, false},
		{`owner = "7*" AND state = OPEN`, `(owner LIKE $1::text) AND (end_time IS NULL)`, false, true, true},
		{`owner > "7" AND state = OPEN`, `(owner > $1::text) AND (end_time IS NULL)`, false, true, true},
		{`owner = "7" OR state = OPEN`, `((owner = $1::text) OR (end_time IS NULL))`, false, true, true},
		{`owner = "7" AND NOT state = OPEN`, `(owner = $1::text) AND ((end_time IS NULL) IS NOT TRUE)`, false, true, true},
		{`due < 2026-01-01T00:00:00Z`, `(coalesce(due, 'infinity') < $1::timestamptz)`, false, false, true},
		{`due >= 2026-01-01T00:00:00Z`, `(coalesce(due, 'infinity') >= $1::timestamptz AND coalesce(due, 'infinity') < 'infinity')`, false, false, true},
		{`due != 2026-01-01T00:00:00Z`, `(due <> $1::timestamptz)`, false, true, true},
		{`due:*`, `(due IS NOT NULL)`, false, true, true},
		{`due = 2026-01-01T00:00:00Z AND state = OPEN`, `(coalesce(due, 'infinity') = $1::timestamptz) AND (end_time IS NULL)`, false, false, true},
	} {
		f, err := aip.CompileFilter(test.filter, jobFields, nil)
		if err != nil {
			t.Errorf("%s: %v", test.filter, err)
			continue
		}
		due, other := aip.List{Filter: f, Order: byDue}.Bounded(), aip.List{Filter: f, Order: newestFirst}.Bounded()
		if f.SQL != test.sql || f.Served != test.served || due != test.boundedByDue || other != test.boundedBy {
			t.Errorf("%s: %s, served %t, bounded by due %t, else %t", test.filter, f.SQL, f.Served, due, other)
		}
	}
	for _, filter := range []string{`state > OPEN`, `state:OPEN`, `state = DONE`, `due:1`, `due = soon`} {
		_, err := aip.CompileFilter(filter, jobFields, nil)
		wantViolation(t, filter, err, rapportv1.ErrorReason_INVALID_FILTER, "filter")
	}
}
