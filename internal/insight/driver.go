package insight

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/satisfaction"
)

// drivers is a driver report on its way.
type drivers struct {
	req   *rapportv1.GetDriverReportRequest
	now   time.Time
	scope scope
}

const (
	// maxFactors bounds the factors of a report.
	maxFactors = 1000
	// maxWeighed bounds the factors that are weighed together.
	maxWeighed = 30
)

// GetDriverReport tells what drives satisfaction.
func (s *Server) GetDriverReport(ctx context.Context, req *rapportv1.GetDriverReportRequest) (*rapportv1.DriverReport, error) {
	r := &drivers{req: req, now: s.now(), scope: scope{table: scoreTable}}
	if err := r.parse(s.Scores); err != nil {
		return nil, err
	}
	var factors []factor
	err := s.read(ctx, func(batch *pgx.Batch) {
		sql, args := r.factorsSQL()
		collect(batch.Queue(sql, args...), &factors)
	})
	if err != nil {
		return nil, err
	}
	if len(factors) > maxFactors {
		return nil, apierr.InvalidField("factors", "there are more than %d; name those to tell of", maxFactors)
	}
	weighed, warning := r.weighed(factors)
	among := make([]products, 1)
	if len(weighed) > 0 {
		err := s.read(ctx, func(batch *pgx.Batch) {
			sql, args := r.productsSQL(weighed)
			collect(batch.Queue(sql, args...), &among)
		})
		if err != nil {
			return nil, err
		}
	}
	return r.report(factors, weighed, &among[0], warning), nil
}

// parse checks the request.
func (r *drivers) parse(known *satisfaction.Server) error {
	var wrong apierr.Violations
	in := checkInterval(&wrong, r.req.GetInterval())
	if err := wrong.Err(); err != nil {
		return err
	}
	if err := r.scope.filterCustomers(r.req.GetFilter()); err != nil {
		return err
	}
	if err := r.scope.filterScores(known, r.req.GetScoreFilter()); err != nil {
		return err
	}
	r.scope.rows = append(r.scope.rows, "metric = 'CSAT'", "factors <> '[]'")
	r.scope.during("submit_time", in)
	return nil
}

// weighed returns the factors that are weighed together, or why there are none.
func (r *drivers) weighed(factors []factor) (names []string, warning string) {
	for _, f := range factors {
		if f.satisfaction.N >= fewest {
			names = append(names, f.name)
		} else if len(r.req.GetFactors()) > 0 {
			return nil, "There are no relative weights: fewer than 10 scores rate " + f.name + "."
		}
	}
	switch {
	case len(names) == 0:
		return nil, "There are no relative weights: no factor has 10 scores."
	case len(r.req.GetFactors()) > len(factors):
		return nil, "There are no relative weights: no score rates some of the factors."
	case len(names) > maxWeighed:
		return nil, "There are no relative weights: of more than 30 factors they take too long; name those to weigh."
	}
	return names, ""
}

// report makes the report of what was summed up.
func (r *drivers) report(factors []factor, weighed []string, among *products, warning string) *rapportv1.DriverReport {
	out := &rapportv1.DriverReport{AsOfTime: timestamppb.New(r.now), Interval: r.req.GetInterval(), Method: driverMethod, Cut: r.req.GetCut()}
	if out.GetCut() == rapportv1.DriverReport_CUT_UNSPECIFIED {
		out.Cut = rapportv1.DriverReport_GRAND_MEANS
	}
	few := 0
	n := int64(0)
	for i := range factors {
		n += factors[i].once
		if factors[i].satisfaction.N < fewest {
			few++
		}
		out.Factors = append(out.Factors, factors[i].proto())
	}
	out.N = count(n)
	if few > 0 {
		out.Warnings = append(out.Warnings, "Factors that fewer than 10 scores rate have counts only.")
	}
	if warning == "" {
		warning = among.weigh(out, weighed)
	}
	if warning != "" {
		out.Warnings = append(out.Warnings, warning)
	}
	r.place(out, factors)
	return out
}
