package customer

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/attribute"
	"github.com/rapport-crm/rapport/internal/contactpoint"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/occasion"
)

// row is a customer as the table holds it. Enums are stored by name, and unset ones
// as NULL, so that the table reads well and a filter compares what it is given.
type row struct {
	Lane                    int16
	CustomerID              uuid.UUID
	Revision                int64
	Type                    string
	DisplayName             string
	Emails                  string // JSON, as the other columns of lists and maps
	Phones                  string
	PostalAddresses         string
	LanguageCode            pgtype.Text
	TimeZone                pgtype.Text
	ExternalIDs             string
	Tags                    []string
	Attributes              string
	Owner                   pgtype.Text
	AcquisitionSource       pgtype.Text
	AcquisitionCostCurrency pgtype.Text
	AcquisitionCost         db.Amount
	ReferrerLane            pgtype.Int2
	ReferrerID              pgtype.UUID
	ProspectTime            *time.Time
	ServiceTierID           pgtype.UUID
	Occasions               string
	membership
	preference
	ContactIntervalDays pgtype.Int4
	CreateTime          time.Time
	UpdateTime          time.Time
	DeleteTime          *time.Time
	PurgeTime           *time.Time

	activity
}

// columns are the row's own, in the order of args and Targets.
const columns = `lane, customer_id, revision, type, display_name, emails, phones, postal_addresses,
language_code, time_zone, external_ids, tags, attributes, owner, acquisition_source,
acquisition_cost_currency, acquisition_cost_units, acquisition_cost_nanos, referrer_lane, referrer_id,
prospect_time, service_tier_id, occasions, membership_number, membership_level, membership_start_time,
membership_expire_time, preferred_channel, do_not_contact, pause_end_time, consents, contact_interval_days,
create_time, update_time, delete_time, purge_time`

// selected are the columns of a row that is read.
const selected = columns + ", " + outputs

func (r *row) args() []any {
	return []any{
		r.Lane, db.UUID(r.CustomerID), r.Revision, r.Type, r.DisplayName, r.Emails, r.Phones, r.PostalAddresses,
		r.LanguageCode, r.TimeZone, r.ExternalIDs, r.Tags, r.Attributes, r.Owner, r.AcquisitionSource,
		r.AcquisitionCostCurrency, r.AcquisitionCost.Units, r.AcquisitionCost.Nanos, r.ReferrerLane, r.ReferrerID,
		r.ProspectTime, r.ServiceTierID, r.Occasions, r.MembershipNumber, r.MembershipLevel, r.MembershipStartTime,
		r.MembershipExpireTime, r.PreferredChannel, r.DoNotContact, r.PauseEndTime, r.Consents, r.ContactIntervalDays,
		r.CreateTime, r.UpdateTime, r.DeleteTime, r.PurgeTime,
	}
}

// Targets implements db.Row.
func (r *row) Targets() []any {
	return []any{
		&r.Lane, (*[16]byte)(&r.CustomerID), &r.Revision, &r.Type, &r.DisplayName, &r.Emails, &r.Phones, &r.PostalAddresses,
		&r.LanguageCode, &r.TimeZone, &r.ExternalIDs, &r.Tags, &r.Attributes, &r.Owner, &r.AcquisitionSource,
		&r.AcquisitionCostCurrency, &r.AcquisitionCost.Units, &r.AcquisitionCost.Nanos, &r.ReferrerLane, &r.ReferrerID,
		&r.ProspectTime, &r.ServiceTierID, &r.Occasions, &r.MembershipNumber, &r.MembershipLevel, &r.MembershipStartTime,
		&r.MembershipExpireTime, &r.PreferredChannel, &r.DoNotContact, &r.PauseEndTime, &r.Consents, &r.ContactIntervalDays,
		&r.CreateTime, &r.UpdateTime, &r.DeleteTime, &r.PurgeTime,
		&r.LastContactTime, &r.Satisfaction, &r.TierIntervalDays,
	}
}

func (r *row) name() string { return aip.CustomerName(r.CustomerID) }

