package invitation

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/owned"
)

// row is an invitation as the table holds it.
type row struct {
	Lane                                         int16
	CustomerID, ID                               uuid.UUID
	Revision                                     int64
	SurveyID                                     uuid.UUID
	ContactID, InteractionID, CaseID, PurchaseID pgtype.UUID // of the same customer
	LanguageCode                                 string
	SendTime, ExpireTime                         time.Time
	AnswerTime                                   *time.Time
	ScoreID                                      pgtype.UUID
	AnswerDigest                                 []byte
	CreateTime, UpdateTime                       time.Time
}

const columns = `lane, customer_id, survey_invitation_id, revision, survey_id, contact_id, interaction_id, case_id, purchase_id,
    language_code, send_time, expire_time, answer_time, satisfaction_score_id, answer_digest, create_time, update_time`

// args are the values of the columns.
func (r *row) args() []any {
	return []any{
		r.Lane, db.UUID(r.CustomerID), db.UUID(r.ID), r.Revision, db.UUID(r.SurveyID), r.ContactID, r.InteractionID, r.CaseID, r.PurchaseID,
		r.LanguageCode, r.SendTime, r.ExpireTime, r.AnswerTime, r.ScoreID, r.AnswerDigest, r.CreateTime, r.UpdateTime,
	}
}

// Targets implements db.Row.
func (r *row) Targets() []any {
	return []any{
		&r.Lane, (*[16]byte)(&r.CustomerID), (*[16]byte)(&r.ID), &r.Revision, (*[16]byte)(&r.SurveyID), &r.ContactID, &r.InteractionID, &r.CaseID, &r.PurchaseID,
		&r.LanguageCode, &r.SendTime, &r.ExpireTime, &r.AnswerTime, &r.ScoreID, &r.AnswerDigest, &r.CreateTime, &r.UpdateTime,
	}
}

func (r *row) name() string { return aip.InvitationName(r.SurveyID, r.ID) }

// proto is the invitation without its token.
func (r *row) proto() *rapportv1.SurveyInvitation {
	i := &rapportv1.SurveyInvitation{
		Name: r.name(), Uid: r.ID.String(), Etag: aip.Etag(r.Revision), Customer: aip.CustomerName(r.CustomerID),
		Contact:     owned.NameOut(aip.Contacts, r.CustomerID, r.ContactID),
		Interaction: owned.NameOut(aip.Interactions, r.CustomerID, r.InteractionID),
		Case:        owned.NameOut(aip.Cases, r.CustomerID, r.CaseID),
		Purchase:    owned.NameOut(aip.Purchases, r.CustomerID, r.PurchaseID),
		SendTime:    timestamppb.New(r.SendTime), ExpireTime: timestamppb.New(r.ExpireTime), AnswerTime: aip.ToTimestamp(r.AnswerTime),
		LanguageCode: r.LanguageCode,
		CreateTime:   timestamppb.New(r.CreateTime), UpdateTime: timestamppb.New(r.UpdateTime),
	}
	if r.ScoreID.Valid {
		i.SatisfactionScore = aip.SatisfactionScores.Name(r.CustomerID, r.ScoreID.Bytes)
	}
	return i
}

// open tells whether the invitation can be answered.
func (r *row) open(now time.Time) bool { return r.AnswerTime == nil && now.Before(r.ExpireTime) }
