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
	var (
		factors []factor
		weighed []string
		warning string
		among   products
	)
	// Of one moment: who is weighed follows from how many scores there are.
	err := s.DB.Snapshot(ctx, func(tx pgx.Tx) error {
		var batch pgx.Batch
		allowTime(ctx, &batch)
		sql, args := r.factorsSQL()
		collect(batch.Queue(sql, args...), &factors)
		if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
		if len(factors) > maxFactors {
			return apierr.InvalidField("factors", "there are more than %d; name those to tell of", maxFactors)
		}
		if weighed, warning = r.weighed(factors); len(weighed) == 0 {
			return nil
		}
		sql, args = r.productsSQL(weighed)
		return tx.QueryRow(ctx, sql, args...).Scan(among.targets()...)
	})
	if err != nil {
		return nil, err
	}
	return r.report(factors, weighed, &among, warning), nil
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
	r.scope.rows = append(r.scope.rows, "metric = 'CSAT'", "factor_names <> '{}'")
	r.scope.during("submit_time", in)
	return nil
}

// weighed returns the factors that are weighed together, or why there are none.
func (r *drivers) weighed(factors []factor) (names []string, warning string) {
	for _, f := range factors {
		if f.rated.N >= fewest {
			names = append(names, f.name)
		} else if len(r.req.GetFactors()) > 0 {
			return nil, "There are no relative weights: fewer than 10 scores rate " + f.name + " and the whole."
		}
	}
	switch {
	case len(names) == 0:
		return nil, "There are no relative weights: no factor has 10 scores that rate the whole too."
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
