package satisfaction

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/owned"
)

// row is a score as the table holds it. Enums are stored by name, and an unset one as NULL.
type row struct {
	owned.Permanent

	Metric                                       string
	Rating                                       pgtype.Int2 // NULL where factors alone were rated
	Expectation                                  pgtype.Int2
	Factors                                      factors
	Comment                                      pgtype.Text
	Source                                       string
	Channel, Competitor, Staff                   pgtype.Text
	ContactID, InteractionID, CaseID, PurchaseID pgtype.UUID // of the same customer
	SurveyID, InvitationID                       pgtype.UUID
	SubmitTime                                   time.Time
	External                                     db.ExternalID
}

// columns are the row's own, in the order of Targets.
var columns = []string{
	"metric", "rating", "expectation", "factor_names", "factor_satisfactions", "factor_importances", "comment", "source", "channel", "competitor", "staff",
	"contact_id", "interaction_id", "case_id", "purchase_id", "survey_id", "survey_invitation_id", "submit_time", "external_id_source", "external_id_id",
}

// Targets implements owned.Row.
func (r *row) Targets() []any {
	return []any{
		&r.Metric, &r.Rating, &r.Expectation, &r.Factors.Names, &r.Factors.Satisfactions, &r.Factors.Importances, &r.Comment, &r.Source, &r.Channel, &r.Competitor, &r.Staff,
		&r.ContactID, &r.InteractionID, &r.CaseID, &r.PurchaseID, &r.SurveyID, &r.InvitationID, &r.SubmitTime, &r.External.Source, &r.External.ID,
	}
}

// Proto implements owned.Row.
func (r *row) Proto(_ time.Time) *rapportv1.SatisfactionScore {
	out := &rapportv1.SatisfactionScore{
		Metric:      db.EnumOf[rapportv1.SatisfactionScore_Metric](r.Metric),
		Rating:      optional(r.Rating),
		Expectation: optional(r.Expectation),
		Factors:     r.Factors.proto(),
		Comment:     db.TextOrNil(r.Comment),
		Source:      db.EnumOf[rapportv1.SatisfactionScore_Source](r.Source),
		Channel:     db.EnumOf[rapportv1.Channel](r.Channel.String),
		Competitor:  db.TextOrNil(r.Competitor),
		Staff:       db.TextOrNil(r.Staff),
		Contact:     owned.NameOut(aip.Contacts, r.CustomerID, r.ContactID),
		Interaction: owned.NameOut(aip.Interactions, r.CustomerID, r.InteractionID),
		Case:        owned.NameOut(aip.Cases, r.CustomerID, r.CaseID),
		Purchase:    owned.NameOut(aip.Purchases, r.CustomerID, r.PurchaseID),
		SubmitTime:  timestamppb.New(r.SubmitTime),
		ExternalId:  r.External.Proto(),
	}
	if r.SurveyID.Valid {
		out.Survey = proto.String(aip.SurveyName(r.SurveyID.Bytes))
	}
	if r.InvitationID.Valid {
		out.SurveyInvitation = aip.InvitationName(r.SurveyID.Bytes, r.InvitationID.Bytes)
	}
	return out
}

// Set implements owned.Row.
func (r *row) Set(s *rapportv1.SatisfactionScore) error {
	r.Metric, r.Source, r.SubmitTime = s.GetMetric().String(), s.GetSource().String(), s.GetSubmitTime().AsTime()
	r.Rating, r.Expectation, r.Factors = column(s.Rating), column(s.Expectation), factorsOf(s.GetFactors())
	r.Comment, r.Competitor, r.Staff = db.Text(s.GetComment()), db.Text(s.GetCompetitor()), db.Text(s.GetStaff())
	r.Channel = db.Enum(s.GetChannel())
	r.ContactID, r.InteractionID = owned.IDIn(s.GetContact()), owned.IDIn(s.GetInteraction())
	r.CaseID, r.PurchaseID = owned.IDIn(s.GetCase()), owned.IDIn(s.GetPurchase())
	r.SurveyID, r.InvitationID = owned.IDIn(s.GetSurvey()), owned.IDIn(s.GetSurveyInvitation())
	r.External = db.ExternalIDOf(s.GetExternalId())
	return nil
}

// column is the column of a number on a scale, which is NULL where there is none.
func column(on *int32) pgtype.Int2 {
	if on == nil {
		return pgtype.Int2{}
	}
	return pgtype.Int2{Int16: int16(*on), Valid: true} //nolint:gosec // on a scale of at most 10
}

// optional is the reverse of column.
func optional(column pgtype.Int2) *int32 {
	if !column.Valid {
		return nil
	}
	return proto.Int32(int32(column.Int16))
}
