package customer

import (
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/contactpoint"
	"github.com/rapport-crm/rapport/internal/db"
)

// row is a customer as the table holds it. Enums are stored by name, and unset ones
// as NULL, so that the table reads well and a filter compares what it is given.
type row struct {
	Lane                    int16      `db:"lane"`
	CustomerID              uuid.UUID  `db:"customer_id"`
	Revision                int64      `db:"revision"`
	Type                    string     `db:"type"`
	DisplayName             string     `db:"display_name"`
	Emails                  []byte     `db:"emails"`
	Phones                  []byte     `db:"phones"`
	PostalAddresses         []byte     `db:"postal_addresses"`
	LanguageCode            *string    `db:"language_code"`
	TimeZone                *string    `db:"time_zone"`
	ExternalIDs             []byte     `db:"external_ids"`
	Tags                    []string   `db:"tags"`
	Attributes              []byte     `db:"attributes"`
	Owner                   *string    `db:"owner"`
	AcquisitionSource       *string    `db:"acquisition_source"`
	AcquisitionCostCurrency *string    `db:"acquisition_cost_currency"`
	AcquisitionCostUnits    *int64     `db:"acquisition_cost_units"`
	AcquisitionCostNanos    *int32     `db:"acquisition_cost_nanos"`
	ReferrerLane            *int16     `db:"referrer_lane"`
	ReferrerID              *uuid.UUID `db:"referrer_id"`
	ProspectTime            *time.Time `db:"prospect_time"`
	CreateTime              time.Time  `db:"create_time"`
	UpdateTime              time.Time  `db:"update_time"`
	DeleteTime              *time.Time `db:"delete_time"`
	PurgeTime               *time.Time `db:"purge_time"`
}

// columns are the row's, in the order of args.
const columns = `lane, customer_id, revision, type, display_name, emails, phones, postal_addresses,
language_code, time_zone, external_ids, tags, attributes, owner, acquisition_source,
acquisition_cost_currency, acquisition_cost_units, acquisition_cost_nanos, referrer_lane, referrer_id,
prospect_time, create_time, update_time, delete_time, purge_time`

func (r *row) args() []any {
	return []any{
		r.Lane, r.CustomerID, r.Revision, r.Type, r.DisplayName, r.Emails, r.Phones, r.PostalAddresses,
		r.LanguageCode, r.TimeZone, r.ExternalIDs, r.Tags, r.Attributes, r.Owner, r.AcquisitionSource,
		r.AcquisitionCostCurrency, r.AcquisitionCostUnits, r.AcquisitionCostNanos, r.ReferrerLane, r.ReferrerID,
		r.ProspectTime, r.CreateTime, r.UpdateTime, r.DeleteTime, r.PurgeTime,
	}
}

func (r *row) name() string { return aip.CustomerName(r.CustomerID) }

func (r *row) proto() *rapportv1.Customer {
	c := &rapportv1.Customer{
		Name: r.name(), Uid: r.CustomerID.String(), Etag: aip.Etag(r.Revision),
		Type:              rapportv1.Customer_Type(rapportv1.Customer_Type_value[r.Type]),
		DisplayName:       r.DisplayName,
		Emails:            contactpoint.DecodeEmails(r.Emails),
		Phones:            contactpoint.DecodePhones(r.Phones),
		PostalAddresses:   decodeAddresses(r.PostalAddresses),
		LanguageCode:      r.LanguageCode,
		TimeZone:          r.TimeZone,
		ExternalIds:       decodeExternalIDs(r.ExternalIDs),
		Tags:              r.Tags,
		Attributes:        decodeAttributes(r.Attributes),
		Owner:             r.Owner,
		AcquisitionSource: acquisitionSource(r.AcquisitionSource),
		State:             rapportv1.Customer_ACTIVE,
		ProspectTime:      aip.ToTimestamp(r.ProspectTime),
		CreateTime:        timestamppb.New(r.CreateTime),
		UpdateTime:        timestamppb.New(r.UpdateTime),
		DeleteTime:        aip.ToTimestamp(r.DeleteTime),
		PurgeTime:         aip.ToTimestamp(r.PurgeTime),
	}
	if r.DeleteTime != nil {
		c.State = rapportv1.Customer_DELETED
	}
	if r.AcquisitionCostCurrency != nil {
		c.AcquisitionCost = &money.Money{
			CurrencyCode: *r.AcquisitionCostCurrency, Units: *r.AcquisitionCostUnits, Nanos: *r.AcquisitionCostNanos,
		}
	}
	if r.ReferrerID != nil {
		referrer := aip.CustomerName(*r.ReferrerID)
		c.Referrer = &referrer
	}
	return c
}

func acquisitionSource(name *string) rapportv1.Customer_AcquisitionSource {
	if name == nil {
		return rapportv1.Customer_ACQUISITION_SOURCE_UNSPECIFIED
	}
	return rapportv1.Customer_AcquisitionSource(rapportv1.Customer_AcquisitionSource_value[*name])
}

// set takes over what a client can set from a normalised customer. Identity, times
// and revision are the caller's to keep.
func (r *row) set(c *rapportv1.Customer) (err error) {
	r.Type, r.DisplayName, r.Tags = c.GetType().String(), c.GetDisplayName(), c.GetTags()
	r.LanguageCode, r.TimeZone, r.Owner = c.LanguageCode, c.TimeZone, c.Owner //nolint:protogetter // nil says unset
	r.ProspectTime = aip.FromTimestamp(c.GetProspectTime())
	if r.Tags == nil {
		r.Tags = []string{}
	}
	r.AcquisitionSource = nil
	if source := c.GetAcquisitionSource(); source != rapportv1.Customer_ACQUISITION_SOURCE_UNSPECIFIED {
		name := source.String()
		r.AcquisitionSource = &name
	}
	r.AcquisitionCostCurrency, r.AcquisitionCostUnits, r.AcquisitionCostNanos = nil, nil, nil
	if m := c.GetAcquisitionCost(); m != nil {
		r.AcquisitionCostCurrency, r.AcquisitionCostUnits, r.AcquisitionCostNanos = &m.CurrencyCode, &m.Units, &m.Nanos
	}
	r.ReferrerLane, r.ReferrerID = nil, nil
	if c.Referrer != nil {
		id, err := aip.ParseCustomerName("customer.referrer", c.GetReferrer())
		if err != nil {
			return err
		}
		lane := db.Lane(id)
		r.ReferrerLane, r.ReferrerID = &lane, &id
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
	r.Attributes, err = encodeAttributes(c.GetAttributes())
	return err
}
