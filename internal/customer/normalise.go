package customer

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/contactpoint"
)

const maxAddressText = 200 // characters of one line or part of a postal address

// normalise brings a whole customer, as it would be stored, into its stored form in
// place, and returns all that is wrong with it beyond what the annotations state.
func (s *Server) normalise(c *rapportv1.Customer) error {
	var wrong violations
	if c.GetType() == rapportv1.Customer_TYPE_UNSPECIFIED {
		wrong.add("customer.type", "is required")
	}
	if c.GetDisplayName() == "" {
		wrong.add("customer.display_name", "is required")
	}
	c.LanguageCode = wrong.optional("customer.language_code", c.LanguageCode, canonicalLanguage)
	c.TimeZone = wrong.optional("customer.time_zone", c.TimeZone, knownTimeZone)
	c.Owner = wrong.optional("customer.owner", c.Owner, nil)
	c.Referrer = wrong.optional("customer.referrer", c.Referrer, func(name string) (string, error) {
		_, err := aip.ParseCustomerName("customer.referrer", name)
		return name, err
	})
	slices.Sort(c.Tags)
	c.Tags = slices.Compact(c.GetTags())
	wrong = append(wrong, contactpoint.Emails("customer.emails", c.GetEmails())...)
	region := s.DefaultRegion
	for i, a := range c.GetPostalAddresses() {
		wrong.address(fmt.Sprintf("customer.postal_addresses[%d]", i), a)
		if i == 0 {
			region = a.GetRegionCode()
		}
	}
	wrong = append(wrong, contactpoint.Phones("customer.phones", c.GetPhones(), region)...)
	for key, a := range c.GetAttributes() {
		if v, ok := a.GetKind().(*rapportv1.AttributeValue_TimestampValue); ok {
			wrong.time("customer.attributes."+key, v.TimestampValue)
		}
	}
	wrong.time("customer.prospect_time", c.GetProspectTime())
	wrong.money("customer.acquisition_cost", c.GetAcquisitionCost())
	return apierr.InvalidFields(wrong...)
}

// violations gathers what is wrong with a request, so that the caller hears of all of
// it at once.
type violations []apierr.Violation

func (v *violations) add(field, format string, args ...any) {
	*v = append(*v, apierr.Violation{Field: field, Description: fmt.Sprintf(format, args...)})
}

// optional returns the canonical form of a text that may be unset; an empty one is.
func (v *violations) optional(field string, text *string, canonical func(string) (string, error)) *string {
	if text == nil || *text == "" {
		return nil
	}
	if canonical == nil {
		return text
	}
	out, err := canonical(*text)
	if err != nil {
		v.add(field, "%s", describe(err))
	}
	return &out
}

// describe takes the words of an error of ours without its field, which the violation
// names already.
func describe(err error) string {
	_, text, found := strings.Cut(err.Error(), ": ")
	if !found {
		return err.Error()
	}
	return text
}

func canonicalLanguage(code string) (string, error) {
	tag, err := language.Parse(code)
	if err != nil {
		return "", fmt.Errorf("language: is not a BCP-47 language such as zh-Hans-CN")
	}
	return tag.String(), nil
}

func knownTimeZone(name string) (string, error) {
	// Local is this machine's zone, which no record can mean.
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return "", fmt.Errorf("time zone: is not an IANA time zone such as Asia/Shanghai")
	}
	return name, nil
}

func (v *violations) time(field string, t *timestamppb.Timestamp) {
	if t == nil {
		return
	}
	if err := t.CheckValid(); err != nil {
		v.add(field, "must lie in the years 1 to 9999")
		return
	}
	t.Nanos -= t.GetNanos() % int32(time.Microsecond)
}

func (v *violations) money(field string, m *money.Money) {
	if m == nil {
		return
	}
	if code := m.GetCurrencyCode(); len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		v.add(field+".currency_code", "must be three capital letters, as in ISO 4217")
	}
	if m.GetUnits() < 0 {
		v.add(field+".units", "must not be negative")
	}
	if m.GetNanos() < 0 || m.GetNanos() > 999_999_999 {
		v.add(field+".nanos", "must be 0 to 999,999,999")
	}
}

func (v *violations) address(field string, a *postaladdress.PostalAddress) {
	if region, err := language.ParseRegion(a.GetRegionCode()); err != nil || region.String() != a.GetRegionCode() || len(a.GetRegionCode()) != 2 {
		v.add(field+".region_code", "must be a CLDR region of two capital letters, such as CN")
	}
	if a.GetRevision() != 0 {
		v.add(field+".revision", "must be 0")
	}
	if len(a.GetAddressLines()) > 10 {
		v.add(field+".address_lines", "has more than 10 lines")
	}
	if len(a.GetRecipients()) > 10 {
		v.add(field+".recipients", "has more than 10 entries")
	}
	texts := []struct{ field, text string }{
		{"language_code", a.GetLanguageCode()}, {"postal_code", a.GetPostalCode()}, {"sorting_code", a.GetSortingCode()},
		{"administrative_area", a.GetAdministrativeArea()}, {"locality", a.GetLocality()},
		{"sublocality", a.GetSublocality()}, {"organization", a.GetOrganization()},
	}
	for i, line := range a.GetAddressLines() {
		texts = append(texts, struct{ field, text string }{fmt.Sprintf("address_lines[%d]", i), line})
	}
	for i, recipient := range a.GetRecipients() {
		texts = append(texts, struct{ field, text string }{fmt.Sprintf("recipients[%d]", i), recipient})
	}
	for _, t := range texts {
		if utf8.RuneCountInString(t.text) > maxAddressText {
			v.add(field+"."+t.field, "has more than %d characters", maxAddressText)
		}
	}
}
