package interaction

import (
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/owned"
)

// fields are those that a filter can name. Equality on staff and attributes is served by
// an index.
var fields = aip.Fields{
	"channel":           aip.Enum("channel", rapportv1.Channel_CHANNEL_UNSPECIFIED.Descriptor()),
	"direction":         aip.Enum("direction", rapportv1.Interaction_DIRECTION_UNSPECIFIED.Descriptor()),
	"purpose":           aip.Enum("purpose", rapportv1.Interaction_PURPOSE_UNSPECIFIED.Descriptor()),
	"customer_reaction": aip.Enum("customer_reaction", rapportv1.Interaction_REACTION_UNSPECIFIED.Descriptor()),
	"subject":           aip.Text("subject"),
	"body":              aip.Text("body"),
	"staff":             aip.Indexed(aip.Text("staff")),
	"contact":           owned.Named(aip.Contacts, "contact_id"),
	"case":              aip.Indexed(owned.Named(aip.Cases, "case_id")),
	"campaign":          aip.Text("campaign"),
	"concession.reason": aip.Text("concession_reason"),
	"attributes":        aip.Attributes("attributes"),
	"occur_time":        aip.Timestamp("occur_time"),
}

// Time implements owned.Timed: the one order by a time of its own is by occur_time.
func (r *row) Time(string) time.Time { return r.OccurTime }
