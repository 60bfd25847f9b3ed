// Package owned is what all resources have in common that belong to a customer, such as
// its contacts: the five standard methods, undelete, batches, and everything that the API
// promises of them. A resource's own package has its row, its rules and its fields; what
// stands here it never says again.
package owned

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// Service is what the resources of one service share.
type Service struct {
	// DB is what reads run on.
	DB *db.Pool
	// Mutations runs what changes something.
	Mutations *mutation.Runner
	// PurgeAfter is how long a deleted record can be undeleted.
	PurgeAfter time.Duration
	// RequireEtag makes updates and deletes without an etag fail with ETAG_REQUIRED.
	RequireEtag bool
	// Validate checks a request of a batch by the annotations, where the batch as a whole
	// was not refused for it.
	Validate func(proto.Message) error
}

// Message is the message of a resource.
type Message interface {
	comparable
	proto.Message
	GetName() string
	GetEtag() string
}

// Row is a record as its table holds it: a struct with Head or Permanent embedded.
type Row[R any, M Message] interface {
	*R
	// Own returns the head that is embedded.
	Own() *Head
	// Targets returns where the resource's own columns go and what they are written from.
	Targets() []any
	// Proto returns what the row says of the record at the given time: a promise can be
	// overdue that nobody touched. Whole adds what the head says. The message shares no
	// memory with the row, which may be changed afterwards.
	Proto(now time.Time) M
	// Set takes over what a client can set from a normalised message.
	Set(M) error
}

// Resource is the description of a resource and serves its standard methods. M is its
// message, R its row and P the pointer to that.
type Resource[M Message, R any, P Row[R, M]] struct {
	Service

	// Collection says how names are made, customers/*/COLLECTION/*.
	Collection aip.Collection
	// Singular and Plural are as in the names of the RPCs, such as Contact and Contacts.
	Singular, Plural string
	// Table is the name of the table, and what the names of its constraints begin with.
	Table string
	// Noun is the resource in requests and texts, and NOUN_id the column of its id; it is
	// the table where that needs no other name.
	Noun string
	// Columns are the resource's own, in the order of Targets.
	Columns []string
	// ExternalColumns are those of the source and the id of the external_id of a resource
	// that has one, whose unique key is TABLE_external_id_key.
	ExternalColumns [2]string
	// References are the fields that name other records of the same customer.
	References []Reference[M]
	// Normalise brings a whole message, as it would be stored, into its stored form in
	// place, and returns all that is wrong with it beyond what the annotations state. Its
	// optional texts that are empty are unset by then.
	Normalise func(M) error
	// Load queues the reading of what a row needs, of its customer or of other tables,
	// before it can be set or altered; it may be nil. It costs a create a round trip. The
	// row's own columns are filled by then only where the record is there.
	Load func(tx *mutation.Tx, customer uuid.UUID, row P)
	// Brings notes in a new row what its create says beside the record, or refuses that; it may
	// be nil.
	Brings func(row P, req CreateRequest) error
	// Check refuses what the state of the record does not allow, once the row is set, with
	// FAILED_PRECONDITION; it may be nil. A record that is made has no before.
	Check func(row P, before, after M) error
	// Refused maps constraints of the resource's own to errors about the named record;
	// it may be nil, and returns nil for those that it does not know.
	Refused func(e *pgconn.PgError, name string) error
	// Look queues the reading of what else decides on the entries of a batch, and returns what
	// refuses the entry of a number once that is read, as Refused would; it may be nil.
	Look func(tx *mutation.Tx, entries []Wanted[M]) (refuses func(i int) error)
	// Along makes what comes along with a record that is made, behind its statements in the
	// same transaction; it may be nil.
	Along func(ctx context.Context, tx *mutation.Tx, made Moved[M, P]) error
	// Follow queues what else has to change with the records, behind their own statements
	// in the same transaction, once for all of a batch; it may be nil.
	Follow func(tx *mutation.Tx, moved []Moved[M, P])
	// NotFound, Exists and Deleted are the reasons of the common refusals.
	NotFound, Exists, Deleted rapportv1.ErrorReason
	// Fields are those that a filter can name besides the times that all records have and
	// the external id; Orders those by which the records of all
	// customers can be listed, each with an index; OrdersOfOne are those by which one
	// customer's, who has few, can be listed besides.
	Fields aip.Fields
	// FieldsAt returns further ones, which depend on the time; it may be nil. A page tells of
	// the moment at which it is read, the next one of a later moment.
	FieldsAt    func(now time.Time) aip.Fields
	Orders      map[string]aip.OrderColumn
	OrdersOfOne map[string]aip.OrderColumn
	// DefaultOrder is that of a list which asks for none; unset, the records made last
	// come first.
	DefaultOrder aip.Order

	columns string
	sql     Statements
}

