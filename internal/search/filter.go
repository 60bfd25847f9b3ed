package search

import (
	"strings"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/contactpoint"
	"github.com/rapport-crm/rapport/internal/searchkey"
)

// Emails is the field `emails.address` of customers or contacts.
func Emails() aip.Field {
	return lookedUp(aip.JSONList("emails", "address", contactpoint.NormalEmail), equal(searchkey.EmailKeys))
}

// E164 is the field `phones.e164` of customers or contacts.
func E164() aip.Field {
	return lookedUp(aip.JSONList("phones", "e164", nil), equal(searchkey.E164Keys))
}

// Numbers is the field `phones.number` of customers or contacts. What it is compared with is a number as it was
// written; the keys of all numbers that end with its digits are looked at.
func Numbers() aip.Field {
	return lookedUp(aip.JSONList("phones", "number", nil), func(t *aip.Term) string {
		var ranges []string
		for _, r := range searchkey.NumberRanges(t.Value.Text) {
			ranges = append(ranges, "k.key >= "+t.Bind(r.Low, "text")+" AND k.key < "+t.Bind(r.High, "text"))
		}
		return "(" + strings.Join(ranges, " OR ") + ")"
	})
}

// equal returns the condition on keys that equal those of a value.
func equal(keys func(value string) []string) func(*aip.Term) string {
	return func(t *aip.Term) string {
		return "k.key = ANY (" + t.Bind(keys(t.Value.Text), "text[]") + ")"
	}
}

// lookedUp is the field with a look-up of its keys before the comparison itself, which
// still decides: a key says less than a value, and only which customer it leads to, not
// whether by itself or by a contact.
func lookedUp(f aip.Field, keys func(*aip.Term) string) aip.Field {
	return aip.LookedUp(f, func(t *aip.Term) aip.Lookup {
		from := " FROM search_key k WHERE " + keys(t) + ")"
		return aip.Lookup{
			SQL: "(lane, customer_id) IN (SELECT k.lane, k.customer_id" + from,
			// Arrays that are read once let the index of the records take part in an OR.
			InOr: "lane = ANY (ARRAY(SELECT k.lane" + from + ") AND customer_id = ANY (ARRAY(SELECT k.customer_id" + from + ")",
		}
	})
}
