package cases

import (
	"fmt"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

// Time implements owned.Timed: the one order by a time of its own is by receive_time.
func (r *row) Time(string) time.Time { return r.ReceiveTime }

// open is what the indexes of open cases say of their rows.
const open = "close_time IS NULL"

// fields are those that a filter can name whatever the time. The number is served by an index;
// the states of open cases in the order by receive_time, and together with an assignee in any.
var fields = aip.Fields{
	"case_number":             aip.Custom(caseNumber),
	"type":                    aip.Enum("type", rapportv1.Case_TYPE_UNSPECIFIED.Descriptor()),
	"priority":                aip.Enum("priority", rapportv1.Priority_PRIORITY_UNSPECIFIED.Descriptor()),
	"category":                aip.Text("category"),
	"item":                    aip.Text("item"),
	"description":             aip.Text("description"),
	"channel":                 aip.Enum("channel", rapportv1.Channel_CHANNEL_UNSPECIFIED.Descriptor()),
	"assignee":                aip.IndexedWhere(open, aip.Text("assignee")),
	"verified":                aip.Bool("verified"),
	"waiting_on_customer":     aip.Bool("waiting_on_customer"),
	"state":                   aip.Derived(rapportv1.Case_STATE_UNSPECIFIED.Descriptor(), isState),
	"resolution":              aip.Text("resolution"),
	"resolution_type":         aip.Enum("resolution_type", rapportv1.Case_RESOLUTION_TYPE_UNSPECIFIED.Descriptor()),
	"customer_confirmed":      aip.Bool("customer_confirmed"),
	"reopen_count":            aip.Number("reopen_count"),
	"receive_time":            aip.Timestamp("receive_time"),
	"resolve_time":            aip.Timestamp("resolve_time"),
	"feedback_time":           aip.Timestamp("feedback_time"),
	"close_time":              aip.Timestamp("close_time"),
	"first_response_time":     aip.Timestamp("least(response_time, told_time, feedback_time)"),
	"first_response_due_time": aip.Timestamp("first_response_due_time"),
	"resolve_due_time":        aip.Timestamp("resolve_due_time"),
	"silence_close_time":      aip.Timestamp("silence_close_time"),
}

// fieldsAt are those of the clocks, which breaches says in Go.
func fieldsAt(now time.Time) aip.Fields {
	return aip.Fields{
		"first_response_breached": aip.Custom(breached(now, "first_response_due_time < coalesce(least(response_time, told_time, feedback_time), %s)")),
		"resolve_breached":        aip.Custom(breached(now, "resolve_breached OR resolve_due_time < %s")),
	}
}

// isState is what the facts' state says in Go. The column of that name has the state; that the
// case is open is said beside it, for the index.
func isState(t *aip.Term, value string) aip.Condition {
	state := "state = " + t.Bind(value, "text")
	if value == rapportv1.Case_CLOSED.String() {
		return aip.Condition{SQL: state}
	}
	return aip.Condition{SQL: state + " AND " + open}.Within("receive_time", open)
}

// caseNumber compiles `case_number = "..."`: the number says the lane, and its index the rest.
func caseNumber(t *aip.Term) (aip.Condition, error) {
	number, lane, ok := parseNumber(t.Value.Text)
	if t.Op != "=" || !ok {
		return aip.Condition{}, t.Refuse("is compared by `=` with a case's number, such as \"7K3M-9QXP\"")
	}
	return aip.Condition{SQL: "lane = " + t.Bind(lane, "smallint") + " AND case_number = " + t.Bind(number, "text"), Served: true}, nil
}

// breached compiles a comparison with whether a clock is past, by a condition with a place for
// the time.
func breached(now time.Time, condition string) func(*aip.Term) (aip.Condition, error) {
	return func(t *aip.Term) (aip.Condition, error) {
		value := t.Value.Text
		switch {
		case t.Op == ":" && t.Value.Present():
			return aip.Condition{SQL: "true"}, nil
		case t.Op != "=" && t.Op != "!=" || t.Value.Quoted || value != "true" && value != "false":
			return aip.Condition{}, t.Refuse("is compared with true or false by = and !=")
		}
		sql := "coalesce(" + fmt.Sprintf(condition, t.Bind(now, "timestamptz")) + ", false)"
		if (value == "true") != (t.Op == "=") {
			sql = "NOT " + sql
		}
		return aip.Condition{SQL: sql}, nil
	}
}
