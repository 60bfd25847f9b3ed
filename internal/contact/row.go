package contact

import (
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/contactpoint"
)

// row is a contact as the table holds it. Enums are stored by name, and unset ones as
// NULL.
type row struct {
	Lane             int16      `db:"lane"`
	CustomerID       uuid.UUID  `db:"customer_id"`
	ContactID        uuid.UUID  `db:"contact_id"`
	Revision         int64      `db:"revision"`
	DisplayName      string     `db:"display_name"`
	Title            *string    `db:"title"`
	Role             *string    `db:"role"`
	Emails           []byte     `db:"emails"`
	Phones           []byte     `db:"phones"`
	Primary          bool       `db:"is_primary"`
	PreferredChannel *string    `db:"preferred_channel"`
	CreateTime       time.Time  `db:"create_time"`
	UpdateTime       time.Time  `db:"update_time"`
	DeleteTime       *time.Time `db:"delete_time"`
	PurgeTime        *time.Time `db:"purge_time"`
}

// columns are the row's, in the order of args.
const columns = `lane, customer_id, contact_id, revision, display_name, title, role, emails, phones,
is_primary, preferred_channel, create_time, update_time, delete_time, purge_time`

func (r *row) args() []any {
	return []any{
		r.Lane, r.CustomerID, r.ContactID, r.Revision, r.DisplayName, r.Title, r.Role, r.Emails, r.Phones,
		r.Primary, r.PreferredChannel, r.CreateTime, r.UpdateTime, r.DeleteTime, r.PurgeTime,
	}
}

func (r *row) name() string { return aip.ContactName(r.CustomerID, r.ContactID) }

func (r *row) proto() *rapportv1.Contact {
	c := &rapportv1.Contact{
		Name: r.name(), Uid: r.ContactID.String(), Etag: aip.Etag(r.Revision),
		DisplayName: r.DisplayName,
		Title:       r.Title,
		Emails:      contactpoint.DecodeEmails(r.Emails),
		Phones:      contactpoint.DecodePhones(r.Phones),
		Primary:     r.Primary,
		CreateTime:  timestamppb.New(r.CreateTime),
		UpdateTime:  timestamppb.New(r.UpdateTime),
		DeleteTime:  aip.ToTimestamp(r.DeleteTime),
		PurgeTime:   aip.ToTimestamp(r.PurgeTime),
	}
	if r.Role != nil {
		c.Role = rapportv1.Contact_Role(rapportv1.Contact_Role_value[*r.Role])
	}
	if r.PreferredChannel != nil {
		c.PreferredChannel = rapportv1.Channel(rapportv1.Channel_value[*r.PreferredChannel])
	}
	return c
}

// set takes over what a client can set from a normalised contact.
func (r *row) set(c *rapportv1.Contact) (err error) {
	r.DisplayName, r.Title, r.Primary = c.GetDisplayName(), c.Title, c.GetPrimary() //nolint:protogetter // nil says unset
	r.Role, r.PreferredChannel = nil, nil
	if role := c.GetRole(); role != rapportv1.Contact_ROLE_UNSPECIFIED {
		name := role.String()
		r.Role = &name
	}
	if channel := c.GetPreferredChannel(); channel != rapportv1.Channel_CHANNEL_UNSPECIFIED {
		name := channel.String()
		r.PreferredChannel = &name
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
