package customer

import (
	"github.com/tidwall/gjson"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	"github.com/rapport-crm/rapport/internal/contactpoint"
)

// The JSON columns are decoded once for each row of a page, so decoding walks the
// text instead of going through the reflection of encoding/json.

func encodeExternalIDs(ids map[string]string) (string, error) {
	if ids == nil {
		ids = map[string]string{}
	}
	return contactpoint.JSON(ids)
}

func decodeExternalIDs(column string) map[string]string {
	var ids map[string]string
	gjson.Parse(column).ForEach(func(key, value gjson.Result) bool {
		if ids == nil {
			ids = make(map[string]string)
		}
		ids[key.Str] = value.Str
		return true
	})
	return ids
}

// storedAddress is google.type.PostalAddress in its column.
type storedAddress struct {
	RegionCode         string   `json:"region_code"`
	LanguageCode       string   `json:"language_code,omitempty"`
	PostalCode         string   `json:"postal_code,omitempty"`
	SortingCode        string   `json:"sorting_code,omitempty"`
	AdministrativeArea string   `json:"administrative_area,omitempty"`
	Locality           string   `json:"locality,omitempty"`
	Sublocality        string   `json:"sublocality,omitempty"`
	AddressLines       []string `json:"address_lines,omitempty"`
	Recipients         []string `json:"recipients,omitempty"`
	Organization       string   `json:"organization,omitempty"`
}

func encodeAddresses(addresses []*postaladdress.PostalAddress) (string, error) {
	stored := make([]storedAddress, len(addresses))
	for i, a := range addresses {
		stored[i] = storedAddress{
			RegionCode: a.GetRegionCode(), LanguageCode: a.GetLanguageCode(), PostalCode: a.GetPostalCode(),
			SortingCode: a.GetSortingCode(), AdministrativeArea: a.GetAdministrativeArea(), Locality: a.GetLocality(),
			Sublocality: a.GetSublocality(), AddressLines: a.GetAddressLines(), Recipients: a.GetRecipients(),
			Organization: a.GetOrganization(),
		}
	}
	return contactpoint.JSON(stored)
}

func decodeAddresses(column string) (addresses []*postaladdress.PostalAddress) {
	gjson.Parse(column).ForEach(func(_, item gjson.Result) bool {
		a := &postaladdress.PostalAddress{}
		item.ForEach(func(key, value gjson.Result) bool {
			setAddressPart(a, key.Str, value)
			return true
		})
		addresses = append(addresses, a)
		return true
	})
	return addresses
}

func setAddressPart(a *postaladdress.PostalAddress, key string, value gjson.Result) {
	switch key {
	case "region_code":
		a.RegionCode = value.Str
	case "language_code":
		a.LanguageCode = value.Str
	case "postal_code":
		a.PostalCode = value.Str
	case "sorting_code":
		a.SortingCode = value.Str
	case "administrative_area":
		a.AdministrativeArea = value.Str
	case "locality":
		a.Locality = value.Str
	case "sublocality":
		a.Sublocality = value.Str
	case "address_lines":
		a.AddressLines = texts(value)
	case "recipients":
		a.Recipients = texts(value)
	case "organization":
		a.Organization = value.Str
	}
}

func texts(list gjson.Result) (out []string) {
	list.ForEach(func(_, item gjson.Result) bool {
		out = append(out, item.Str)
		return true
	})
	return out
}
