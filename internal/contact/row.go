package contact

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/contactpoint"
	"github.com/rapport-crm/rapport/internal/db"
)

// row is a contact as the table holds it. Enums are stored by name, and unset ones as
// NULL.
type row struct {
	Lane             int16
	CustomerID       uuid.UUID
	ContactID        uuid.UUID
	Revision         int64
	DisplayName      string
	Title            pgtype.Text
	Role             pgtype.Text
	Emails           string // JSON
	Phones           string // JSON
	Primary          bool
	PreferredChannel pgtype.Text
	CreateTime       time.Time
	UpdateTime       time.Time
	DeleteTime       *time.Time
	PurgeTime        *time.Time
}

// columns are the row's, in the order of args and Targets.
const columns = `lane, customer_id, contact_id, revision, display_name, title, role, emails, phones,
is_primary, preferred_channel, create_time, update_time, delete_time, purge_time`

func (r *row) args() []any {
	return []any{
		r.Lane, db.UUID(r.CustomerID), db.UUID(r.ContactID), r.Revision, r.DisplayName, r.Title, r.Role, r.Emails, r.Phones,
		r.Primary, r.PreferredChannel, r.CreateTime, r.UpdateTime, r.DeleteTime, r.PurgeTime,
	}
}

// Targets implements db.Row.
func (r *row) Targets() []any {
	return []any{
		&r.Lane, (*[16]byte)(&r.CustomerID), (*[16]byte)(&r.ContactID), &r.Revision, &r.DisplayName, &r.Title, &r.Role,
		&r.Emails, &r.Phones, &r.Primary, &r.PreferredChannel, &r.CreateTime, &r.UpdateTime, &r.DeleteTime, &r.PurgeTime,
	}
}

func (r *row) name() string { return aip.ContactName(r.CustomerID, r.ContactID) }

func (r *row) proto() *rapportv1.Contact {
	name := r.name()
	return &rapportv1.Contact{
		Name: name, Uid: aip.LastID(name), Etag: aip.Etag(r.Revision),
		DisplayName: r.DisplayName,
		Title:       db.TextOrNil(r.Title),
		Emails:      contactpoint.DecodeEmails(r.Emails),
		Phones:      contactpoint.DecodePhones(r.Phones),
		Primary:     r.Primary,
		// A column that is NULL reads as the enum's zero value.
		Role:             rapportv1.Contact_Role(rapportv1.Contact_Role_value[r.Role.String]),
		PreferredChannel: rapportv1.Channel(rapportv1.Channel_value[r.PreferredChannel.String]),
		CreateTime:       timestamppb.New(r.CreateTime),
		UpdateTime:       timestamppb.New(r.UpdateTime),
		DeleteTime:       aip.ToTimestamp(r.DeleteTime),
		PurgeTime:        aip.ToTimestamp(r.PurgeTime),
	}
}

// set takes over what a client can set from a normalised contact.
func (r *row) set(c *rapportv1.Contact) (err error) {
	r.DisplayName, r.Title, r.Primary = c.GetDisplayName(), db.Text(c.GetTitle()), c.GetPrimary()
	r.Role, r.PreferredChannel = pgtype.Text{}, pgtype.Text{}
	if role := c.GetRole(); role != rapportv1.Contact_ROLE_UNSPECIFIED {
		r.Role = db.Text(role.String())
	}
	if channel := c.GetPreferredChannel(); channel != rapportv1.Channel_CHANNEL_UNSPECIFIED {
		r.PreferredChannel = db.Text(channel.String())
	}
	if r.Emails, err = contactpoint.EncodeEmails(c.GetEmails()); err != nil {
		return err
	}
	r.Phones, err = contactpoint.EncodePhones(c.GetPhones())
	return err
}

// normalise brings a whole contact, as it would be stored, into its stored form in
// place, and returns all that is wrong with it beyond what the annotations state.
func (s *Server) normalise(c *rapportv1.Contact) error {
	var wrong apierr.Violations
	if c.GetDisplayName() == "" {
		wrong.Add("contact.display_name", "is required")
	}
	if c.GetTitle() == "" {
		c.Title = nil
	}
	contactpoint.Emails(&wrong, "contact.emails", c.GetEmails())
	contactpoint.Phones(&wrong, "contact.phones", c.GetPhones(), s.DefaultRegion)
	return wrong.Err()
}
