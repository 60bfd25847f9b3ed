package interaction

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/attribute"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/owned"
)

// row is an interaction as the table holds it. Enums are stored by name, and unset ones
// as NULL.
type row struct {
	owned.Head

	Channel, Direction    string
	Purpose               pgtype.Text
	OccurTime             time.Time
	Duration              pgtype.Int8 // microseconds
	Subject, Body, Staff  pgtype.Text
	ContactID, CaseID     pgtype.UUID // of the same customer
	Campaign              pgtype.Text
	CustomerReaction      pgtype.Text
	ConcessionCurrency    pgtype.Text
	ConcessionAmount      db.Amount
	ConcessionReason      pgtype.Text
	ConcessionInReturnFor pgtype.Text
	Attributes            string // JSON
	External              db.ExternalID
}

// columns are the row's own, in the order of Targets.
var columns = []string{
	"channel", "direction", "purpose", "occur_time", "duration_micros", "subject", "body", "staff", "contact_id", "case_id", "campaign",
	"customer_reaction", "concession_currency", "concession_units", "concession_nanos", "concession_reason",
	"concession_in_return_for", "attributes", "external_id_source", "external_id_id",
}

// Targets implements owned.Row.
func (r *row) Targets() []any {
	return []any{
		&r.Channel, &r.Direction, &r.Purpose, &r.OccurTime, &r.Duration, &r.Subject, &r.Body, &r.Staff, &r.ContactID, &r.CaseID, &r.Campaign,
		&r.CustomerReaction, &r.ConcessionCurrency, &r.ConcessionAmount.Units, &r.ConcessionAmount.Nanos, &r.ConcessionReason,
		&r.ConcessionInReturnFor, &r.Attributes, &r.External.Source, &r.External.ID,
	}
}

// Proto implements owned.Row.
func (r *row) Proto(_ time.Time) *rapportv1.Interaction {
	return &rapportv1.Interaction{
		Channel:          db.EnumOf[rapportv1.Channel](r.Channel),
		Direction:        db.EnumOf[rapportv1.Interaction_Direction](r.Direction),
		Purpose:          db.EnumOf[rapportv1.Interaction_Purpose](r.Purpose.String),
		CustomerReaction: db.EnumOf[rapportv1.Interaction_Reaction](r.CustomerReaction.String),
		OccurTime:        timestamppb.New(r.OccurTime),
		Duration:         db.DurationOf(r.Duration),
		Subject:          db.TextOrNil(r.Subject),
		Body:             db.TextOrNil(r.Body),
		Staff:            db.TextOrNil(r.Staff),
		Campaign:         db.TextOrNil(r.Campaign),
		Contact:          owned.NameOut(aip.Contacts, r.CustomerID, r.ContactID),
		Case:             owned.NameOut(aip.Cases, r.CustomerID, r.CaseID),
		ExternalId:       r.External.Proto(),
		Concession:       r.concession(),
		Attributes:       attribute.Decode(r.Attributes),
	}
}

func (r *row) concession() *rapportv1.Interaction_Concession {
	if !r.ConcessionCurrency.Valid && !r.ConcessionReason.Valid {
		return nil // each has an amount or a reason
	}
	return &rapportv1.Interaction_Concession{
		Amount: r.ConcessionAmount.Money(r.ConcessionCurrency.String),
		Reason: db.TextOrNil(r.ConcessionReason), InReturnFor: db.TextOrNil(r.ConcessionInReturnFor),
	}
}

// Set implements owned.Row.
func (r *row) Set(i *rapportv1.Interaction) (err error) {
	r.Channel, r.Direction, r.OccurTime = i.GetChannel().String(), i.GetDirection().String(), i.GetOccurTime().AsTime()
	r.Duration = db.Duration(i.GetDuration())
	r.Purpose = db.Enum(i.GetPurpose())
	r.CustomerReaction = db.Enum(i.GetCustomerReaction())
	r.Subject, r.Body, r.Staff, r.Campaign = db.Text(i.GetSubject()), db.Text(i.GetBody()), db.Text(i.GetStaff()), db.Text(i.GetCampaign())
	c := i.GetConcession()
	r.ConcessionReason, r.ConcessionInReturnFor = db.Text(c.GetReason()), db.Text(c.GetInReturnFor())
	r.ConcessionCurrency, r.ConcessionAmount = db.Text(c.GetAmount().GetCurrencyCode()), db.AmountOf(c.GetAmount())
	r.External = db.ExternalIDOf(i.GetExternalId())
	r.ContactID, r.CaseID = owned.IDIn(i.GetContact()), owned.IDIn(i.GetCase())
	r.Attributes, err = attribute.Encode(i.GetAttributes())
	return err
}
