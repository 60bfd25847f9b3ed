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

// CreateRequest is a create's, whose customer is its parent or, for those that have the
// field, the one of its customer_external_id.
type CreateRequest interface {
	mutation.Request
	GetParent() string
}

// Create makes a record. The id is the caller's, or empty for one of ours.
func (r *Resource[M, R, P]) Create(ctx context.Context, req CreateRequest, id string, in M) (M, error) {
	var none M
	whose, err := parseOwner(req, req.GetParent())
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
	if err := r.normalise(in); err != nil {
		return none, err
	}
	out, err := mutation.Run(ctx, r.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (M, error) {
		row := P(new(R))
		customer, err := r.hold(ctx, tx, whose, row)
		if err != nil {
			return none, err
		}
		if err := r.brings(row, req); err != nil {
			return none, err
		}
		return r.makeLoaded(ctx, tx, row, customer, uid, in)
	})
	return out, r.explain(ctx, whose.customer, err)
}

// hold locks the customer of a new record and does Load. Who reads anyway reads the customer
// too: were it required, a repeat of a call that was answered would be refused where the
// customer was deleted since.
func (r *Resource[M, R, P]) hold(ctx context.Context, tx *mutation.Tx, whose owner, row P) (customer uuid.UUID, err error) {
	customer = whose.customer
	switch {
	case customer == uuid.Nil:
		if customer, err = findOne(ctx, tx, whose); err != nil {
			return customer, err
		}
		return customer, r.load(ctx, tx, customer, row)
	case r.Load == nil:
		requireCustomer(tx, customer)
		return customer, nil
	}
	var state CustomerState
	state.Share(tx, customer)
	if err := r.load(ctx, tx, customer, row); err != nil {
		return customer, err
	}
	return customer, state.live(customer)
}

// load does Load for a row, in a round trip.
func (r *Resource[M, R, P]) load(ctx context.Context, tx *mutation.Tx, customer uuid.UUID, row P) error {
	if r.Load == nil {
		return nil
	}
	r.Load(tx, customer, row)
	return tx.Fetch(ctx)
}

func (r *Resource[M, R, P]) newID(claim *mutation.Claim, given string) (uuid.UUID, error) {
	if given != "" {
		return aip.ParseID(r.idColumn(), given)
	}
	return claim.NewID(r.Mutations.Clock())
}

// Make queues all that makes a normalised record, but for the check of its customer. It is
// for the transactions of other resources, which hold the customer already: what the
// record has to do with theirs happens with them or not at all.
func (r *Resource[M, R, P]) Make(ctx context.Context, tx *mutation.Tx, customer, id uuid.UUID, in M) (M, error) {
	row := P(new(R))
	if err := r.load(ctx, tx, customer, row); err != nil {
		var none M
		return none, err
	}
	return r.makeLoaded(ctx, tx, row, customer, id, in)
}

// MakeNaming is Make of a record that may name what is deleted by now: its references were looked
// at when somebody was asked for it.
func (r *Resource[M, R, P]) MakeNaming(ctx context.Context, tx *mutation.Tx, customer, id uuid.UUID, in M) (M, error) {
	var none M
	row := P(new(R))
	if err := r.load(ctx, tx, customer, row); err != nil {
		return none, err
	}
	return r.makeReferring(ctx, tx, row, customer, id, in, nil)
}

func (r *Resource[M, R, P]) brings(row P, req CreateRequest) error {
	if r.Brings == nil {
		return nil
	}
	return r.Brings(row, req)
}

// makeLoaded is Make of a row for which Load has been done.
func (r *Resource[M, R, P]) makeLoaded(ctx context.Context, tx *mutation.Tx, row P, customer, id uuid.UUID, in M) (M, error) {
	var none M
	refers, err := r.newlyNamed(customer, none, in)
	if err != nil {
		return none, err
	}
	return r.makeReferring(ctx, tx, row, customer, id, in, refers)
}

// makeReferring is makeLoaded of a record of which these references are to be looked at.
func (r *Resource[M, R, P]) makeReferring(ctx context.Context, tx *mutation.Tx, row P, customer, id uuid.UUID, in M, refers []named) (M, error) {
	var none M
	m, err := r.begin(tx, row, customer, id, in)
	if err != nil {
		return none, err
	}
	r.require(tx, customer, refers)
	if err := r.insert(ctx, tx, r.refused(m.After.GetName()), m); err != nil {
		return none, err
	}
	r.follow(tx, []Moved[M, P]{m})
	return m.After, nil
}

// begin fills a new row.
func (r *Resource[M, R, P]) begin(tx *mutation.Tx, row P, customer, id uuid.UUID, in M) (m Moved[M, P], err error) {
	*row.Own() = Head{
		Lane: db.Lane(customer), CustomerID: customer, ID: id, Revision: 1, CreateTime: tx.Now, UpdateTime: tx.Now,
	}
	if err := row.Set(in); err != nil {
		return m, err
	}
	m.Row, m.After = row, r.proto(row, tx.Now)
	return m, r.check(m)
}

func (r *Resource[M, R, P]) check(m Moved[M, P]) error {
	if r.Check == nil {
		return nil
	}
	return r.Check(m.Row, m.Before, m.After)
}

// insert queues the row of a new record, the entry of the change and what comes along.
func (r *Resource[M, R, P]) insert(ctx context.Context, tx *mutation.Tx, refused mutation.Refusal, m Moved[M, P]) error {
	fields, err := change.Diff(m.Before, m.After)
	if err != nil {
		return err
	}
	r.write(tx, r.sql.Insert, rapportv1.Change_CREATED, fields, refused, m)
	if r.Along == nil {
		return nil
	}
	return r.Along(ctx, tx, m)
}

// write queues a record's row and the entry of its change.
func (r *Resource[M, R, P]) write(tx *mutation.Tx, sql string, kind rapportv1.Change_Type, fields []change.Field, refused mutation.Refusal, m Moved[M, P]) {
	tx.QueueGuarded(refused, sql, args(m.Row)...)
	h := m.Row.Own()
	tx.Record(change.Record{CustomerID: h.CustomerID, Resource: m.After.GetName(), Type: kind, Fields: fields, Time: h.UpdateTime})
}

func (r *Resource[M, R, P]) follow(tx *mutation.Tx, moved []Moved[M, P]) {
	if r.Follow != nil && len(moved) > 0 {
		r.Follow(tx, moved)
	}
}

// refused maps what PostgreSQL may refuse about the named record to errors. Under Citus
// a constraint's name ends with a shard's number. The customer is there: it is locked.
func (r *Resource[M, R, P]) refused(name string) mutation.Refusal {
	return func(e *pgconn.PgError) error {
		switch {
		case strings.HasPrefix(e.ConstraintName, r.Table+"_pkey"):
			return r.exists(name)
		case r.external() && strings.HasPrefix(e.ConstraintName, r.Table+"_external_id_key"):
			return r.externalIDInUse(name)
		case r.Refused != nil:
			return r.Refused(e, name)
		}
		return nil
	}
}

func (r *Resource[M, R, P]) exists(name string) error {
	return apierr.AlreadyExists(r.Exists, name, "a record of this id exists")
}

func (r *Resource[M, R, P]) externalIDInUse(name string) error {
	return apierr.AlreadyExists(rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, name, "another "+r.Noun+" of the customer has its external id")
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
	return r.proto(&found.row, r.Mutations.Clock()), nil
}

func (r *Resource[M, R, P]) notFound(customer, id uuid.UUID) error {
	return apierr.NotFound(r.NotFound, r.Collection.Name(customer, id))
}
