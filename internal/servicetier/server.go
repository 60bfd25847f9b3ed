// Package servicetier keeps the service tiers: how fast the cases of a group of customers are
// to be dealt with, and how often these customers are contacted. Tiers are few and rarely
// written. They belong to no customer, so their changes go to the lane of their own id.
package servicetier

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

// Server serves the service tiers of CaseService.
type Server struct {
	// DB is what reads run on.
	DB *db.Pool
	// Mutations runs what changes something.
	Mutations *mutation.Runner
	// RequireEtag makes updates and deletes without an etag fail with ETAG_REQUIRED.
	RequireEtag bool
}

const getSQL = `-- name: GetServiceTier
SELECT ` + columns + ` FROM service_tier WHERE service_tier_id = $1`

// GetServiceTier returns one service tier.
func (s *Server) GetServiceTier(ctx context.Context, req *rapportv1.GetServiceTierRequest) (*rapportv1.ServiceTier, error) {
	id, err := aip.ParseServiceTierName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	rows, _ := s.DB.Query(ctx, getSQL, db.UUID(id))
	r, err := db.CollectRow[row](rows)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, notFound(id)
	}
	if err != nil {
		return nil, err
	}
	return r.proto(), nil
}

func notFound(id uuid.UUID) error {
	return apierr.NotFound(rapportv1.ErrorReason_SERVICE_TIER_NOT_FOUND, aip.ServiceTierName(id))
}

const insertSQL = `-- name: CreateServiceTier
INSERT INTO service_tier (` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

// CreateServiceTier makes a service tier.
func (s *Server) CreateServiceTier(ctx context.Context, req *rapportv1.CreateServiceTierRequest) (*rapportv1.ServiceTier, error) {
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	id, err := claim.NewID(s.Mutations.Clock())
	if given := req.GetServiceTierId(); given != "" {
		id, err = aip.ParseID("service_tier_id", given)
	}
	if err != nil {
		return nil, err
	}
	in := req.GetServiceTier()
	aip.ClearUnsettable(in)
	if err := normalise(in); err != nil {
		return nil, err
	}
	return mutation.Run(ctx, s.Mutations, claim, func(_ context.Context, tx *mutation.Tx) (*rapportv1.ServiceTier, error) {
		return create(tx, id, in)
	})
}

// create queues all that makes the normalised tier.
func create(tx *mutation.Tx, id uuid.UUID, in *rapportv1.ServiceTier) (*rapportv1.ServiceTier, error) {
	tx.OnRefusal(func(e *pgconn.PgError) error {
		if !strings.HasPrefix(e.ConstraintName, "service_tier_pkey") {
			return nil
		}
		return apierr.AlreadyExists(rapportv1.ErrorReason_SERVICE_TIER_ALREADY_EXISTS, aip.ServiceTierName(id), "a service tier of this id exists")
	})
	r := row{ID: id, Revision: 1, CreateTime: tx.Now, UpdateTime: tx.Now}
	if err := r.set(in); err != nil {
		return nil, err
	}
	tx.Queue(insertSQL, r.args()...)
	out := r.proto()
	return out, record(tx, rapportv1.Change_CREATED, &r, nil, out)
}

// record notes what the transaction changes, behind what it queued.
func record(tx *mutation.Tx, kind rapportv1.Change_Type, r *row, before, after *rapportv1.ServiceTier) error {
	fields, err := change.Diff(before, after)
	if err == nil {
		tx.Record(change.Record{CustomerID: r.ID, Resource: aip.ServiceTierName(r.ID), Type: kind, Fields: fields, Time: tx.Later(r.UpdateTime)})
	}
	return err
}

// lockSQL keeps out who changes the tier, and not those who give it to customers.
const lockSQL = `-- name: LockServiceTier
SELECT ` + columns + ` FROM service_tier WHERE service_tier_id = $1 FOR NO KEY UPDATE`

// lock reads and locks the tier, nil where there is none.
func lock(ctx context.Context, tx *mutation.Tx, id uuid.UUID) (r *row, err error) {
	tx.Queue(lockSQL, db.UUID(id)).Query(func(rows pgx.Rows) error {
		found, err := db.CollectRows[row](rows)
		if len(found) > 0 {
			r = &found[0]
		}
		return err
	})
	return r, tx.Fetch(ctx)
}
