package insight

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/satisfaction"
)

// feelings is a satisfaction report on its way.
type feelings struct {
	req        *rapportv1.GetSatisfactionReportRequest
	now        time.Time
	interval   span
	dimensions []dimension
	zone       *time.Location
	periods    periods
	// scores are those that count, invitations those whose answers they could be: nil where that
	// cannot be told.
	scores      scope
	invitations *scope
}

const (
	scoreTable      = "satisfaction_score"
	invitationTable = "survey_invitation"
)

// GetSatisfactionReport tells what customers felt, by group and period.
func (s *Server) GetSatisfactionReport(ctx context.Context, req *rapportv1.GetSatisfactionReportRequest) (*rapportv1.SatisfactionReport, error) {
	r := &feelings{req: req, now: s.now()}
	if err := r.parse(s.Scores); err != nil {
		return nil, err
	}
	if err := s.setPeriods(ctx, r); err != nil {
		return nil, err
	}
	var (
		tallies []tally
		asked   []invited
	)
	err := s.DB.Read(ctx, func(batch *pgx.Batch) {
		allowTime(ctx, batch)
		sql, args := r.scoresSQL()
		collect(batch.Queue(sql, args...), &tallies)
		if r.invitations != nil {
			sql, args = r.invitationsSQL()
			collect(batch.Queue(sql, args...), &asked)
		}
	})
	if err != nil {
		return nil, err
	}
	return r.report(tallies, asked)
}

// parse checks the request.
func (r *feelings) parse(known *satisfaction.Server) error {
	var wrong apierr.Violations
	r.interval = checkInterval(&wrong, r.req.GetInterval())
	r.scores.table = scoreTable
	r.dimensions = r.scores.parseGroups(&wrong, r.req.GetGroupBy())
	var err error
	// Local is this machine's zone, which no caller can mean.
	if r.zone, err = time.LoadLocation(r.req.GetTimeZone()); err != nil || r.req.GetTimeZone() == "Local" {
		wrong.Add("time_zone", "is not an IANA time zone such as Asia/Shanghai")
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	if err := r.scores.filterCustomers(r.req.GetFilter()); err != nil {
		return err
	}
	if err := r.scores.filterScores(known, r.req.GetScoreFilter()); err != nil {
		return err
	}
	if r.req.GetScoreFilter() == "" && !slices.ContainsFunc(r.dimensions, func(d dimension) bool { return !d.asked }) {
		r.invitations = &scope{table: invitationTable}
		r.invitations.parseGroups(&wrong, r.req.GetGroupBy())
		if err := r.invitations.filterCustomers(r.req.GetFilter()); err != nil {
			return err
		}
	}
	// All four are named where the request names none: the index begins with the metric.
	names := []string{"NPS", "CSAT", "CES", "REPURCHASE_INTENT"}
	if metrics := r.req.GetMetrics(); len(metrics) > 0 {
		names = make([]string, len(metrics))
		for i, m := range metrics {
			names[i] = m.String()
		}
		if i := r.invitations; i != nil {
			i.rows = append(i.rows, "survey_id IN (SELECT survey_id FROM survey WHERE metric = ANY("+i.bind(names, "text[]")+"))")
		}
	}
	r.scores.rows = append(r.scores.rows, "rating IS NOT NULL", "metric = ANY("+r.scores.bind(names, "text[]")+")")
	return nil
}

// setPeriods finds the periods. Those of an interval that is open to the past begin with the
// first score or invitation there is.
func (s *Server) setPeriods(ctx context.Context, r *feelings) error {
	g := r.req.GetGranularity()
	if g == rapportv1.Granularity_GRANULARITY_UNSPECIFIED {
		r.periods = onePeriod(r.interval)
	} else {
		first := r.now
		if r.interval.start == nil {
			err := s.DB.QueryRow(ctx, `-- name: FindFirstScore
SELECT coalesce(least((SELECT min(submit_time) FROM satisfaction_score WHERE rating IS NOT NULL), (SELECT min(send_time) FROM survey_invitation)), $1::timestamptz)`, r.now).Scan(&first)
			if err != nil {
				return err
			}
		}
		var ok bool
		if r.periods, ok = slice(r.interval, g, r.zone, first, r.now); !ok {
			return apierr.InvalidField("granularity", "makes more than %d periods; take longer ones or narrow the interval", maxPeriods)
		}
	}
	r.scores.during("submit_time", r.periods.read)
	if r.invitations != nil {
		r.invitations.during("send_time", r.periods.read)
	}
	return nil
}

// report makes the report of what was counted.
func (r *feelings) report(tallies []tally, asked []invited) (*rapportv1.SatisfactionReport, error) {
	cells := newCells(tallies, asked)
	places := cells.reported(r.periods.all)
	if len(places) > maxRows || len(tallies) > maxTallies || len(asked) > maxTallies {
		return nil, r.tooMany(places)
	}
	out := &rapportv1.SatisfactionReport{
		AsOfTime: timestamppb.New(r.now), Interval: r.req.GetInterval(), GroupBy: r.req.GetGroupBy(), Granularity: r.req.GetGranularity(),
		TimeZone: r.zone.String(), Rows: make([]*rapportv1.SatisfactionReport_Row, len(places)), Method: satisfactionMethod,
	}
	notes := &notes{}
	for i, p := range places {
		out.Rows[i] = r.row(cells, p, notes)
	}
	out.N = count(notes.n)
	out.Warnings = r.warnings(notes)
	return out, nil
}

// tooMany refuses a report with too many rows, and says which dimension has the most values.
func (r *feelings) tooMany(places []place) error {
	field, most := "granularity", 0
	for i := range len(r.dimensions) + 1 {
		values := map[any]bool{}
		for _, p := range places {
			if i < len(r.dimensions) {
				values[p.groups[i]] = true
			} else {
				values[p.period] = true
			}
		}
		if len(values) > most {
			most = len(values)
			if field = "granularity"; i < len(r.dimensions) {
				field = "group_by[" + string(rune('0'+i)) + "]"
			}
		}
	}
	return apierr.InvalidField(field, "makes the report longer than %d rows; narrow it by a filter or the interval, or group by what has fewer values", maxRows)
}

// satisfactionMethod says how the figures are found. docs/reports.md has the formulas.
var satisfactionMethod = strings.Join([]string{
	"NPS is the percentage of ratings of 9 and 10 less that of 0 to 6 (Reichheld 2003), with the normal interval from the variance of 1, 0 and -1.",
	"CSAT and repurchase intent are the share of 4 and 5 of 5, CES that of 5 to 7 of 7 (Dixon, Freeman & Toman 2010), with Wilson's score interval (1927).",
	"The expectation gap is rating less expectation (Oliver 1980); means have the normal interval, shares Wilson's.",
	"A trend of NPS is the difference with the interval of the two-sample z test, one of shares with Newcombe's hybrid score interval (1998, method 10); it is significant where that does not include 0.",
	"The response rate is answered by sent invitations, with Wilson's interval.",
	"All intervals are 95 % intervals.",
}, " ")
