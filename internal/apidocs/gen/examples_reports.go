package main

import (
	"time"

	"google.golang.org/genproto/googleapis/type/interval"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// october is the interval of the examples' reports.
var october = &interval.Interval{
	StartTime: timestamppb.New(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)), EndTime: timestamppb.New(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)),
}

// satisfactionReport is worked by hand in docs/reports.md.
func satisfactionReport() *rapportv1.SatisfactionReport {
	return &rapportv1.SatisfactionReport{
		AsOfTime: exampleTime, Interval: october, N: 100, GroupBy: []string{"channel"}, TimeZone: "UTC",
		Rows: []*rapportv1.SatisfactionReport_Row{{
			Groups: []string{"PHONE"}, Interval: october,
			Nps: &rapportv1.SatisfactionReport_NetPromoterScore{
				N: 100, Promoters: 50, Passives: 30, Detractors: 20,
				Score: &rapportv1.Estimate{Value: 30, Lower: 14.69, Upper: 45.31},
				Mean:  &rapportv1.Estimate{Value: 7.8, Lower: 7.33, Upper: 8.27},
				Trend: &rapportv1.Trend{
					PreviousN: 90, PreviousValue: 20, Difference: &rapportv1.Estimate{Value: 10, Lower: -12.4, Upper: 32.4},
				},
			},
		}},
		Method: "NPS is the percentage of ratings of 9 and 10 less that of 0 to 6 (Reichheld 2003).",
	}
}

func driverReport() *rapportv1.DriverReport {
	return &rapportv1.DriverReport{
		AsOfTime: exampleTime, Interval: october, N: 420,
		ImportanceKind: rapportv1.DriverReport_DERIVED, Cut: rapportv1.DriverReport_GRAND_MEANS,
		SatisfactionCut: proto.Float64(3.8), ImportanceCut: proto.Float64(0.44),
		Factors: []*rapportv1.DriverReport_Factor{{
			Factor: "waiting_time", N: 408,
			Satisfaction:   &rapportv1.Estimate{Value: 3.41, Lower: 3.31, Upper: 3.51},
			Correlation:    &rapportv1.Estimate{Value: 0.58, Lower: 0.51, Upper: 0.64},
			RelativeWeight: proto.Float64(0.24), RelativeWeightShare: proto.Float64(0.55),
			Quadrant: rapportv1.DriverReport_CONCENTRATE_HERE,
		}},
		RelativeWeightsN: 385, RSquared: proto.Float64(0.44),
		Method: "Importance-performance analysis (Martilla & James 1977).",
	}
}
