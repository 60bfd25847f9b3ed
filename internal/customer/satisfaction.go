package customer

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

// decodeSatisfaction reads what package followup keeps of the customer's scores.
func decodeSatisfaction(customer uuid.UUID, column pgtype.Text) *rapportv1.Satisfaction {
	if !column.Valid {
		return nil
	}
	out := &rapportv1.Satisfaction{}
	gjson.Parse(column.String).ForEach(func(metric, value gjson.Result) bool {
		switch latest := latestScore(customer, value); metric.Str {
		case "NPS":
			out.Nps = latest
		case "CSAT":
			out.Csat = latest
		case "CES":
			out.Ces = latest
		case "REPURCHASE_INTENT":
			out.RepurchaseIntent = latest
		}
		return true
	})
	return out
}

func latestScore(customer uuid.UUID, object gjson.Result) *rapportv1.Satisfaction_LatestScore {
	out := &rapportv1.Satisfaction_LatestScore{}
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "rating":
			out.Rating = int32(value.Num)
		case "submit_time":
			at, _ := time.Parse(time.RFC3339Nano, value.Str)
			out.SubmitTime = timestamppb.New(at)
		case "satisfaction_score_id":
			id, _ := uuid.Parse(value.Str)
			out.SatisfactionScore = aip.SatisfactionScores.Name(customer, id)
		}
		return true
	})
	return out
}

// withSatisfaction adds to the fields of a filter those of the latest score of each metric.
func withSatisfaction(fields aip.Fields) aip.Fields {
	for field, metric := range map[string]string{"nps": "NPS", "csat": "CSAT", "ces": "CES", "repurchase_intent": "REPURCHASE_INTENT"} {
		latest := "(" + satisfaction + " #>> '{" + metric + ","
		fields["satisfaction."+field+".rating"] = aip.Number(latest + "rating}')::float8")
		fields["satisfaction."+field+".submit_time"] = aip.Timestamp(latest + "submit_time}')::timestamptz")
	}
	return fields
}
