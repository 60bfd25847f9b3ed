// Package survey keeps the surveys: what customers are asked, and how often. Surveys are few and
// rarely written. They belong to no customer, so their changes go to the lane of their own id.
// Whom they ask is in package invitation.
package survey

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

// Server serves the surveys of SatisfactionService.
type Server struct {
	// DB is what reads run on.
	DB *db.Pool
	// Mutations runs what changes something.
	Mutations *mutation.Runner
	// RequireEtag makes updates and deletes without an etag fail with ETAG_REQUIRED.
	RequireEtag bool
}

const getSQL = `-- name: GetSurvey
SELECT ` + columns + ` FROM survey WHERE survey_id = $1`

// GetSurvey returns one survey.
func (s *Server) GetSurvey(ctx context.Context, req *rapportv1.GetSurveyRequest) (*rapportv1.Survey, error) {
	id, err := aip.ParseSurveyName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	return Get(ctx, s.DB, id)
}

// Get returns the survey of the id.
func Get(ctx context.Context, q db.Querier, id uuid.UUID) (*rapportv1.Survey, error) {
	rows, _ := q.Query(ctx, getSQL, db.UUID(id))
	r, err := db.CollectRow[row](rows)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, NotFound(id)
	}
	if err != nil {
		return nil, err
	}
	return r.proto(), nil
}

// Queue queues the reading of the survey in a transaction; done is called with it, nil where
// there is none.
func Queue(tx *mutation.Tx, id uuid.UUID, done func(*rapportv1.Survey)) {
	tx.Queue(getSQL, db.UUID(id)).Query(func(rows pgx.Rows) error {
		found, err := db.CollectRows[row](rows)
		if err == nil && len(found) > 0 {
			done(found[0].proto())
		}
		return err
	})
}

// NotFound is the answer where there is no such survey.
func NotFound(id uuid.UUID) error {
	return apierr.NotFound(rapportv1.ErrorReason_SURVEY_NOT_FOUND, aip.SurveyName(id))
}

const insertSQL = `-- name: CreateSurvey
INSERT INTO survey (` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`

// CreateSurvey makes a survey.
func (s *Server) CreateSurvey(ctx context.Context, req *rapportv1.CreateSurveyRequest) (*rapportv1.Survey, error) {
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	id, err := claim.NewID(s.Mutations.Clock())
	if given := req.GetSurveyId(); given != "" {
		id, err = aip.ParseID("survey_id", given)
	}
	if err != nil {
		return nil, err
	}
	in := req.GetSurvey()
	aip.ClearUnsettable(in)
	if err := normalise(in); err != nil {
		return nil, err
	}
	return mutation.Run(ctx, s.Mutations, claim, func(_ context.Context, tx *mutation.Tx) (*rapportv1.Survey, error) {
		return create(tx, id, in)
	})
}

// create queues all that makes the normalised survey.
func create(tx *mutation.Tx, id uuid.UUID, in *rapportv1.Survey) (*rapportv1.Survey, error) {
	tx.OnRefusal(func(e *pgconn.PgError) error {
		if !strings.HasPrefix(e.ConstraintName, "survey_pkey") {
			return nil
		}
		return apierr.AlreadyExists(rapportv1.ErrorReason_SURVEY_ALREADY_EXISTS, aip.SurveyName(id), "a survey of this id exists")
	})
	r := row{ID: id, Revision: 1, Metric: in.GetMetric().String(), CreateTime: tx.Now, UpdateTime: tx.Now}
	if err := r.set(in); err != nil {
		return nil, err
	}
	tx.Queue(insertSQL, r.args()...)
	out := r.proto()
	return out, record(tx, rapportv1.Change_CREATED, &r, nil, out)
}

// record notes what the transaction changes, behind what it queued.
func record(tx *mutation.Tx, kind rapportv1.Change_Type, r *row, before, after *rapportv1.Survey) error {
	fields, err := change.Diff(before, after)
	if err == nil {
		tx.Record(change.Record{CustomerID: r.ID, Resource: aip.SurveyName(r.ID), Type: kind, Fields: fields, Time: tx.Later(r.UpdateTime)})
	}
	return err
}

// lockSQL keeps out who changes the survey, and not those who invite to it.
const lockSQL = `-- name: LockSurvey
SELECT ` + columns + ` FROM survey WHERE survey_id = $1 FOR NO KEY UPDATE`

// lock reads and locks the survey, nil where there is none.
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
