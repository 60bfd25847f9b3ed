// Package contactpoint handles e-mail addresses and phone numbers, which customers
// and contacts share: how they are checked, normalised and stored.
package contactpoint

import (
	"fmt"
	"net/mail"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"github.com/tidwall/gjson"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/jsoncolumn"
)

const maxEmailBytes = 254 // RFC 5321 through erratum 1690

// Emails lower-cases the addresses in place and adds what is wrong with them; the path
// says where they stand in the request.
func Emails(wrong *apierr.Violations, path string, emails []*rapportv1.EmailAddress) {
	seen := make(map[string]bool, len(emails))
	primary := false
	for i, e := range emails {
		at := fmt.Sprintf("%s[%d]", path, i)
		e.Address = NormalEmail(e.GetAddress())
		parsed, err := mail.ParseAddress(e.GetAddress())
		switch {
		case err != nil || parsed.Name != "" || parsed.Address != e.GetAddress():
			wrong.Add(at+".address", "is not an e-mail address such as ada@example.com")
		case len(e.GetAddress()) > maxEmailBytes:
			// Some letters take more bytes in lower case.
			wrong.Add(at+".address", "has more than %d bytes in lower case", maxEmailBytes)
		case seen[e.GetAddress()]:
			wrong.Add(at+".address", "stands in the list twice")
		}
		seen[e.GetAddress()] = true
		onePrimary(wrong, at, &primary, e.GetPrimary())
	}
}

// NormalEmail is the form in which addresses are stored and looked up.
func NormalEmail(address string) string { return strings.ToLower(address) }

// Phones sets the E.164 form of each number in place, empty for what is no valid
// number, and adds what is wrong with the list. The region is the CLDR code by which
// numbers without a leading + are read; it may be empty.
func Phones(wrong *apierr.Violations, path string, phones []*rapportv1.PhoneNumber, region string) {
	seen := make(map[string]bool, len(phones))
	primary := false
	for i, p := range phones {
		at := fmt.Sprintf("%s[%d]", path, i)
		p.E164 = E164(p.GetNumber(), region)
		if seen[p.GetNumber()] {
			wrong.Add(at+".number", "stands in the list twice")
		}
		seen[p.GetNumber()] = true
		onePrimary(wrong, at, &primary, p.GetPrimary())
	}
}

// E164 returns the number in E.164 form, or nothing where it is not a valid number of
// the region or of the country that its + names.
func E164(number, region string) string {
	parsed, err := phonenumbers.Parse(number, region)
	if err != nil || !valid(parsed) {
		return ""
	}
	return phonenumbers.Format(parsed, phonenumbers.E164)
}

// valid is phonenumbers.IsValidNumber, asked of the main region of the country code
// first: most numbers are valid there, and to look for the region costs as much again.
func valid(n *phonenumbers.PhoneNumber) bool {
	main := phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode()))
	return phonenumbers.IsValidNumberForRegion(n, main) || phonenumbers.IsValidNumber(n)
}

func onePrimary(wrong *apierr.Violations, at string, seen *bool, primary bool) {
	if primary && *seen {
		wrong.Add(at+".primary", "is set on more than one of the list")
	}
	*seen = *seen || primary
}

type storedEmail struct {
	Address string `json:"address"`
	Primary bool   `json:"primary,omitempty"`
}

type storedPhone struct {
	Number  string `json:"number"`
	E164    string `json:"e164,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

// EncodeEmails returns the addresses as the JSON of their column.
func EncodeEmails(emails []*rapportv1.EmailAddress) (string, error) {
	return jsoncolumn.EncodeList(emails, func(e *rapportv1.EmailAddress) storedEmail {
		return storedEmail{Address: e.GetAddress(), Primary: e.GetPrimary()}
	})
}

// EncodePhones returns the numbers as the JSON of their column.
func EncodePhones(phones []*rapportv1.PhoneNumber) (string, error) {
	return jsoncolumn.EncodeList(phones, func(p *rapportv1.PhoneNumber) storedPhone {
		return storedPhone{Number: p.GetNumber(), E164: p.GetE164(), Primary: p.GetPrimary()}
	})
}

// DecodeEmails reads what EncodeEmails wrote.
func DecodeEmails(column string) []*rapportv1.EmailAddress {
	return jsoncolumn.DecodeList(column, func(e *rapportv1.EmailAddress, key string, value gjson.Result) {
		switch key {
		case "address":
			e.Address = value.Str
		case "primary":
			e.Primary = value.Bool()
		}
	})
}

// DecodePhones reads what EncodePhones wrote.
func DecodePhones(column string) []*rapportv1.PhoneNumber {
	return jsoncolumn.DecodeList(column, func(p *rapportv1.PhoneNumber, key string, value gjson.Result) {
		switch key {
		case "number":
			p.Number = value.Str
		case "e164":
			p.E164 = value.Str
		case "primary":
			p.Primary = value.Bool()
		}
	})
}
