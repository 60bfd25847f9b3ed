package customer

import (
	"fmt"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/attribute"
	"github.com/rapport-crm/rapport/internal/contactpoint"
	"github.com/rapport-crm/rapport/internal/occasion"
)

const maxAddressText = 200 // characters of one line or part of a postal address

// The annotations bound the lists of a request; these bound what several requests add
// up to, through add_tags and masks of single elements.
const (
	maxTags        = 50
	maxExternalIDs = 20
)

// normalise brings a whole customer, as it would be stored, into its stored form in
// place, and returns all that is wrong with it beyond what the annotations state.
func (s *Server) normalise(c *rapportv1.Customer) error {
	var wrong violations
	if c.GetType() == rapportv1.Customer_TYPE_UNSPECIFIED {
		wrong.Add("customer.type", "is required")
	}
	if c.GetDisplayName() == "" {
		wrong.Add("customer.display_name", "is required")
	}
	c.LanguageCode = wrong.optional("customer.language_code", c.LanguageCode, canonicalLanguage)
	c.TimeZone = wrong.optional("customer.time_zone", c.TimeZone, knownTimeZone)
	c.Owner = wrong.optional("customer.owner", c.Owner, nil)
	c.Referrer = wrong.optional("customer.referrer", c.Referrer, func(name string) (out, wrong string) {
		if _, err := aip.ParseCustomerName("customer.referrer", name); err != nil {
			return "", "is not a customer's name, customers/{customer}"
		}
		return name, ""
	})
	c.ServiceTier = wrong.optional(serviceTierField, c.ServiceTier, func(name string) (out, wrong string) {
		if _, err := aip.ParseServiceTierName(serviceTierField, name); err != nil {
			return "", "is not a service tier's name, serviceTiers/{service_tier}"
		}
		return name, ""
	})
	slices.Sort(c.GetTags())
	c.Tags = slices.Compact(c.GetTags())
	wrong.most("customer.tags", len(c.GetTags()), maxTags)
	wrong.most("customer.external_ids", len(c.GetExternalIds()), maxExternalIDs)
	contactpoint.Emails(&wrong.Violations, "customer.emails", c.GetEmails())
	region := s.DefaultRegion
	for i, a := range c.GetPostalAddresses() {
		wrong.address(fmt.Sprintf("customer.postal_addresses[%d]", i), a)
		if i == 0 {
			region = a.GetRegionCode()
		}
	}
	contactpoint.Phones(&wrong.Violations, "customer.phones", c.GetPhones(), region)
	attribute.Normalise(&wrong.Violations, "customer.attributes", c.GetAttributes())
	aip.NormaliseTime(&wrong.Violations, "customer.prospect_time", c.GetProspectTime())
	aip.CheckMoney(&wrong.Violations, "customer.acquisition_cost", c.GetAcquisitionCost())
	now := s.Mutations.Clock()
	occasion.Normalise(&wrong.Violations, "customer.occasions", c.GetOccasions(), now)
	c.Membership = wrong.membership(c.GetMembership())
	c.ContactPreference = wrong.preference(c.GetContactPreference(), now)
	wrong.interval(c.GetContactInterval())
	return wrong.Err()
}

// violations are what is wrong with the fields of a customer.
type violations struct{ apierr.Violations }

func (v *violations) most(field string, have, most int) {
	if have > most {
		v.Add(field, "would have %d entries, more than %d", have, most)
	}
}

// optional returns the canonical form of a text that may be unset; an empty one is.
// The function says what is wrong with a text that has none.
func (v *violations) optional(field string, text *string, canonical func(string) (out, wrong string)) *string {
	if text == nil || *text == "" {
		return nil
	}
	if canonical == nil {
		return text
	}
	out, wrong := canonical(*text)
	if wrong != "" {
		v.Add(field, "%s", wrong)
	}
	return &out
}

func canonicalLanguage(code string) (out, wrong string) {
	tag, err := language.Parse(code)
	if err != nil {
		return "", "is not a BCP-47 language such as zh-Hans-CN"
	}
	return tag.String(), ""
}

// timeZones are the names that were found to be known. There are about 600, and to
// look one up means to read and parse its file.
var timeZones sync.Map

func knownTimeZone(name string) (out, wrong string) {
	if _, known := timeZones.Load(name); known {
		return name, ""
	}
	// Local is this machine's zone, which no record can mean.
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return "", "is not an IANA time zone such as Asia/Shanghai"
	}
	timeZones.Store(name, nil)
	return name, ""
}

func (v *violations) address(field string, a *postaladdress.PostalAddress) {
	if region, err := language.ParseRegion(a.GetRegionCode()); err != nil || region.String() != a.GetRegionCode() || len(a.GetRegionCode()) != 2 {
		v.Add(field+".region_code", "must be a CLDR region of two capital letters, such as CN")
	}
	if a.GetRevision() != 0 {
		v.Add(field+".revision", "must be 0")
	}
	if len(a.GetAddressLines()) > 10 {
		v.Add(field+".address_lines", "has more than 10 lines")
	}
	if len(a.GetRecipients()) > 10 {
		v.Add(field+".recipients", "has more than 10 entries")
	}
	texts := []struct{ field, text string }{
		{"language_code", a.GetLanguageCode()},
		{"postal_code", a.GetPostalCode()},
		{"sorting_code", a.GetSortingCode()},
		{"administrative_area", a.GetAdministrativeArea()},
		{"locality", a.GetLocality()},
		{"sublocality", a.GetSublocality()},
		{"organization", a.GetOrganization()},
	}
	for i, line := range a.GetAddressLines() {
		texts = append(texts, struct{ field, text string }{fmt.Sprintf("address_lines[%d]", i), line})
	}
	for i, recipient := range a.GetRecipients() {
		texts = append(texts, struct{ field, text string }{fmt.Sprintf("recipients[%d]", i), recipient})
	}
	for _, t := range texts {
		if utf8.RuneCountInString(t.text) > maxAddressText {
			v.Add(field+"."+t.field, "has more than %d characters", maxAddressText)
		}
	}
}