// Wanted is a record that an entry of a batch is to make.
type Wanted[M Message] struct {
	Customer uuid.UUID
	Name     string
	Value    M
}

// Moved is a record that was written, with what it was and what it is. A record that is
// made has no Before; a deleted one has its delete_time in After, one that is removed no After.
type Moved[M Message, P any] struct {
	Row           P
	Before, After M
}

// Statements are the SQL of a resource, but for its lists. Existing and ExternalIDs read
// which of the ids and of the external ids of a batch are there already.
type Statements struct {
	Get, Lock, Insert, Update, Remove, RequireCustomer, ShareCustomers, Existing, ExternalIDs string
	// Require and Named are those of References, in their order.
	Require, Named []string
}

// Statements returns the SQL, for tests of plans.
func (r *Resource[M, R, P]) Statements() Statements { return r.sql }

// Ready makes the statements, once, before the first call.
func (r *Resource[M, R, P]) Ready() {
	if r.Noun == "" {
		r.Noun = r.Table
	}
	r.Fields = r.fields()
	id := r.idColumn()
	all := append(headColumns(id, r.permanent()), r.Columns...)
	r.columns = strings.Join(all, ", ")
	values := db.Placeholders(len(all))
	where := "WHERE lane = $1 AND customer_id = $2 AND " + id + " = $3"
	r.sql = Statements{
		Get:    fmt.Sprintf("-- name: Get%s\nSELECT %s FROM %s %s", r.Singular, r.columns, r.Table, where),
		Lock:   fmt.Sprintf("-- name: Lock%s\nSELECT %s FROM %s %s FOR NO KEY UPDATE", r.Singular, r.columns, r.Table, where),
		Insert: fmt.Sprintf("-- name: Create%s\nINSERT INTO %s (%s) VALUES (%s)", r.Singular, r.Table, r.columns, values),
		// One statement whatever the mask: PostgreSQL writes the whole row anyway.
		Update:          fmt.Sprintf("-- name: Update%s\nUPDATE %s SET (%s) = (%s) %s", r.Singular, r.Table, r.columns, values, where),
		Remove:          fmt.Sprintf("-- name: Delete%s\nDELETE FROM %s %s", r.Singular, r.Table, where),
		RequireCustomer: requireCustomerSQL, ShareCustomers: shareCustomersSQL,
		Existing: existingSQL("ListExisting"+r.Plural, r.Table, id, ""),
	}
	if r.external() {
		r.sql.ExternalIDs = r.externalIDsSQL()
	}
	for _, ref := range r.References {
		r.sql.Require = append(r.sql.Require, ref.requireSQL())
		r.sql.Named = append(r.sql.Named, ref.namedSQL())
	}
}

func (r *Resource[M, R, P]) permanent() bool { return isPermanent(P(new(R))) }

func (r *Resource[M, R, P]) external() bool { return r.ExternalColumns[0] != "" }

func (r *Resource[M, R, P]) idColumn() string { return r.Noun + "_id" }

// field is the request's field that holds the resource, as paths of errors begin.
func (r *Resource[M, R, P]) field() string { return r.Noun }

func (r *Resource[M, R, P]) name(row P) string {
	h := row.Own()
	return r.Collection.Name(h.CustomerID, h.ID)
}

func (r *Resource[M, R, P]) proto(row P, now time.Time) M {
	return Whole[M, R, P](r.Collection, row, now)
}

func (r *Resource[M, R, P]) normalise(m M) error {
	aip.UnsetEmpty(m)
	return r.Normalise(m)
}

// fields are all that a filter can name.
func (r *Resource[M, R, P]) fields() aip.Fields {
	all := aip.Fields{"create_time": aip.Timestamp("create_time"), "update_time": aip.Timestamp("update_time")}
	if !r.permanent() {
		all["delete_time"] = aip.Timestamp("delete_time")
	}
	if r.external() {
		all["external_id.source"], all["external_id.id"] = aip.Text(r.ExternalColumns[0]), aip.Text(r.ExternalColumns[1])
	}
	maps.Copy(all, r.Fields)
	return all
}
