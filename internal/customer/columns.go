package customer

import (
	"github.com/tidwall/gjson"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	"github.com/rapport-crm/rapport/internal/jsoncolumn"
)

func encodeExternalIDs(ids map[string]string) (string, error) {
	if ids == nil {
		ids = map[string]string{}
	}
	return jsoncolumn.Encode(ids)
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
	return jsoncolumn.EncodeList(addresses, func(a *postaladdress.PostalAddress) storedAddress {
		return storedAddress{
			RegionCode: a.GetRegionCode(), LanguageCode: a.GetLanguageCode(), PostalCode: a.GetPostalCode(),
			SortingCode: a.GetSortingCode(), AdministrativeArea: a.GetAdministrativeArea(), Locality: a.GetLocality(),
			Sublocality: a.GetSublocality(), AddressLines: a.GetAddressLines(), Recipients: a.GetRecipients(),
			Organization: a.GetOrganization(),
		}
	})
}

func decodeAddresses(column string) []*postaladdress.PostalAddress {
	return jsoncolumn.DecodeList(column, setAddressPart)
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
