// Package timeline lists the history of a customer: records of several kinds in one order.
package timeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/owned"
)

// Records are the readers of what stands in a history.
type Records struct {
	Interactions owned.Reader[*rapportv1.Interaction]
	Cases        owned.Reader[*rapportv1.Case]
	Tasks        owned.Reader[*rapportv1.Task]
	Purchases    owned.Reader[*rapportv1.Purchase]
	Scores       owned.Reader[*rapportv1.SatisfactionScore]
}

// Server serves ListTimeline of CustomerService.
type Server struct {
	pool  *db.Pool
	clock func() time.Time
	kinds []kind
	sql   string
}

// New returns the server of timelines. The clock says of which moment states tell that
// follow from it.
func New(pool *db.Pool, clock func() time.Time, records Records) *Server {
	s := &Server{pool: pool, clock: clock, kinds: []kind{
		newKind(rapportv1.TimelineEntry_INTERACTION, records.Interactions, "occur_time", "delete_time IS NULL",
			func(e *rapportv1.TimelineEntry, i *rapportv1.Interaction) {
				e.Record = &rapportv1.TimelineEntry_Interaction{Interaction: i}
			}),
		newKind(rapportv1.TimelineEntry_CASE, records.Cases, "receive_time", "",
			func(e *rapportv1.TimelineEntry, c *rapportv1.Case) {
				e.Record = &rapportv1.TimelineEntry_Case{Case: c}
			}),
		newKind(rapportv1.TimelineEntry_TASK, records.Tasks, "timeline_time", "",
			func(e *rapportv1.TimelineEntry, t *rapportv1.Task) {
				e.Record = &rapportv1.TimelineEntry_Task{Task: t}
			}),
		newKind(rapportv1.TimelineEntry_PURCHASE, records.Purchases, "purchase_time", "",
			func(e *rapportv1.TimelineEntry, p *rapportv1.Purchase) {
				e.Record = &rapportv1.TimelineEntry_Purchase{Purchase: p}
			}),
		newKind(rapportv1.TimelineEntry_SATISFACTION_SCORE, records.Scores, "submit_time", "",
			func(e *rapportv1.TimelineEntry, s *rapportv1.SatisfactionScore) {
				e.Record = &rapportv1.TimelineEntry_SatisfactionScore{SatisfactionScore: s}
			}),
	}}
	s.sql = listSQL(s.kinds)
	return s
}

// SQL is the one statement of a page, for tests of its plan.
func (s *Server) SQL() string { return s.sql }

// ListTimeline returns one page of the history of a customer, a deleted one too.
func (s *Server) ListTimeline(ctx context.Context, req *rapportv1.ListTimelineRequest) (*rapportv1.ListTimelineResponse, error) {
	customer, err := aip.ParseCustomerName("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	asked := s.asked(req.GetKinds())
	list := aip.FingerprintOf(order, "ListTimeline", req.GetParent(), fmt.Sprint(asked))
	after, err := parsePlace(req.GetPageToken(), list)
	if err != nil {
		return nil, err
	}
	size := aip.PageSize(req.GetPageSize())
	rows, _ := s.pool.Query(ctx, s.sql, db.Lane(customer), db.UUID(customer), after.time(), db.UUID(after.id), after.kind, size+1, asked)
	page, err := s.collect(rows, size)
	if err != nil {
		return nil, err
	}
	if len(page.entries) == 0 && req.GetPageToken() == "" {
		return &rapportv1.ListTimelineResponse{}, s.customerExists(ctx, customer)
	}
	resp := &rapportv1.ListTimelineResponse{TimelineEntries: page.entries}
	if page.more {
		resp.NextPageToken = page.last.token(list)
	}
	return resp, nil
}

// asked are the numbers of the kinds to list, in ascending order.
func (s *Server) asked(kinds []rapportv1.TimelineEntry_Kind) (numbers []int16) {
	for _, k := range s.kinds {
		if len(kinds) == 0 || slices.Contains(kinds, k.number) {
			numbers = append(numbers, int16(k.number))
		}
	}
	return numbers
}
