package search

import (
	"strings"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/contactpoint"
	"github.com/rapport-crm/rapport/internal/searchkey"
)

// Owner is a table whose rows are found by their addresses and numbers.
type Owner struct {
	// Whose is the condition on search_key that leaves the keys of these rows.
	whose string
	// id are the columns of the rows' key, in both tables.
	id []string
}

var (
	// Customers are found by their own keys.
	Customers = Owner{whose: " AND k.contact_id = '00000000-0000-0000-0000-000000000000'::uuid", id: []string{"lane", "customer_id"}}
	// Contacts are found by theirs.
	Contacts = Owner{id: []string{"lane", "customer_id", "contact_id"}}
)

// Emails is the field `emails.address`.
func (o Owner) Emails() aip.Field {
	return o.lookedUp(aip.JSONList("emails", "address", contactpoint.NormalEmail), o.equal(searchkey.EmailKeys))
}

// E164 is the field `phones.e164`.
func (o Owner) E164() aip.Field {
	return o.lookedUp(aip.JSONList("phones", "e164", nil), o.equal(searchkey.E164Keys))
}

// Numbers is the field `phones.number`. What it is compared with is a number as it was
// written; the keys of all numbers that end with its digits are looked at.
func (o Owner) Numbers() aip.Field {
	return o.lookedUp(aip.JSONList("phones", "number", nil), func(t *aip.Term) string {
		var ranges []string
		for _, r := range searchkey.NumberRanges(t.Value.Text) {
			ranges = append(ranges, "k.key >= "+t.Bind(r.Low, "text")+" AND k.key < "+t.Bind(r.High, "text"))
		}
		return "(" + strings.Join(ranges, " OR ") + ")"
	})
}

// equal returns the condition on keys that equal those of a value.
func (o Owner) equal(keys func(value string) []string) func(*aip.Term) string {
	return func(t *aip.Term) string {
		return "k.key = ANY (" + t.Bind(keys(t.Value.Text), "text[]") + ")"
	}
}

// lookedUp is the field with a look-up of its keys before the comparison itself, which
// still decides: a key says less than a value.
func (o Owner) lookedUp(f aip.Field, keys func(*aip.Term) string) aip.Field {
	return aip.LookedUp(f, func(t *aip.Term) aip.Lookup {
		from := " FROM search_key k WHERE " + keys(t) + o.whose + ")"
		k := "k." + strings.Join(o.id, ", k.")
		l := aip.Lookup{SQL: "(" + strings.Join(o.id, ", ") + ") IN (SELECT " + k + from}
		// An array that is read once lets the index of the rows take part in an OR.
		var each []string
		for _, column := range o.id {
			each = append(each, column+" = ANY (ARRAY(SELECT k."+column+from+")")
		}
		l.InOr = strings.Join(each, " AND ")
		return l
	})
}
