package interaction

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/durationpb"
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

	Channel, Direction         string
	Purpose                    pgtype.Text
	OccurTime                  time.Time
	Duration                   pgtype.Int8 // microseconds
	Subject, Body, Staff       pgtype.Text
	ContactID, CaseID          pgtype.UUID // of the same customer
	Campaign                   pgtype.Text
	CustomerReaction           pgtype.Text
	ConcessionCurrency         pgtype.Text
	ConcessionUnits            pgtype.Int8
	ConcessionNanos            pgtype.Int4
	ConcessionReason           pgtype.Text
	ConcessionInReturnFor      pgtype.Text
	Attributes                 string // JSON
	ExternalSource, ExternalID pgtype.Text
}

// columns are the row's own, in the order of Args and Targets.
var columns = []string{
	"channel", "direction", "purpose", "occur_time", "duration_micros", "subject", "body", "staff", "contact_id", "case_id", "campaign",
	"customer_reaction", "concession_currency", "concession_units", "concession_nanos", "concession_reason",
	"concession_in_return_for", "attributes", "external_id_source", "external_id_id",
}

// Args implements owned.Row.
func (r *row) Args() []any {
	return []any{
		r.Channel, r.Direction, r.Purpose, r.OccurTime, r.Duration, r.Subject, r.Body, r.Staff, r.ContactID, r.CaseID, r.Campaign,
		r.CustomerReaction, r.ConcessionCurrency, r.ConcessionUnits, r.ConcessionNanos, r.ConcessionReason,
		r.ConcessionInReturnFor, r.Attributes, r.ExternalSource, r.ExternalID,
	}
}

// Targets implements owned.Row.
func (r *row) Targets() []any {
	return []any{
		&r.Channel, &r.Direction, &r.Purpose, &r.OccurTime, &r.Duration, &r.Subject, &r.Body, &r.Staff, &r.ContactID, &r.CaseID, &r.Campaign,
		&r.CustomerReaction, &r.ConcessionCurrency, &r.ConcessionUnits, &r.ConcessionNanos, &r.ConcessionReason,
		&r.ConcessionInReturnFor, &r.Attributes, &r.ExternalSource, &r.ExternalID,
	}
}

// Proto implements owned.Row.
func (r *row) Proto(name string, _ time.Time) *rapportv1.Interaction {
	i := &rapportv1.Interaction{
		Name: name, Uid: aip.LastID(name), Etag: aip.Etag(r.Revision),
		Channel:          db.EnumOf[rapportv1.Channel](r.Channel),
		Direction:        db.EnumOf[rapportv1.Interaction_Direction](r.Direction),
		Purpose:          db.EnumOf[rapportv1.Interaction_Purpose](r.Purpose.String),
		CustomerReaction: db.EnumOf[rapportv1.Interaction_Reaction](r.CustomerReaction.String),
		OccurTime:        timestamppb.New(r.OccurTime),
		Subject:          db.TextOrNil(r.Subject),
		Body:             db.TextOrNil(r.Body),
		Staff:            db.TextOrNil(r.Staff),
		Campaign:         db.TextOrNil(r.Campaign),
		Concession:       r.concession(),
		Attributes:       attribute.Decode(r.Attributes),
		CreateTime:       timestamppb.New(r.CreateTime),
		UpdateTime:       timestamppb.New(r.UpdateTime),
		DeleteTime:       aip.ToTimestamp(r.DeleteTime),
		PurgeTime:        aip.ToTimestamp(r.PurgeTime),
	}
	if d := r.Duration; d.Valid {
		// Not by way of time.Duration, which ends after 292 years.
		i.Duration = &durationpb.Duration{Seconds: d.Int64 / 1e6, Nanos: int32(d.Int64 % 1e6 * 1e3)}
	}
	i.Contact, i.Case = owned.NameOut(aip.Contacts, r.CustomerID, r.ContactID), owned.NameOut(aip.Cases, r.CustomerID, r.CaseID)
	if r.ExternalSource.Valid {
		i.ExternalId = &rapportv1.ExternalId{Source: r.ExternalSource.String, Id: r.ExternalID.String}
	}
	return i
}

func (r *row) concession() *rapportv1.Interaction_Concession {
	if !r.ConcessionCurrency.Valid && !r.ConcessionReason.Valid {
		return nil // each has an amount or a reason
	}
	c := &rapportv1.Interaction_Concession{Reason: db.TextOrNil(r.ConcessionReason), InReturnFor: db.TextOrNil(r.ConcessionInReturnFor)}
	if r.ConcessionCurrency.Valid {
		c.Amount = &money.Money{
			CurrencyCode: r.ConcessionCurrency.String, Units: r.ConcessionUnits.Int64, Nanos: r.ConcessionNanos.Int32,
		}
	}
	return c
}

// Set implements owned.Row.
func (r *row) Set(i *rapportv1.Interaction) (err error) {
	r.Channel, r.Direction, r.OccurTime = i.GetChannel().String(), i.GetDirection().String(), i.GetOccurTime().AsTime()
	r.Duration = pgtype.Int8{}
	r.Purpose = db.Enum(i.GetPurpose())
	r.CustomerReaction = db.Enum(i.GetCustomerReaction())
	if d := i.GetDuration(); d != nil {
		r.Duration = pgtype.Int8{Int64: d.GetSeconds()*1e6 + int64(d.GetNanos()/1e3), Valid: true}
	}
	r.Subject, r.Body, r.Staff, r.Campaign = db.Text(i.GetSubject()), db.Text(i.GetBody()), db.Text(i.GetStaff()), db.Text(i.GetCampaign())
	c := i.GetConcession()
	r.ConcessionReason, r.ConcessionInReturnFor = db.Text(c.GetReason()), db.Text(c.GetInReturnFor())
	r.ConcessionCurrency, r.ConcessionUnits, r.ConcessionNanos = pgtype.Text{}, pgtype.Int8{}, pgtype.Int4{}
	if m := c.GetAmount(); m != nil {
		r.ConcessionCurrency = db.Text(m.GetCurrencyCode())
		r.ConcessionUnits = pgtype.Int8{Int64: m.GetUnits(), Valid: true}
		r.ConcessionNanos = pgtype.Int4{Int32: m.GetNanos(), Valid: true}
	}
	r.ExternalSource, r.ExternalID = db.Text(i.GetExternalId().GetSource()), db.Text(i.GetExternalId().GetId())
	r.ContactID, r.CaseID = owned.IDIn(i.GetContact()), owned.IDIn(i.GetCase())
	r.Attributes, err = attribute.Encode(i.GetAttributes())
	return err
}
