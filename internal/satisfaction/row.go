package satisfaction

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/jsoncolumn"
	"github.com/rapport-crm/rapport/internal/owned"
)

// row is a score as the table holds it. Enums are stored by name, and an unset one as NULL.
type row struct {
	owned.Permanent

	Metric                                       string
	Rating                                       int16
	Expectation                                  pgtype.Int2
	Factors                                      string // JSON
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
	"metric", "rating", "expectation", "factors", "comment", "source", "channel", "competitor", "staff",
	"contact_id", "interaction_id", "case_id", "purchase_id", "survey_id", "survey_invitation_id", "submit_time", "external_id_source", "external_id_id",
}

// Targets implements owned.Row.
func (r *row) Targets() []any {
	return []any{
		&r.Metric, &r.Rating, &r.Expectation, &r.Factors, &r.Comment, &r.Source, &r.Channel, &r.Competitor, &r.Staff,
		&r.ContactID, &r.InteractionID, &r.CaseID, &r.PurchaseID, &r.SurveyID, &r.InvitationID, &r.SubmitTime, &r.External.Source, &r.External.ID,
	}
}

// Proto implements owned.Row.
func (r *row) Proto(_ time.Time) *rapportv1.SatisfactionScore {
	out := &rapportv1.SatisfactionScore{
		Metric:      db.EnumOf[rapportv1.SatisfactionScore_Metric](r.Metric),
		Rating:      proto.Int32(int32(r.Rating)),
		Factors:     decodeFactors(r.Factors),
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
	if r.Expectation.Valid {
		out.Expectation = proto.Int32(int32(r.Expectation.Int16))
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
func (r *row) Set(s *rapportv1.SatisfactionScore) (err error) {
	r.Metric, r.Source, r.SubmitTime = s.GetMetric().String(), s.GetSource().String(), s.GetSubmitTime().AsTime()
	r.Rating = int16(s.GetRating())                                                            //nolint:gosec // on a scale of at most 10
	r.Expectation = pgtype.Int2{Int16: int16(s.GetExpectation()), Valid: s.Expectation != nil} //nolint:gosec // the same
	r.Comment, r.Competitor, r.Staff = db.Text(s.GetComment()), db.Text(s.GetCompetitor()), db.Text(s.GetStaff())
	r.Channel = db.Enum(s.GetChannel())
	r.ContactID, r.InteractionID = owned.IDIn(s.GetContact()), owned.IDIn(s.GetInteraction())
	r.CaseID, r.PurchaseID = owned.IDIn(s.GetCase()), owned.IDIn(s.GetPurchase())
	r.SurveyID, r.InvitationID = owned.IDIn(s.GetSurvey()), owned.IDIn(s.GetSurveyInvitation())
	r.External = db.ExternalIDOf(s.GetExternalId())
	r.Factors, err = encodeFactors(s.GetFactors())
	return err
}

// storedFactor is a factor in its column; an importance of 0 is none.
type storedFactor struct {
	Factor       string `json:"factor"`
	Satisfaction int32  `json:"satisfaction"`
	Importance   int32  `json:"importance,omitempty"`
}

func encodeFactors(factors []*rapportv1.SatisfactionScore_Factor) (string, error) {
	return jsoncolumn.EncodeList(factors, func(f *rapportv1.SatisfactionScore_Factor) storedFactor {
		return storedFactor{f.GetFactor(), f.GetSatisfaction(), f.GetImportance()}
	})
}

func decodeFactors(column string) []*rapportv1.SatisfactionScore_Factor {
	return jsoncolumn.DecodeList(column, func(f *rapportv1.SatisfactionScore_Factor, key string, value gjson.Result) {
		switch key {
		case "factor":
			f.Factor = value.Str
		case "satisfaction":
			f.Satisfaction = int32(value.Num)
		case "importance":
			f.Importance = proto.Int32(int32(value.Num))
		}
	})
}
