package followup

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
)

// Server serves ListFollowUps.
type Server struct {
	// DB is what the list is read from.
	DB *db.Pool
	// Clock gives the time of which a list tells.
	Clock func() time.Time
}

const (
	defaultHorizon = 7 * day
	// firstWindow is how many rows a filter looks at first. Each later look is at four times
	// as many as the one before: most filters find a page at once, and one that finds next to
	// nothing does not look often.
	firstWindow = 500
)

// ListFollowUps returns one page of what there is to do for customers, the most pressing first.
func (s *Server) ListFollowUps(ctx context.Context, req *rapportv1.ListFollowUpsRequest) (*rapportv1.ListFollowUpsResponse, error) {
	l, fingerprint, err := s.parse(req)
	if err != nil {
		return nil, err
	}
	page, next, err := s.read(ctx, l, aip.PageSize(req.GetPageSize()))
	if err != nil {
		return nil, err
	}
	if len(page) == 0 && l.customer != uuid.Nil && l.cursor == nil {
		if err := s.customerExists(ctx, l.customer); err != nil {
			return nil, err
		}
	}
	resp := &rapportv1.ListFollowUpsResponse{FollowUps: make([]*rapportv1.FollowUp, len(page)), AsOfTime: timestamppb.New(l.asOf)}
	for i := range page {
		resp.FollowUps[i] = page[i].proto()
	}
	if next != nil {
		resp.NextPageToken = next.token(l.asOf, fingerprint)
	}
	return resp, nil
}

// parse returns what a request lists, and the fingerprint of its tokens.
func (s *Server) parse(req *rapportv1.ListFollowUpsRequest) (l *list, f aip.Fingerprint, err error) {
	l = &list{staff: req.GetStaff(), horizon: defaultHorizon, asOf: s.Clock().UTC().Truncate(time.Microsecond)}
	if req.GetHorizon() != nil {
		l.horizon = req.GetHorizon().AsDuration()
	}
	if l.customer, _, err = aip.ParseCustomerParent("parent", req.GetParent()); err != nil {
		return nil, f, err
	}
	if l.filter, err = aip.CompileFilter(req.GetFilter(), fields, nil); err != nil {
		return nil, f, err
	}
	f = aip.FingerprintOf(order, "ListFollowUps", req.GetParent(), req.GetStaff(), req.GetFilter(), strconv.FormatInt(int64(l.horizon), 10))
	return l, f, l.goOn(req.GetPageToken(), f)
}

// read reads a page of this size, and where the next one goes on; nil where there is none. With
// a filter it looks at more rows than the page has, and at no more than a page may cost.
func (s *Server) read(ctx context.Context, l *list, size int) (page []listed, next *cursor, err error) {
	part, left := *l, aip.ScanLimit
	part.size, part.window = size+1, size+1
	if l.filter.Beyond(reasonColumn) {
		part.window = max(firstWindow, part.size)
	}
	for {
		sql, args := part.sql()
		rows, _ := s.DB.Query(ctx, sql, args...)
		found, err := db.CollectRows[listed](rows)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range found {
			if !r.matched {
				continue
			}
			if len(page) == size {
				return page, &page[size-1].cursor, nil
			}
			page = append(page, r)
		}
		if len(found) == 0 || found[len(found)-1].n < int64(part.window) {
			return page, nil, nil
		}
		last := &found[len(found)-1].cursor
		if left -= part.window; left <= 0 {
			return page, last, nil
		}
		part.cursor, part.size, part.window = last, size+1-len(page), min(4*part.window, left)
	}
}

// customerExists tells an empty list from one of a customer that is not there.
func (s *Server) customerExists(ctx context.Context, id uuid.UUID) error {
	var found bool
	err := s.DB.QueryRow(ctx, `-- name: CustomerExists
SELECT EXISTS (SELECT FROM customer WHERE lane = $1 AND customer_id = $2)`, db.Lane(id), db.UUID(id)).Scan(&found)
	if err != nil || found {
		return err
	}
	return apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, aip.CustomerName(id))
}
