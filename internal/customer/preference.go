package customer

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/jsoncolumn"
)

// preference is a customer's contact preference in the table; there is none where nothing
// is set.
type preference struct {
	PreferredChannel pgtype.Text
	DoNotContact     bool
	PauseEndTime     *time.Time
	Consents         string
}

const noConsents = "[]"

func (p *preference) proto() *rapportv1.ContactPreference {
	if !p.PreferredChannel.Valid && !p.DoNotContact && p.PauseEndTime == nil && p.Consents == noConsents {
		return nil
	}
	return &rapportv1.ContactPreference{
		PreferredChannel: db.EnumOf[rapportv1.Channel](p.PreferredChannel.String),
		DoNotContact:     proto.Bool(p.DoNotContact),
		PauseEndTime:     aip.ToTimestamp(p.PauseEndTime),
		Consents:         decodeConsents(p.Consents),
	}
}

func (p *preference) set(c *rapportv1.ContactPreference) (err error) {
	p.PreferredChannel, p.DoNotContact = db.Enum(c.GetPreferredChannel()), c.GetDoNotContact()
	p.PauseEndTime = aip.FromTimestamp(c.GetPauseEndTime())
	p.Consents, err = encodeConsents(c.GetConsents())
	return err
}

// preference brings a contact preference into its stored form, which is nil for one in
// which nothing is set.
func (v *violations) preference(p *rapportv1.ContactPreference, now time.Time) *rapportv1.ContactPreference {
	if p == nil {
		return nil
	}
	aip.NormaliseTime(&v.Violations, "customer.contact_preference.pause_end_time", p.GetPauseEndTime())
	v.consents(p.GetConsents(), now)
	if p.GetPreferredChannel() == 0 && !p.GetDoNotContact() && p.GetPauseEndTime() == nil && len(p.GetConsents()) == 0 {
		return nil
	}
	p.DoNotContact = proto.Bool(p.GetDoNotContact())
	return p
}

func (v *violations) consents(consents []*rapportv1.ContactPreference_Consent, now time.Time) {
	type key struct {
		channel rapportv1.Channel
		purpose string
	}
	seen := make(map[key]bool, len(consents))
	for i, c := range consents {
		at := fmt.Sprintf("customer.contact_preference.consents[%d]", i)
		c.Evidence = v.optional("", c.Evidence, nil)
		aip.NormalisePast(&v.Violations, at+".consent_time", c.GetConsentTime(), now)
		if seen[key{c.GetChannel(), c.GetPurpose()}] {
			v.Add(at, "is a second one of this channel and purpose")
		}
		seen[key{c.GetChannel(), c.GetPurpose()}] = true
	}
	slices.SortStableFunc(consents, func(a, b *rapportv1.ContactPreference_Consent) int {
		return cmp.Or(cmp.Compare(a.GetChannel(), b.GetChannel()), cmp.Compare(a.GetPurpose(), b.GetPurpose()))
	})
}

// storedConsent is a consent in its column.
type storedConsent struct {
	Channel     string `json:"channel,omitempty"`
	Purpose     string `json:"purpose"`
	Granted     bool   `json:"granted"`
	ConsentTime string `json:"consent_time"`
	Evidence    string `json:"evidence,omitempty"`
}

func encodeConsents(consents []*rapportv1.ContactPreference_Consent) (string, error) {
	return jsoncolumn.EncodeList(consents, func(c *rapportv1.ContactPreference_Consent) storedConsent {
		return storedConsent{
			Channel: db.Enum(c.GetChannel()).String, Purpose: c.GetPurpose(), Granted: c.GetGranted(),
			ConsentTime: c.GetConsentTime().AsTime().Format(time.RFC3339Nano), Evidence: c.GetEvidence(),
		}
	})
}

func decodeConsents(column string) []*rapportv1.ContactPreference_Consent {
	return jsoncolumn.DecodeList(column, func(c *rapportv1.ContactPreference_Consent, key string, value gjson.Result) {
		switch key {
		case "channel":
			c.Channel = db.EnumOf[rapportv1.Channel](value.Str)
		case "purpose":
			c.Purpose = value.Str
		case "granted":
			c.Granted = value.Bool()
		case "consent_time":
			c.ConsentTime = timestamppb.New(value.Time())
		case "evidence":
			c.Evidence = &value.Str
		}
	})
}
