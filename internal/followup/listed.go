package followup

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

const reasonColumn = "f.reason"

// fields are those that a filter can name, of the follow-up f and its customer c. A reason
// leaves out whole groups; all else is compared row by row.
var fields = aip.Fields{
	"reason":                      aip.OnlyOf(reasonColumn, aip.Enum(reasonColumn, rapportv1.FollowUp_REASON_UNSPECIFIED.Descriptor())),
	"staff":                       aip.Text("f.staff"),
	"title":                       aip.Text("f.title"),
	"due_time":                    aip.Timestamp("f.due_time"),
	"overdue_ratio":               aip.Number("f.ratio"),
	"customer":                    aip.UUIDName("f.customer_id", customerNamed),
	"customer.type":               aip.Enum("c.type", rapportv1.Customer_TYPE_UNSPECIFIED.Descriptor()),
	"customer.display_name":       aip.Text("c.display_name"),
	"customer.language_code":      aip.Text("c.language_code"),
	"customer.time_zone":          aip.Text("c.time_zone"),
	"customer.tags":               aip.TextArray("c.tags"),
	"customer.attributes":         aip.Attributes("c.attributes"),
	"customer.owner":              aip.Text("c.owner"),
	"customer.acquisition_source": aip.Enum("c.acquisition_source", rapportv1.Customer_ACQUISITION_SOURCE_UNSPECIFIED.Descriptor()),
	"customer.service_tier":       aip.UUIDName("c.service_tier_id", tierNamed),
}

func customerNamed(name string) (uuid.UUID, error) { return aip.ParseCustomerName("filter", name) }

func tierNamed(name string) (uuid.UUID, error) { return aip.ParseServiceTierName("filter", name) }

// listed is a row of a page, and its place in the list.
type listed struct {
	cursor

	title, staff     string
	displayName      string
	doNotContact     bool
	preferredChannel pgtype.Text
	matched          bool
	n                int64
}

// Targets implements db.Row.
func (r *listed) Targets() []any {
	return []any{
		(*[16]byte)(&r.customer), &r.reason, (*[16]byte)(&r.subject), &r.place, &r.title, &r.staff, &r.due, &r.ratio,
		&r.displayName, &r.doNotContact, &r.preferredChannel, &r.matched, &r.n,
	}
}

func (r *listed) proto() *rapportv1.FollowUp {
	return &rapportv1.FollowUp{
		Customer: aip.CustomerName(r.customer), CustomerDisplayName: r.displayName,
		Reason: db.EnumOf[rapportv1.FollowUp_Reason](r.reason),
		Title:  r.title, Subject: r.subjectName(), Staff: r.staff,
		DueTime: timestamppb.New(r.due), OverdueRatio: r.ratio, DoNotContact: r.doNotContact,
		PreferredChannel: db.EnumOf[rapportv1.Channel](r.preferredChannel.String),
	}
}

// collections are where the records are from which follow-ups follow, where that is not the
// customer.
var collections = map[string]aip.Collection{
	"TASK": aip.Tasks, "PROMISE": aip.Tasks, "CASE": aip.Cases, "THANK_YOU": aip.Purchases, "OCCASION": aip.Contacts,
}

func (r *listed) subjectName() string {
	if r.subject == r.customer {
		return aip.CustomerName(r.customer)
	}
	return collections[r.reason].Name(r.customer, r.subject)
}