// proto returns the customer as it is at this time.
func (r *row) proto(now time.Time) *rapportv1.Customer {
	name := r.name()
	c := &rapportv1.Customer{
		Name: name, Uid: aip.LastID(name), Etag: aip.Etag(r.Revision),
		Type:              db.EnumOf[rapportv1.Customer_Type](r.Type),
		DisplayName:       r.DisplayName,
		Emails:            contactpoint.DecodeEmails(r.Emails),
		Phones:            contactpoint.DecodePhones(r.Phones),
		PostalAddresses:   decodeAddresses(r.PostalAddresses),
		LanguageCode:      db.TextOrNil(r.LanguageCode),
		TimeZone:          db.TextOrNil(r.TimeZone),
		ExternalIds:       decodeExternalIDs(r.ExternalIDs),
		Tags:              r.Tags,
		Attributes:        attribute.Decode(r.Attributes),
		Owner:             db.TextOrNil(r.Owner),
		AcquisitionSource: db.EnumOf[rapportv1.Customer_AcquisitionSource](r.AcquisitionSource.String),
		AcquisitionCost:   r.AcquisitionCost.Money(r.AcquisitionCostCurrency.String),
		State:             rapportv1.Customer_ACTIVE,
		ProspectTime:      aip.ToTimestamp(r.ProspectTime),
		Occasions:         occasion.Decode(r.Occasions),
		Membership:        r.membership.proto(),
		ContactPreference: r.preference.proto(),
		CreateTime:        timestamppb.New(r.CreateTime),
		UpdateTime:        timestamppb.New(r.UpdateTime),
		DeleteTime:        aip.ToTimestamp(r.DeleteTime),
		PurgeTime:         aip.ToTimestamp(r.PurgeTime),
	}
	if r.DeleteTime != nil {
		c.State = rapportv1.Customer_DELETED
	}
	if r.ReferrerID.Valid {
		referrer := aip.CustomerName(r.ReferrerID.Bytes)
		c.Referrer = &referrer
	}
	if r.ServiceTierID.Valid {
		tier := aip.ServiceTierName(r.ServiceTierID.Bytes)
		c.ServiceTier = &tier
	}
	if days := r.ContactIntervalDays; days.Valid {
		c.ContactInterval = &durationpb.Duration{Seconds: int64(days.Int32) * secondsOfDay}
	}
	c.Satisfaction = decodeSatisfaction(r.CustomerID, r.Satisfaction)
	r.due(c, now)
	return c
}

// set takes over what a client can set from a normalised customer. Identity, times
// and revision are the caller's to keep.
func (r *row) set(c *rapportv1.Customer) (err error) {
	r.Type, r.DisplayName, r.Tags = c.GetType().String(), c.GetDisplayName(), c.GetTags()
	r.LanguageCode, r.TimeZone, r.Owner = db.Text(c.GetLanguageCode()), db.Text(c.GetTimeZone()), db.Text(c.GetOwner())
	r.ProspectTime = aip.FromTimestamp(c.GetProspectTime())
	if r.Tags == nil {
		r.Tags = []string{}
	}
	r.AcquisitionSource = db.Enum(c.GetAcquisitionSource())
	r.AcquisitionCostCurrency, r.AcquisitionCost = db.Text(c.GetAcquisitionCost().GetCurrencyCode()), db.AmountOf(c.GetAcquisitionCost())
	r.ReferrerLane, r.ReferrerID = pgtype.Int2{}, pgtype.UUID{}
	if c.Referrer != nil {
		id, err := aip.ParseCustomerName("customer.referrer", c.GetReferrer())
		if err != nil {
			return err
		}
		r.ReferrerLane = pgtype.Int2{Int16: db.Lane(id), Valid: true}
		r.ReferrerID = db.UUID(id)
	}
	r.ServiceTierID = pgtype.UUID{}
	if c.ServiceTier != nil {
		id, err := aip.ParseServiceTierName(serviceTierField, c.GetServiceTier())
		if err != nil {
			return err
		}
		r.ServiceTierID = db.UUID(id)
	}
	r.ContactIntervalDays = pgtype.Int4{}
	if d := c.GetContactInterval(); d != nil {
		r.ContactIntervalDays = pgtype.Int4{Int32: int32(d.GetSeconds() / secondsOfDay), Valid: true} //nolint:gosec // ten years at most
	}
	r.membership.set(c.GetMembership())
	if err := r.preference.set(c.GetContactPreference()); err != nil {
		return err
	}
	if r.Occasions, err = occasion.Encode(c.GetOccasions()); err != nil {
		return err
	}
	if r.Emails, err = contactpoint.EncodeEmails(c.GetEmails()); err != nil {
		return err
	}
	if r.Phones, err = contactpoint.EncodePhones(c.GetPhones()); err != nil {
		return err
	}
	if r.PostalAddresses, err = encodeAddresses(c.GetPostalAddresses()); err != nil {
		return err
	}
	if r.ExternalIDs, err = encodeExternalIDs(c.GetExternalIds()); err != nil {
		return err
	}
	r.Attributes, err = attribute.Encode(c.GetAttributes())
	return err
}
