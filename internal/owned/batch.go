package owned

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/protobuf/proto"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// Entry is one create of a batch.
type Entry[M Message] struct {
	Request CreateRequest
	// ID is the caller's, or empty for one of ours.
	ID    string
	Value M
}

// child is a parsed entry.
type child[M Message] struct {
	customer, id uuid.UUID
	value        M
}

// customersSQL returns the customers of a batch that are there.
const customersSQL = `-- name: ListCustomerStates
SELECT c.customer_id, c.delete_time FROM customer c
JOIN unnest($1::smallint[], $2::uuid[]) AS wanted (lane, id) ON c.lane = wanted.lane AND c.customer_id = wanted.id`

// BatchCreate makes records, all or none, of the request's parent or, where that is
// customers/-, of those that the entries name. An error says with which entry it has to
// do, and its paths lead there. The answer is made of the records, in their order.
func BatchCreate[M Message, R any, P Row[R, M], B proto.Message](
	ctx context.Context, r *Resource[M, R, P], req CreateRequest, entries []Entry[M], answer func([]M) B,
) (B, error) {
	var none B
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return none, err
	}
	children := make([]child[M], len(entries))
	for i, e := range entries {
		if children[i], err = r.parseEntry(claim, req.GetParent(), e); err != nil {
			return none, apierr.AtIndex(err, "requests", i)
		}
	}
	return mutation.Run(ctx, r.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (B, error) {
		if err := checkCustomers(ctx, tx, children); err != nil {
			return none, err
		}
		// PostgreSQL stops at the first statement that it refuses, which is that of the
		// first record that is not written.
		written := 0
		tx.OnRefusal(func(e *pgconn.PgError) error {
			at := min(written, len(children)-1)
			err := r.refused(r.Collection.Name(children[at].customer, children[at].id))(e)
			switch {
			case err == nil:
				return nil
			case errors.Is(err, errNoCustomer):
				// It was there a moment ago; the next run tells which it is.
				return mutation.ErrRaced
			}
			return apierr.AtIndex(err, "requests", at)
		})
		out := make([]M, len(children))
		for i, c := range children {
			out[i], err = r.create(tx, c.customer, c.id, c.value, func(pgconn.CommandTag) error { written++; return nil })
			if err != nil {
				return none, apierr.AtIndex(err, "requests", i)
			}
		}
		return answer(out), nil
	})
}

// parseEntry parses and normalises one create of a batch with this parent.
func (r *Resource[M, R, P]) parseEntry(claim *mutation.Claim, parent string, e Entry[M]) (c child[M], err error) {
	switch own := e.Request.GetParent(); {
	case e.Request.GetRequestId() != "":
		return c, apierr.InvalidField("request_id", "must be empty: the batch has one")
	case e.Request.GetValidateOnly():
		return c, apierr.InvalidField("validate_only", "must be unset: the batch has one")
	case aip.IsAnyCustomer(parent):
		parent = own
	case own != "" && own != parent:
		return c, apierr.InvalidField("parent", "must be that of the batch, or empty; or that of the batch customers/-")
	}
	if c.customer, err = aip.ParseCustomerName("parent", parent); err != nil {
		return c, err
	}
	if c.id, err = r.newID(claim, e.ID); err != nil {
		return c, err
	}
	c.value = e.Value
	aip.ClearUnsettable(c.value)
	return c, r.Normalise(c.value)
}

// checkCustomers reads the customers, and refuses the batch for the first entry whose
// customer is not there or deleted.
func checkCustomers[M Message](ctx context.Context, tx *mutation.Tx, children []child[M]) error {
	states := map[uuid.UUID]customerState{}
	var ids []uuid.UUID
	for _, c := range children {
		if _, ok := states[c.customer]; !ok {
			states[c.customer] = customerState{}
			ids = append(ids, c.customer)
		}
	}
	lanes, keys := db.LanesAndUUIDs(ids)
	tx.Queue(customersSQL, lanes, keys).Query(func(rows pgx.Rows) error {
		var id uuid.UUID
		state := customerState{found: true}
		_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&id), &state.deleted}, func() error {
			states[id] = state
			return nil
		})
		return err
	})
	if err := tx.Fetch(ctx); err != nil {
		return err
	}
	for i, c := range children {
		state := states[c.customer]
		if err := state.live(c.customer); err != nil {
			return apierr.AtIndex(err, "requests", i)
		}
	}
	return nil
}
