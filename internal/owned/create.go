package owned

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// CreateRequest is a create's, whose customer is its parent.
type CreateRequest interface {
	mutation.Request
	GetParent() string
}

// Create makes a record. The id is the caller's, or empty for one of ours.
func (r *Resource[M, R, P]) Create(ctx context.Context, req CreateRequest, id string, in M) (M, error) {
	var none M
	customer, err := aip.ParseCustomerName("parent", req.GetParent())
	if err != nil {
		return none, err
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return none, err
	}
	uid, err := r.newID(claim, id)
	if err != nil {
		return none, err
	}
	aip.ClearUnsettable(in)
	if err := r.Normalise(in); err != nil {
		return none, err
	}
	out, err := mutation.Run(ctx, r.Mutations, claim, func(_ context.Context, tx *mutation.Tx) (M, error) {
		return r.createOne(tx, customer, uid, in)
	})
	return out, r.explain(ctx, customer, err)
}

func (r *Resource[M, R, P]) newID(claim *mutation.Claim, given string) (uuid.UUID, error) {
	if given != "" {
		return aip.ParseID(r.idColumn(), given)
	}
	return claim.NewID(r.Mutations.Clock())
}

// createOne queues the check of the customer and all that makes the normalised record.
func (r *Resource[M, R, P]) createOne(tx *mutation.Tx, customer, id uuid.UUID, in M) (M, error) {
	tx.OnRefusal(r.refused(r.Collection.Name(customer, id)))
	tx.Queue(requireCustomerSQL, db.Lane(customer), db.UUID(customer))
	return r.create(tx, customer, id, in, nil)
}

// create queues all that makes the normalised record; done is called once it is written.
func (r *Resource[M, R, P]) create(tx *mutation.Tx, customer, id uuid.UUID, in M, done func(pgconn.CommandTag) error) (M, error) {
	var none M
	row := P(new(R))
	*row.Own() = Head{
		Lane: db.Lane(customer), CustomerID: customer, ID: id, Revision: 1, CreateTime: tx.Now, UpdateTime: tx.Now,
	}
	if err := row.Set(in); err != nil {
		return none, err
	}
	return r.write(tx, r.sql.Insert, row, rapportv1.Change_CREATED, none, done)
}

// write queues what follows the row, the row and the record of the change from before, and
// returns what the record is then. Where nothing was there, before is nil; where nothing
// differs, nothing is queued: no write, no new etag, no entry in the feed.
func (r *Resource[M, R, P]) write(tx *mutation.Tx, sql string, row P, kind rapportv1.Change_Type, before M, done func(pgconn.CommandTag) error) (M, error) {
	var none M
	after := r.proto(row)
	fields, err := change.Diff(before, after)
	if err != nil || before != none && len(fields) == 0 {
		return before, err
	}
	if r.Follow != nil {
		r.Follow(tx, row, before, after)
	}
	if queued := tx.Queue(sql, args(row)...); done != nil {
		queued.Exec(done)
	}
	h := row.Own()
	tx.Record(change.Record{CustomerID: h.CustomerID, Resource: after.GetName(), Type: kind, Fields: fields, Time: h.UpdateTime})
	return after, nil
}

// refused maps what PostgreSQL may refuse about the named record to errors. Under Citus
// a constraint's name ends with a shard's number.
func (r *Resource[M, R, P]) refused(name string) func(*pgconn.PgError) error {
	return func(e *pgconn.PgError) error {
		switch {
		case e.Code == divisionByZero, strings.HasPrefix(e.ConstraintName, r.Table+"_customer_fkey"):
			return errNoCustomer
		case strings.HasPrefix(e.ConstraintName, r.Table+"_pkey"):
			return apierr.AlreadyExists(r.Exists, name, "a "+r.Table+" of this id exists")
		case r.Refused != nil:
			return r.Refused(e, name)
		}
		return nil
	}
}

// GetRequest is a request that is about one record by its name.
type GetRequest interface{ GetName() string }

// Get returns one record, a deleted one too.
func (r *Resource[M, R, P]) Get(ctx context.Context, req GetRequest) (M, error) {
	var none M
	customer, id, err := r.Collection.ParseName("name", req.GetName())
	if err != nil {
		return none, err
	}
	rows, _ := r.DB.Query(ctx, r.sql.Get, db.Lane(customer), db.UUID(customer), db.UUID(id))
	found, err := db.CollectRow[record[R, M, P]](rows)
	if errors.Is(err, pgx.ErrNoRows) {
		return none, r.notFound(customer, id)
	}
	if err != nil {
		return none, err
	}
	return r.proto(&found.row), nil
}

func (r *Resource[M, R, P]) notFound(customer, id uuid.UUID) error {
	return apierr.NotFound(r.NotFound, r.Collection.Name(customer, id))
}
