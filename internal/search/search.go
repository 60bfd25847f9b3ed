// Package search keeps the table of the keys by which customers are found: its rows
// follow from the customers and contacts, and change with them in their transactions.
// Package searchkey says which keys there are.
package search

import (
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/searchkey"
)

// insertSQL writes the keys of one customer or contact.
const insertSQL = `-- name: CreateSearchKeys
INSERT INTO search_key (lane, customer_id, contact_id, key)
SELECT $1::smallint, $2::uuid, $3::uuid, key FROM unnest($4::text[]) AS key`

// insertManySQL writes those of many.
const insertManySQL = `-- name: CreateManySearchKeys
INSERT INTO search_key (lane, customer_id, contact_id, key)
SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[])`

// deleteSQL finds rows by their key, the one index there is.
const deleteSQL = `-- name: DeleteSearchKeys
DELETE FROM search_key USING unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[]) AS gone (lane, customer_id, contact_id, key)
WHERE search_key.key = gone.key AND search_key.lane = gone.lane AND search_key.customer_id = gone.customer_id
AND search_key.contact_id IS NOT DISTINCT FROM gone.contact_id`

// Key is a row of the table of keys.
type Key struct {
	Customer uuid.UUID
	// Contact is the contact that the customer is found by. It is not valid where that
	// is the customer itself.
	Contact pgtype.UUID
	Key     string
}

// Columns are those of the table of keys, in the order of Values.
var Columns = []string{"lane", "customer_id", "contact_id", "key"}

// Values are the key as a row to copy into the table.
func (k Key) Values() []any {
	return []any{db.Lane(k.Customer), db.UUID(k.Customer), k.Contact, k.Key}
}

// Changes are the keys that customers and contacts lose and gain.
type Changes struct{ gone, added []Key }

// MoveCustomer notes that a customer, as stored, turned from before into after. One that
// is new has no before.
func (c *Changes) MoveCustomer(id uuid.UUID, before, after *rapportv1.Customer) {
	if before != nil && before.GetDisplayName() == after.GetDisplayName() && alike(before, after) {
		return
	}
	c.move(id, pgtype.UUID{}, searchkey.Customer(before), searchkey.Customer(after))
}

// MoveContact notes that a contact, as stored, turned from before into after. One that is
// new has no before.
func (c *Changes) MoveContact(customer, contact uuid.UUID, before, after *rapportv1.Contact) {
	if before != nil && alike(before, after) {
		return
	}
	c.move(customer, db.UUID(contact), searchkey.Contact(before), searchkey.Contact(after))
}

// reachable is what customers and contacts have in common here.
type reachable interface {
	GetEmails() []*rapportv1.EmailAddress
	GetPhones() []*rapportv1.PhoneNumber
	GetDeleteTime() *timestamppb.Timestamp
}

// alike tells whether two states of a record have the same addresses and numbers, and
// are both live or both deleted. Most updates change something else, and are spared the
// work on keys.
func alike(a, b reachable) bool {
	return (a.GetDeleteTime() == nil) == (b.GetDeleteTime() == nil) &&
		slices.EqualFunc(a.GetEmails(), b.GetEmails(), func(x, y *rapportv1.EmailAddress) bool { return x.GetAddress() == y.GetAddress() }) &&
		slices.EqualFunc(a.GetPhones(), b.GetPhones(), func(x, y *rapportv1.PhoneNumber) bool {
			return x.GetNumber() == y.GetNumber() && x.GetE164() == y.GetE164()
		})
}

// Remove notes that a record is gone with all its keys; a contact that is not valid is
// the customer itself.
func (c *Changes) Remove(customer uuid.UUID, contact pgtype.UUID, stored searchkey.Stored) {
	c.move(customer, contact, stored.Keys(), nil)
}

func (c *Changes) move(customer uuid.UUID, contact pgtype.UUID, old, now []string) {
	c.gone = appendMissing(c.gone, customer, contact, old, now)
	c.added = appendMissing(c.added, customer, contact, now, old)
}

// appendMissing appends the keys that stand in a but not in b.
func appendMissing(keys []Key, customer uuid.UUID, contact pgtype.UUID, a, b []string) []Key {
	for _, key := range a {
		if !slices.Contains(b, key) {
			keys = append(keys, Key{customer, contact, key})
		}
	}
	return keys
}

// Added returns the keys that were gained, for whoever copies many of them into the
// table at once.
func (c *Changes) Added() []Key { return c.added }

// queuer is a transaction or a batch.
type queuer interface {
	Queue(sql string, args ...any) *pgx.QueuedQuery
}

// Queue queues the changes, one statement for what goes and one for what comes. No two
// customers share a row, so whoever holds the customers waits for nobody here.
func (c *Changes) Queue(to queuer) {
	if len(c.gone) > 0 {
		to.Queue(deleteSQL, arrays(c.gone)...)
	}
	switch {
	case len(c.added) == 0:
	case slices.ContainsFunc(c.added, func(k Key) bool { return k.Customer != c.added[0].Customer || k.Contact != c.added[0].Contact }):
		to.Queue(insertManySQL, arrays(c.added)...)
	default:
		keys := make([]string, len(c.added))
		for i, k := range c.added {
			keys[i] = k.Key
		}
		of := c.added[0]
		to.Queue(insertSQL, db.Lane(of.Customer), db.UUID(of.Customer), of.Contact, keys)
	}
}

// arrays returns the columns of the keys.
func arrays(keys []Key) []any {
	lanes, texts := make([]int16, len(keys)), make([]string, len(keys))
	customers, contacts := make([]pgtype.UUID, len(keys)), make([]pgtype.UUID, len(keys))
	for i, k := range keys {
		lanes[i], customers[i], contacts[i], texts[i] = db.Lane(k.Customer), db.UUID(k.Customer), k.Contact, k.Key
	}
	return []any{lanes, customers, contacts, texts}
}
