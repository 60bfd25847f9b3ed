package satisfaction

import (
	"time"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/owned"
)

// orders are those of one customer's scores and of all. Both times have an index for each;
// a score never changes, so there is none for update_time.
var orders = map[string]aip.OrderColumn{
	"submit_time": {Column: "submit_time", Kind: aip.TimeKey},
	"create_time": {Column: "create_time", Kind: aip.TimeKey},
}

// fields are those that a filter can name. So many scores can have a factor that to read
// them all by an index would be worse than to read on in the list's order.
var fields = aip.Fields{
	"metric":         aip.Enum("metric", rapportv1.SatisfactionScore_METRIC_UNSPECIFIED.Descriptor()),
	"rating":         aip.Number("rating"),
	"expectation":    aip.Number("expectation"),
	"factors.factor": aip.Unindexed(aip.TextList("factor_names")),
	"comment":        aip.Text("comment"),
	"source":         aip.Enum("source", rapportv1.SatisfactionScore_SOURCE_UNSPECIFIED.Descriptor()),
	"channel":        aip.Enum("channel", rapportv1.Channel_CHANNEL_UNSPECIFIED.Descriptor()),
	"competitor":     aip.Text("competitor"),
	"staff":          aip.Text("staff"),
	"contact":        owned.Named(aip.Contacts, "contact_id"),
	"interaction":    owned.Named(aip.Interactions, "interaction_id"),
	"case":           owned.Named(aip.Cases, "case_id"),
	"purchase":       owned.Named(aip.Purchases, "purchase_id"),
	"submit_time":    aip.Timestamp("submit_time"),
	"survey":         aip.Indexed(aip.UUIDName("survey_id", surveyNamed)),
}

func surveyNamed(name string) (uuid.UUID, error) { return aip.ParseSurveyName("filter", name) }

// CompileFilter compiles a filter of scores to a condition on the table satisfaction_score, by
// its columns alone. The args are those of the statement so far.
func (s *Server) CompileFilter(filter string, args []any) (aip.Filter, error) {
	return aip.CompileFilter(filter, s.scores.Fields, args)
}

// Time implements owned.Timed: the one order by a time of its own is by submit_time.
func (r *row) Time(string) time.Time { return r.SubmitTime }
