package insight

import (
	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

var scoreFields = aip.Fields{
	"rating":      aip.Number("rating"),
	"metric":      aip.Enum("metric", rapportv1.SatisfactionScore_METRIC_UNSPECIFIED.Descriptor()),
	"source":      aip.Enum("source", rapportv1.SatisfactionScore_SOURCE_UNSPECIFIED.Descriptor()),
	"channel":     aip.Enum("channel", rapportv1.Channel_CHANNEL_UNSPECIFIED.Descriptor()),
	"staff":       aip.Text("staff"),
	"submit_time": aip.Timestamp("submit_time"),
}
