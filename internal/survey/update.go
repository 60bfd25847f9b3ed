package survey

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// updateSQL is one statement whatever the mask: PostgreSQL writes the whole row anyway.
const updateSQL = `-- name: UpdateSurvey
UPDATE survey SET (` + columns + `) = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) WHERE survey_id = $1`

// UpdateSurvey changes a survey, or makes it with allow_missing.
func (s *Server) UpdateSurvey(ctx context.Context, req *rapportv1.UpdateSurveyRequest) (*rapportv1.Survey, error) {
	in := req.GetSurvey()
	id, err := aip.ParseSurveyName("survey.name", in.GetName())
	if err != nil {
		return nil, err
	}
	if s.RequireEtag && in.GetEtag() == "" && !req.GetAllowMissing() {
		return nil, apierr.EtagRequired(in.GetName())
	}
	mask, err := aip.ResolveMask(req.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	if mask.Empty() {
		return nil, apierr.Invalid(rapportv1.ErrorReason_EMPTY_UPDATE_MASK, apierr.Violation{
			Field: "update_mask", Description: "names no field, and the survey has none set that can be changed",
		})
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	return mutation.Run(ctx, s.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*rapportv1.Survey, error) {
		r, err := lock(ctx, tx, id)
		switch {
		case err != nil:
			return nil, err
		case r != nil:
			return update(tx, r, mask, in)
		case !req.GetAllowMissing() || in.GetEtag() != "":
			return nil, NotFound(id)
		}
		return makeMissing(tx, id, in)
	})
}

// makeMissing makes the survey that allow_missing asks for. The mask then has no say: all
// that is populated counts (AIP-134).
func makeMissing(tx *mutation.Tx, id uuid.UUID, in *rapportv1.Survey) (*rapportv1.Survey, error) {
	made := proto.CloneOf(in)
	aip.ClearUnsettable(made)
	if err := normalise(made); err != nil {
		return nil, err
	}
	out, err := create(tx, id, made)
	tx.RaceOnRefusal()
	return out, err
}

// update applies an update to the locked survey. What does not differ is not written: no new
// etag, no entry in the feed.
func update(tx *mutation.Tx, r *row, mask aip.Mask, in *rapportv1.Survey) (*rapportv1.Survey, error) {
	before := r.proto()
	if err := aip.CheckEtag(in.GetEtag(), before.GetName(), r.Revision); err != nil {
		return nil, err
	}
	after := proto.CloneOf(before)
	mask.Apply(after, in)
	if err := normalise(after); err != nil {
		return nil, err
	}
	if proto.Equal(before, after) {
		return before, nil
	}
	if err := r.set(after); err != nil {
		return nil, err
	}
	r.Revision++
	r.UpdateTime = tx.Later(r.UpdateTime)
	tx.Queue(updateSQL, r.args()...)
	out := r.proto()
	return out, record(tx, rapportv1.Change_UPDATED, r, before, out)
}

const deleteSQL = `-- name: DeleteSurvey
DELETE FROM survey WHERE survey_id = $1`

// DeleteSurvey removes a survey that has asked nobody, for good.
func (s *Server) DeleteSurvey(ctx context.Context, req *rapportv1.DeleteSurveyRequest) (*emptypb.Empty, error) {
	id, err := aip.ParseSurveyName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	if s.RequireEtag && req.GetEtag() == "" {
		return nil, apierr.EtagRequired(req.GetName())
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	return mutation.Run(ctx, s.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*emptypb.Empty, error) {
		r, err := lock(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if r == nil {
			return nil, NotFound(id)
		}
		before := r.proto()
		if err := aip.CheckEtag(req.GetEtag(), before.GetName(), r.Revision); err != nil {
			return nil, err
		}
		tx.OnRefusal(func(e *pgconn.PgError) error {
			if !strings.HasPrefix(e.ConstraintName, "survey_invitation_survey_fkey") && !strings.HasPrefix(e.ConstraintName, "satisfaction_score_survey_fkey") {
				return nil
			}
			return apierr.FailedPrecondition(rapportv1.ErrorReason_SURVEY_IN_USE, before.GetName(), "it has invitations or scores")
		})
		tx.Queue(deleteSQL, db.UUID(id))
		return &emptypb.Empty{}, record(tx, rapportv1.Change_DELETED, r, before, nil)
	})
}
