package cases

import (
	"fmt"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

// Time implements owned.Timed: the one order by a time of its own is by receive_time.
func (r *row) Time(string) time.Time { return r.ReceiveTime }

// fields are those that a filter can name. The number, the assignee and the states of open
// cases are served by an index.
func (s *Server) fields() aip.Fields {
	return aip.Fields{
		"case_number":             aip.Custom(caseNumber),
		"type":                    aip.Enum("type", rapportv1.Case_TYPE_UNSPECIFIED.Descriptor()),
		"priority":                aip.Enum("priority", rapportv1.Priority_PRIORITY_UNSPECIFIED.Descriptor()),
		"category":                aip.Text("category"),
		"item":                    aip.Text("item"),
		"description":             aip.Text("description"),
		"channel":                 aip.Enum("channel", rapportv1.Channel_CHANNEL_UNSPECIFIED.Descriptor()),
		"assignee":                aip.Indexed(aip.Text("assignee")),
		"verified":                aip.Bool("verified"),
		"waiting_on_customer":     aip.Bool("waiting_on_customer"),
		"state":                   aip.ServedWhere(open, aip.Enum("state", rapportv1.Case_STATE_UNSPECIFIED.Descriptor())),
		"resolution_type":         aip.Enum("resolution_type", rapportv1.Case_RESOLUTION_TYPE_UNSPECIFIED.Descriptor()),
		"customer_confirmed":      aip.Bool("customer_confirmed"),
		"reopen_count":            aip.Number("reopen_count"),
		"receive_time":            aip.Timestamp("receive_time"),
		"resolve_time":            aip.Timestamp("resolve_time"),
		"feedback_time":           aip.Timestamp("feedback_time"),
		"close_time":              aip.Timestamp("close_time"),
		"first_response_due_time": aip.Timestamp("first_response_due_time"),
		"resolve_due_time":        aip.Timestamp("resolve_due_time"),
		"silence_close_time":      aip.Timestamp("silence_close_time"),
		"first_response_breached": aip.Custom(s.breached("first_response_due_time < coalesce(least(response_time, told_time, feedback_time), %s)")),
		"resolve_breached":        aip.Custom(s.breached("resolve_breached OR resolve_due_time < %s")),
	}
}

// open is what a comparison with a state has as a condition too, so that PostgreSQL sees that
// the index of open cases serves it.
func open(op, state string) string {
	if op != ":" && (state == rapportv1.Case_CLOSED.String()) == (op == "!=") {
		return "close_time IS NULL"
	}
	return ""
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
func (s *Server) breached(condition string) func(*aip.Term) (aip.Condition, error) {
	return func(t *aip.Term) (aip.Condition, error) {
		value := t.Value.Text
		switch {
		case t.Op == ":" && t.Value.Present():
			return aip.Condition{SQL: "true"}, nil
		case t.Op != "=" && t.Op != "!=" || t.Value.Quoted || value != "true" && value != "false":
			return aip.Condition{}, t.Refuse("is compared with true or false by = and !=")
		}
		sql := "coalesce(" + fmt.Sprintf(condition, t.Bind(s.cases.Mutations.Clock(), "timestamptz")) + ", false)"
		if (value == "true") != (t.Op == "=") {
			sql = "NOT " + sql
		}
		return aip.Condition{SQL: sql}, nil
	}
}
