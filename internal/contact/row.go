package contact

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/contactpoint"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/occasion"
	"github.com/rapport-crm/rapport/internal/owned"
)

// row is a contact as the table holds it. Enums are stored by name, and unset ones as
// NULL.
type row struct {
	owned.Head

	DisplayName      string
	Title            pgtype.Text
	Role             pgtype.Text
	Emails           string // JSON
	Phones           string // JSON
	Primary          bool
	PreferredChannel pgtype.Text
	Occasions        string // JSON

	zone string // the customer's time zone, where it was loaded
}

// columns are the row's own, in the order of Targets.
var columns = []string{"display_name", "title", "role", "emails", "phones", "is_primary", "preferred_channel", "occasions"}

// Targets implements owned.Row.
func (r *row) Targets() []any {
	return []any{&r.DisplayName, &r.Title, &r.Role, &r.Emails, &r.Phones, &r.Primary, &r.PreferredChannel, &r.Occasions}
}

// Proto implements owned.Row.
func (r *row) Proto(_ time.Time) *rapportv1.Contact {
	return &rapportv1.Contact{
		DisplayName:      r.DisplayName,
		Title:            db.TextOrNil(r.Title),
		Emails:           contactpoint.DecodeEmails(r.Emails),
		Phones:           contactpoint.DecodePhones(r.Phones),
		Primary:          r.Primary,
		Role:             db.EnumOf[rapportv1.Contact_Role](r.Role.String),
		PreferredChannel: db.EnumOf[rapportv1.Channel](r.PreferredChannel.String),
		Occasions:        occasion.Decode(r.Occasions),
	}
}

// Set implements owned.Row.
func (r *row) Set(c *rapportv1.Contact) (err error) {
	r.DisplayName, r.Title, r.Primary = c.GetDisplayName(), db.Text(c.GetTitle()), c.GetPrimary()
	r.Role = db.Enum(c.GetRole())
	r.PreferredChannel = db.Enum(c.GetPreferredChannel())
	if r.Occasions, err = occasion.Encode(c.GetOccasions()); err != nil {
		return err
	}
	if r.Emails, err = contactpoint.EncodeEmails(c.GetEmails()); err != nil {
		return err
	}
	r.Phones, err = contactpoint.EncodePhones(c.GetPhones())
	return err
}
