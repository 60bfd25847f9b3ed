// Package invitation keeps whom surveys ask, and takes the answers. An invitation is a customer's
// and in the lane of that; its name begins with the survey's. It is found by its id alone, by its
// name and by the token of a link.
package invitation

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/linktoken"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/ratelimit"
	"github.com/rapport-crm/rapport/internal/satisfaction"
	"github.com/rapport-crm/rapport/internal/survey"
)

// Server serves the invitations of SatisfactionService.
type Server struct {
	// DB is what reads run on.
	DB *db.Pool
	// Mutations runs what changes something.
	Mutations *mutation.Runner
	// Scores makes the scores of answers.
	Scores *satisfaction.Server
	// Surveys are what invitations ask for.
	Surveys *survey.Server
	// Tokens signs and verifies what links carry.
	Tokens *linktoken.Signer
	// Limiter bounds what needs no credentials.
	Limiter *ratelimit.Limiter
	// PublicURL is where customers reach the answer page, without a slash at its end; it may be
	// empty.
	PublicURL string
}

const getSQL = `-- name: GetSurveyInvitation
SELECT ` + columns + ` FROM survey_invitation WHERE survey_invitation_id = $1 AND survey_id = $2`

// GetSurveyInvitation returns one invitation.
func (s *Server) GetSurveyInvitation(ctx context.Context, req *rapportv1.GetSurveyInvitationRequest) (*rapportv1.SurveyInvitation, error) {
	survey, id, err := aip.ParseInvitationName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	rows, _ := s.DB.Query(ctx, getSQL, db.UUID(id), db.UUID(survey))
	r, err := db.CollectRow[row](rows)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, apierr.NotFound(rapportv1.ErrorReason_INVITATION_NOT_FOUND, req.GetName())
	}
	if err != nil {
		return nil, err
	}
	return s.withToken(ctx, r.proto())
}

// withToken adds the token of an invitation that can be answered, and the link. It is no part of
// what is stored: neither of the row, nor of a change, nor of a request's answer.
func (s *Server) withToken(ctx context.Context, i *rapportv1.SurveyInvitation) (*rapportv1.SurveyInvitation, error) {
	if i.GetAnswerTime() != nil || !s.Mutations.Clock().Before(i.GetExpireTime().AsTime()) {
		return i, nil
	}
	_, id, err := aip.ParseInvitationName("name", i.GetName())
	if err != nil {
		return nil, apierr.Internal(err)
	}
	if i.Token, err = s.Tokens.Sign(ctx, id); err != nil {
		return nil, fmt.Errorf("sign the token: %w", err)
	}
	if s.PublicURL != "" {
		i.AnswerUri = s.PublicURL + "/s/" + i.GetToken()
	}
	return i, nil
}

// record notes what the transaction changes of an invitation, behind what it queued.
func record(tx *mutation.Tx, kind rapportv1.Change_Type, r *row, before, after *rapportv1.SurveyInvitation) error {
	fields, err := change.Diff(before, after)
	if err == nil {
		tx.Record(change.Record{CustomerID: r.CustomerID, Resource: r.name(), Type: kind, Fields: fields, Time: r.UpdateTime})
	}
	return err
}
