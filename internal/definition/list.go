package definition

import (
	"context"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/owned"
)

// ListRequest is a list's.
type ListRequest interface {
	GetPageSize() int32
	GetPageToken() string
	GetFilter() string
	GetOrderBy() string
}

// List returns one page of all records.
func (r *Resource[M, R, P]) List(ctx context.Context, req ListRequest) (out owned.Page[M], err error) {
	list, fingerprint, err := r.parseList(req)
	if err != nil {
		return out, err
	}
	page, err := db.ReadPage[listed[R, M, P]](ctx, r.DB, "List"+r.Plural, list, fingerprint)
	if err != nil {
		return out, err
	}
	out = owned.Page[M]{Items: make([]M, len(page.Rows)), NextToken: page.NextToken, Total: page.Total}
	for i := range page.Rows {
		out.Items[i] = r.whole(&page.Rows[i].row)
	}
	return out, nil
}

func (r *Resource[M, R, P]) parseList(req ListRequest) (list aip.List, fingerprint aip.Fingerprint, err error) {
	list = aip.List{Table: r.Table, Columns: r.columns, ID: r.idColumn(), Size: aip.PageSize(req.GetPageSize())}
	if list.Order, err = aip.ParseOrderBy(req.GetOrderBy(), owned.ByTime(), owned.NewestFirst("create_time")); err != nil {
		return list, fingerprint, err
	}
	if list.Filter, err = aip.CompileFilter(req.GetFilter(), r.Fields, nil); err != nil {
		return list, fingerprint, err
	}
	fingerprint = aip.FingerprintOf(list.Order, "List"+r.Plural, req.GetFilter())
	list.Cursor, err = aip.ParseToken(req.GetPageToken(), fingerprint)
	return list, fingerprint, err
}
