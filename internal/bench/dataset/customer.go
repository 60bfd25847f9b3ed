// Package dataset fills the database that benchmarks run on: customers whose every
// field follows from their number, so that one fill equals another.
package dataset

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/contactpoint"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/search"
)

// MaxCustomers is how many customers there can be: their number is in three bytes of
// their id.
const MaxCustomers = 1 << 24

// IDPrefix are the first 16 hexadecimal digits of every customer's id. The other 16 are
// 8000 and the customer's number, which is -2^63 plus the number as a 64-bit integer:
// that is how pgbench, which knows no text, makes an id.
const IDPrefix = "0190000000007000"

// Interval is the time between two customers, Start that of the first.
const Interval = 10 * time.Second

// Start is when the first customer was made.
var Start = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// ID returns the id of the customer of this number.
func ID(n int) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], 0x0190000000007000)
	binary.BigEndian.PutUint64(id[8:], 1<<63|uint64(n)) //nolint:gosec // numbers are not negative
	return id
}

// CreateTime returns when the customer of this number was made.
func CreateTime(n int) time.Time { return Start.Add(time.Duration(n) * Interval) }

// newestFirst is the default order of ListCustomers.
var newestFirst = aip.Order{Field: "create_time", Column: "create_time", Kind: aip.TimeKey, Desc: true}

// PageToken returns the token that ListCustomers, without a filter or an order, would
// give with a page that ends with the customer of this number.
func PageToken(n int) string {
	cursor := aip.Cursor{Time: CreateTime(n), ID: ID(n), Total: aip.CountLimit}
	return cursor.Token(aip.FingerprintOf(newestFirst, "ListCustomers", "", "false"))
}

// externalID is the customer's id in the system that it came from.
func externalID(n int) string { return fmt.Sprintf("C-%08d", n) }

// columns are those of customer that are filled; the others are null.
var columns = []string{
	"lane", "customer_id", "revision", "type", "display_name", "emails", "phones", "postal_addresses",
	"language_code", "time_zone", "external_ids", "tags", "attributes", "owner", "acquisition_source",
	"acquisition_cost_currency", "acquisition_cost_units", "acquisition_cost_nanos", "create_time", "update_time",
}

var (
	cities  = []string{"London", "Manchester", "Bristol", "Leeds", "Glasgow", "Cardiff", "York"}
	levels  = []string{"bronze", "silver", "gold"}
	groups  = []string{"newsletter", "priority", "trial", "wholesale", "expo-2025"}
	sources = []string{"WALK_IN", "ADVERTISEMENT", "CAMPAIGN", "ONLINE", "PARTNER"}
)

func pick[T any](from []T, n, stride int) T { return from[(n/stride)%len(from)] }

func emails(n int) string {
	return fmt.Sprintf(`[{"address": "customer-%d@example.com", "primary": true}]`, n)
}

// phones returns one landline number or that and a mobile one.
func phones(n int) string {
	line, end := n/10000%1000, n%10000
	out := fmt.Sprintf(`[{"number": "020 7%03d %04d", "e164": "+44207%03d%04d", "primary": true}]`, line, end, line, end)
	if n%2 == 0 {
		out = out[:len(out)-1] + fmt.Sprintf(`, {"number": "+44 7400 %06d", "e164": "+447400%06d"}]`, n%1e6, n%1e6)
	}
	return out
}

// searchKeys returns the keys by which the customer is found, as the service makes them.
func searchKeys(n int) []search.Key {
	var c search.Changes
	c.MoveCustomer(ID(n), nil, &rapportv1.Customer{
		DisplayName: name(n), Emails: contactpoint.DecodeEmails(emails(n)), Phones: contactpoint.DecodePhones(phones(n)),
	})
	return c.Added()
}

// customer returns the values of columns of the customer of this number: one e-mail
// address, one or two phone numbers, a postal address, an external id, two tags and
// three attributes.
func customer(n int) []any {
	id, at := ID(n), CreateTime(n)
	kind := "INDIVIDUAL"
	if n%5 == 0 {
		kind = "ORGANIZATION"
	}
	tags := []string{pick(groups, n, 1), fmt.Sprintf("region-%02d", n%40)}
	slices.Sort(tags) // as the service stores them
	return []any{
		db.Lane(id), id, int64(1), kind, name(n), emails(n), phones(n),
		fmt.Sprintf(`[{"region_code": "GB", "postal_code": "EC%dA %dBB", "locality": %q, "address_lines": ["%d High Street", "Flat %d"]}]`,
			n%9+1, n%8+1, pick(cities, n, 2), n%240+1, n%30+1),
		"en-GB", "Europe/London", fmt.Sprintf(`{"crm": %q}`, externalID(n)),
		tags,
		fmt.Sprintf(`{"level": %q, "score": %d.5, "vip": %t}`, pick(levels, n, 1), n%1000, n%50 == 0),
		Staff(n), pick(sources, n, 1), "GBP", int64(n % 500), int32(0), at, at,
	}
}

// externalIDColumns and externalIDRow are the customer's row in external_id.
var externalIDColumns = []string{"key_lane", "source", "id", "customer_lane", "customer_id"}

func externalIDRow(n int) []any {
	id := ID(n)
	return []any{db.KeyLane("crm", externalID(n)), "crm", externalID(n), db.Lane(id), id}
}
