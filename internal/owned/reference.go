package owned

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// Reference is a field that names another record of the same customer. The record must be
// there when it is newly named; what becomes of it later is no concern of who named it.
type Reference[M Message] struct {
	// Field is the field's path in a request, such as interaction.contact.
	Field string
	// Name returns the field, empty where it is unset.
	Name func(M) string
	// Collection, Table and IDColumn say where the named records are.
	Collection      aip.Collection
	Table, IDColumn string
	// Deletable says that the named records can be deleted, and must not be.
	Deletable bool
}

// ToContact is a reference to a contact.
func ToContact[M Message](field string, name func(M) string) Reference[M] {
	return Reference[M]{Field: field, Name: name, Collection: aip.Contacts, Table: "contact", IDColumn: "contact_id", Deletable: true}
}

// ToCase is a reference to a case.
func ToCase[M Message](field string, name func(M) string) Reference[M] {
	return Reference[M]{Field: field, Name: name, Collection: aip.Cases, Table: "support_case", IDColumn: "case_id"}
}

// ToInteraction is a reference to an interaction.
func ToInteraction[M Message](field string, name func(M) string) Reference[M] {
	return Reference[M]{Field: field, Name: name, Collection: aip.Interactions, Table: "interaction", IDColumn: "interaction_id", Deletable: true}
}

// ToPurchase is a reference to a purchase, which may be voided.
func ToPurchase[M Message](field string, name func(M) string) Reference[M] {
	return Reference[M]{Field: field, Name: name, Collection: aip.Purchases, Table: "purchase", IDColumn: "purchase_id"}
}

// named is a record that a message newly names.
type named struct {
	reference int // its place among the resource's
	id        uuid.UUID
}

// requireSQL fails with the logarithm of zero where the customer has no such record. It
// lets a create check the record without a trip of its own, as requireCustomerSQL does.
func (ref *Reference[M]) requireSQL() string {
	return fmt.Sprintf("-- name: Require%s\nSELECT ln(count(*)) FROM %s WHERE lane = $1 AND customer_id = $2 AND %s = $3%s",
		ref.camel(), ref.Table, ref.IDColumn, ref.live())
}

const logarithmOfZero = "2201E"

// namedSQL returns which of many are there.
func (ref *Reference[M]) namedSQL() string {
	return existingSQL("ListNamed"+ref.camel()+"s", ref.Table, ref.IDColumn, ref.live())
}

func (ref *Reference[M]) live() string {
	if ref.Deletable {
		return " AND delete_time IS NULL"
	}
	return ""
}

// noun is what is named, as texts say it.
func (ref *Reference[M]) noun() string { return strings.TrimSuffix(ref.IDColumn, "_id") }

func (ref *Reference[M]) camel() string { return strings.ToUpper(ref.noun()[:1]) + ref.noun()[1:] }

func (ref *Reference[M]) missing() error {
	return apierr.InvalidField(ref.Field, "%s", ref.missingText())
}

func (ref *Reference[M]) missingText() string {
	text := "the customer has no such " + ref.noun()
	if ref.Deletable {
		text += ", or it is deleted"
	}
	return text
}

// newlyNamed returns what a message names that it did not name before, and all that is no
// name of a record of the customer.
func (r *Resource[M, R, P]) newlyNamed(customer uuid.UUID, before, after M) (all []named, err error) {
	var (
		none  M
		wrong apierr.Violations
	)
	for i := range r.References {
		ref := &r.References[i]
		name := ref.Name(after)
		if name == "" || before != none && ref.Name(before) == name {
			continue
		}
		owner, id, err := ref.Collection.ParseName(ref.Field, name)
		if err != nil || owner != customer {
			wrong.Add(ref.Field, "must be the name of one of the customer's %s", ref.Collection)
			continue
		}
		all = append(all, named{i, id})
	}
	return all, wrong.Err()
}

// IDIn is the column for the id of a record that a reference names; the name was checked
// already, or is empty.
func IDIn(name string) pgtype.UUID {
	if name == "" {
		return pgtype.UUID{}
	}
	id, err := uuid.Parse(aip.LastID(name))
	return pgtype.UUID{Bytes: id, Valid: err == nil}
}

// NameOut is the field for the id of a record of the customer that a reference names; nil where
// there is none.
func NameOut(c aip.Collection, customer uuid.UUID, id pgtype.UUID) *string {
	if !id.Valid {
		return nil
	}
	name := c.Name(customer, id.Bytes)
	return &name
}

// require queues the checks of what is newly named, before the record that names it.
func (r *Resource[M, R, P]) require(tx *mutation.Tx, customer uuid.UUID, all []named) {
	for _, n := range all {
		ref := &r.References[n.reference]
		tx.QueueGuarded(func(e *pgconn.PgError) error {
			if e.Code != logarithmOfZero {
				return nil
			}
			return ref.missing()
		}, r.sql.Require[n.reference], db.Lane(customer), db.UUID(customer), db.UUID(n.id))
	}
}

// Named is the field of a filter for a reference: `contact = "customers/…"`. An id is one of its
// customer's only, so the customer is part of the condition.
func Named(c aip.Collection, column string) aip.Field {
	return aip.Custom(func(t *aip.Term) (aip.Condition, error) {
		if t.Op == ":" && t.Value.Present() {
			return aip.Condition{SQL: column + " IS NOT NULL"}, nil
		}
		if t.Op != "=" {
			return aip.Condition{}, t.Refuse("is compared by `=`")
		}
		customer, id, err := c.ParseName("filter", t.Value.Text)
		if err != nil {
			return aip.Condition{}, t.Refuse("is compared with a name, customers/{customer}/%s/{id}", c)
		}
		return aip.Condition{SQL: "lane = " + t.Bind(db.Lane(customer), "smallint") +
			" AND customer_id = " + t.Bind(customer, "uuid") + " AND " + column + " = " + t.Bind(id, "uuid")}, nil
	})
}
