package invitation

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
	"github.com/rapport-crm/rapport/internal/survey"
)

// nameless is what refusals call an invitation: whoever answers learns no ids.
const nameless = "surveys/-/invitations/-"

// findSQL crosses lanes: a token says no more than the id.
const findSQL = `-- name: FindSurveyInvitation
SELECT ` + columns + `, (SELECT delete_time FROM customer WHERE customer.lane = survey_invitation.lane AND customer.customer_id = survey_invitation.customer_id)
FROM survey_invitation WHERE survey_invitation_id = $1`

// found is an invitation that a token leads to.
type found struct {
	row
	customerDeleted *time.Time
}

// Targets implements db.Row.
func (f *found) Targets() []any { return append(f.row.Targets(), &f.customerDeleted) }

// open tells whether it can be answered. A deleted customer is asked nothing any more.
func (f *found) open(now time.Time) bool { return f.row.open(now) && f.customerDeleted == nil }

// find returns the invitation of a token. It is all one whether a token is forged, or its
// invitation gone with the customer.
func (s *Server) find(ctx context.Context, token string) (*found, error) {
	id, ok, err := s.Tokens.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, unknown()
	}
	rows, _ := s.DB.Query(ctx, findSQL, db.UUID(id))
	f, err := db.CollectRow[found](rows)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, unknown()
	}
	return &f, err
}

func unknown() error { return apierr.NotFound(rapportv1.ErrorReason_INVITATION_NOT_FOUND, nameless) }

// Opened is what a link leads to.
type Opened struct {
	Survey *rapportv1.Survey
	// LanguageCode is the language of the invitation.
	LanguageCode string
	// Answered tells that there is an answer, Open that there can still be one.
	Answered, Open bool
}

// Open returns what a link leads to, and records nothing: programs that scan mail open links too.
func (s *Server) Open(ctx context.Context, token string) (o Opened, err error) {
	if err := s.Limiter.Check(ctx); err != nil {
		return o, err
	}
	f, err := s.find(ctx, token)
	if err != nil {
		return o, err
	}
	o = Opened{LanguageCode: f.LanguageCode, Answered: f.AnswerTime != nil, Open: f.open(s.Mutations.Clock())}
	o.Survey, err = s.Surveys.Find(ctx, f.SurveyID)
	return o, err
}

// SubmitResponse takes the answer to an invitation.
func (s *Server) SubmitResponse(ctx context.Context, req *rapportv1.SubmitResponseRequest) (*rapportv1.SubmitResponseResponse, error) {
	if err := s.Limiter.Check(ctx); err != nil {
		return nil, err
	}
	f, err := s.find(ctx, req.GetToken())
	if err != nil {
		return nil, err
	}
	// The row of the invitation says what was answered, so the call can be run again.
	claim, err := mutation.NewPartClaim(ctx, false)
	if err != nil {
		return nil, err
	}
	answer := normalised(req)
	out, err := mutation.Run(ctx, s.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*rapportv1.SubmitResponseResponse, error) {
		return s.respond(ctx, tx, f.CustomerID, f.ID, f.SurveyID, answer)
	})
	if apierr.Reason(err) == rapportv1.ErrorReason_SURVEY_ALREADY_ANSWERED {
		return nil, apierr.AlreadyExists(rapportv1.ErrorReason_SURVEY_ALREADY_ANSWERED, nameless, "what it asks about was answered already")
	}
	return out, err
}

const lockSQL = `-- name: LockSurveyInvitation
SELECT ` + columns + `, NULL::timestamptz FROM survey_invitation
WHERE lane = $1 AND customer_id = $2 AND survey_invitation_id = $3 FOR NO KEY UPDATE`

// respond makes the score of an answer, once.
func (s *Server) respond(ctx context.Context, tx *mutation.Tx, customer, id, to uuid.UUID, answer *rapportv1.SubmitResponseRequest) (*rapportv1.SubmitResponseResponse, error) {
	var (
		invitations []found
		whose       owned.CustomerState
		asked       *rapportv1.Survey
	)
	whose.Share(tx, customer)
	tx.Queue(lockSQL, db.Lane(customer), db.UUID(customer), db.UUID(id)).Query(func(rows pgx.Rows) (err error) {
		invitations, err = db.CollectRows[found](rows)
		return err
	})
	s.Surveys.Queue(tx, to, func(s *rapportv1.Survey) { asked = s })
	if err := tx.Fetch(ctx); err != nil {
		return nil, err
	}
	if len(invitations) == 0 || asked == nil {
		return nil, unknown() // purged since it was found
	}
	f := &invitations[0]
	f.customerDeleted = whose.DeleteTime
	text := survey.TextFor(asked, f.LanguageCode)
	out := &rapportv1.SubmitResponseResponse{Thanks: text.GetThanks(), LanguageCode: text.GetLanguageCode()}
	sum := digest(answer)
	switch {
	case f.AnswerTime != nil && bytes.Equal(f.AnswerDigest, sum):
		return out, nil
	case f.AnswerTime != nil:
		return nil, apierr.FailedPrecondition(rapportv1.ErrorReason_INVITATION_ANSWERED, nameless, "it was answered otherwise already")
	case !f.open(tx.Now):
		return nil, apierr.FailedPrecondition(rapportv1.ErrorReason_INVITATION_EXPIRED, nameless, "it can no longer be answered")
	}
	if err := check(answer, asked); err != nil {
		return nil, err
	}
	return out, s.score(ctx, tx, &f.row, asked, answer, sum)
}

const updateSQL = `-- name: AnswerSurveyInvitation
UPDATE survey_invitation SET revision = $4, answer_time = $5, satisfaction_score_id = $6, answer_digest = $7, update_time = $8
WHERE lane = $1 AND customer_id = $2 AND survey_invitation_id = $3`

// score queues the score of the checked answer, and the invitation's change.
func (s *Server) score(ctx context.Context, tx *mutation.Tx, r *row, asked *rapportv1.Survey, answer *rapportv1.SubmitResponseRequest, sum []byte) error {
	before := r.proto()
	id, err := tx.NewID()
	if err != nil {
		return err
	}
	r.UpdateTime = tx.Later(r.UpdateTime)
	r.Revision++
	r.AnswerTime, r.AnswerDigest, r.ScoreID = &r.UpdateTime, sum, db.UUID(id)
	_, err = s.Scores.Answer(ctx, tx, r.CustomerID, id, &rapportv1.SatisfactionScore{
		Metric: asked.GetMetric(), Rating: answer.Rating, Expectation: answer.Expectation, Factors: answer.GetFactors(), Comment: answer.Comment,
		Source:  rapportv1.SatisfactionScore_CUSTOMER,
		Contact: before.Contact, Interaction: before.Interaction, Case: before.Case, Purchase: before.Purchase,
		Survey: &asked.Name, SurveyInvitation: r.name(), SubmitTime: timestamppb.New(r.UpdateTime),
	})
	if err != nil {
		return err
	}
	tx.Queue(updateSQL, r.Lane, db.UUID(r.CustomerID), db.UUID(r.ID), r.Revision, r.AnswerTime, r.ScoreID, r.AnswerDigest, r.UpdateTime)
	return record(tx, rapportv1.Change_UPDATED, r, before, r.proto())
}
