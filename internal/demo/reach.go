package demo

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// domains are those that nobody can own, RFC 2606.
var domains = []string{"example.com", "mail.example.com", "example.net", "post.example.org", "example.org"}

// emails returns the addresses of the customer: none, one or two.
func (p *Persona) emails() []*rapportv1.EmailAddress {
	r := p.random("emails")
	if chance(r, 0.06) {
		return nil
	}
	if p.organization {
		out := []*rapportv1.EmailAddress{{Address: pick(r, []string{"info", "office", "orders", "hello"}) + "@" + p.domain(), Primary: true}}
		if chance(r, 0.3) {
			out = append(out, &rapportv1.EmailAddress{Address: "invoices@" + p.domain()})
		}
		return out
	}
	out := []*rapportv1.EmailAddress{{Address: p.mailbox(r) + "@" + pick(r, domains)}}
	if chance(r, 0.15) {
		out[0].Primary = true
		out = append(out, &rapportv1.EmailAddress{Address: p.mailbox(r) + "@work.example.com"})
		if out[0].GetAddress() == out[1].GetAddress() {
			out = out[:1]
		}
	}
	return out
}

// mailbox returns one that is nobody else's most of the time: families share some.
func (p *Persona) mailbox(r *rand.Rand) string {
	given, family := p.name.given.latin, p.name.family.latin
	switch how := r.Float64(); {
	case how < 0.03: // RFC 6532
		return strings.ToLower(strings.ReplaceAll(p.name.given.text+strconv.Itoa(p.number), " ", "."))
	case how < 0.08:
		return given + "." + family
	case how < 0.60:
		return fmt.Sprintf("%s.%s%d", given, family, p.number)
	case how < 0.80:
		return fmt.Sprintf("%s.%s.%d", given[:1], family, p.number)
	default:
		return fmt.Sprintf("%s_%d", family, p.number)
	}
}

// domain is the organisation's own.
func (p *Persona) domain() string {
	return fmt.Sprintf("%s-%s-%d.example.com", p.name.family.latin, p.industry, p.number)
}

// phones returns the numbers of the customer. Where there is an address, which says the
// country, some are written as people of that country write them.
func (p *Persona) phones(addresses []*postaladdress.PostalAddress) []*rapportv1.PhoneNumber {
	r := p.random("phones")
	kinds := []phonenumbers.PhoneNumberType{phonenumbers.MOBILE, phonenumbers.FIXED_LINE}
	if p.organization {
		kinds[0], kinds[1] = kinds[1], kinds[0]
	}
	switch how := r.Float64(); {
	case how < 0.08:
		kinds = nil
	case how < 0.75:
		kinds = kinds[:1]
	}
	var out []*rapportv1.PhoneNumber
	for i, kind := range kinds {
		form := pick(r, []phonenumbers.PhoneNumberFormat{phonenumbers.INTERNATIONAL, phonenumbers.NATIONAL, phonenumbers.E164})
		if form == phonenumbers.NATIONAL && len(addresses) == 0 {
			form = phonenumbers.INTERNATIONAL
		}
		out = append(out, &rapportv1.PhoneNumber{Number: phone(r, p.home.region, kind, form), Primary: i == 0 && len(kinds) > 1})
	}
	return out
}

// phone makes up a number: the example that libphonenumber has of this kind, with other
// digits but the first, and still valid.
func phone(r *rand.Rand, region string, kind phonenumbers.PhoneNumberType, form phonenumbers.PhoneNumberFormat) string {
	example := phonenumbers.GetExampleNumberForType(region, kind)
	national := []byte(phonenumbers.GetNationalSignificantNumber(example))
	for range 40 {
		for i := 1; i < len(national); i++ {
			national[i] = '0' + byte(r.IntN(10)) //nolint:gosec // a digit
		}
		n, err := phonenumbers.Parse(fmt.Sprintf("+%d%s", example.GetCountryCode(), national), "")
		if err != nil || !phonenumbers.IsValidNumberForRegion(n, region) {
			continue
		}
		if is := phonenumbers.GetNumberType(n); is == kind || is == phonenumbers.FIXED_LINE_OR_MOBILE {
			return phonenumbers.Format(n, form)
		}
	}
	return phonenumbers.Format(example, form)
}

// addresses returns where the customer gets its post: nowhere that is known, at one
// place or at two.
func (p *Persona) addresses() []*postaladdress.PostalAddress {
	r := p.random("addresses")
	if chance(r, 0.07) {
		return nil
	}
	out := []*postaladdress.PostalAddress{p.address(r, p.city)}
	if chance(r, 0.06) {
		out = append(out, p.address(r, pick(r, p.home.cities)))
	}
	return out
}

func (p *Persona) address(r *rand.Rand, at city) *postaladdress.PostalAddress {
	low := r.Float64()
	line := strings.NewReplacer("{street}", pick(r, p.home.streets).text, "{no}", strconv.Itoa(1+int(low*low*180))).Replace(p.home.line)
	a := &postaladdress.PostalAddress{
		RegionCode: p.home.region, LanguageCode: p.home.language, PostalCode: digits(r, at.postalCode),
		AdministrativeArea: at.area, Locality: at.name, AddressLines: []string{line},
	}
	if p.organization {
		a.Organization = p.name.display
	} else if chance(r, 0.2) {
		a.Recipients = []string{p.name.display}
	}
	return a
}
