package chart

import (
	"fmt"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// measure is how a metric is drawn.
type measure struct {
	name, axis, unit string
	lowest, highest  float64
	factor           float64 // of the figure in the report
	// of returns the metric's figure in a row, nil where there is none.
	of func(*rapportv1.SatisfactionReport_Row) (n int32, e *rapportv1.Estimate, t *rapportv1.Trend)
}

func share(name, axis string, of func(*rapportv1.SatisfactionReport_Row) *rapportv1.SatisfactionReport_TopBox) measure {
	return measure{name: name, axis: axis, unit: " %", highest: 100, factor: 100, of: func(r *rapportv1.SatisfactionReport_Row) (int32, *rapportv1.Estimate, *rapportv1.Trend) {
		return of(r).GetN(), of(r).GetShare(), of(r).GetTrend()
	}}
}

var measures = map[rapportv1.SatisfactionScore_Metric]measure{
	rapportv1.SatisfactionScore_NPS: {
		name: "Net Promoter Score", axis: "NPS", lowest: -100, highest: 100, factor: 1,
		of: func(r *rapportv1.SatisfactionReport_Row) (int32, *rapportv1.Estimate, *rapportv1.Trend) {
			return r.GetNps().GetN(), r.GetNps().GetScore(), r.GetNps().GetTrend()
		},
	},
	rapportv1.SatisfactionScore_CSAT:              share("Customer satisfaction", "rated 4 or 5 of 5", (*rapportv1.SatisfactionReport_Row).GetCsat),
	rapportv1.SatisfactionScore_CES:               share("Ease", "rated 5 to 7 of 7", (*rapportv1.SatisfactionReport_Row).GetCes),
	rapportv1.SatisfactionScore_REPURCHASE_INTENT: share("Intent to buy again", "rated 4 or 5 of 5", (*rapportv1.SatisfactionReport_Row).GetRepurchaseIntent),
}

// figure writes a figure with its interval and n.
func (m measure) figure(n int32, e *rapportv1.Estimate) string {
	return fmt.Sprintf("%.1f%s (%.1f to %.1f), n = %s", m.factor*e.GetValue(), m.unit, m.factor*e.GetLower(), m.factor*e.GetUpper(), thousands(n))
}
