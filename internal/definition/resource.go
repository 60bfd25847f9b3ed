// Package definition is what resources have in common by which a company says how it works, such
// as service tiers and surveys. They are few and rarely written, and belong to no customer, so
// their changes go to the lane of their own id. A resource's own package has its row, its rules
// and its fields; package owned is the like of it for what customers own.
package definition

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
)

// Row is a record as its table holds it: a struct with Head embedded.
type Row[R any, M owned.Message] interface {
	*R
	// Own returns the head that is embedded.
	Own() *Head
	// Targets returns where the resource's own columns go and what they are written from.
	Targets() []any
	// Proto returns what the row says of the record; the head's part is added to it.
	Proto() M
	// Set takes over what a client can set from a normalised message.
	Set(M) error
}

// Resource is the description of a resource and serves its standard methods. M is its message, R
// its row and P the pointer to that.
type Resource[M owned.Message, R any, P Row[R, M]] struct {
	// Service has what reads and writes run on.
	owned.Service

	// Singular and Plural are as in the names of the RPCs, such as Survey and Surveys.
	Singular, Plural string
	// Table is the name of the table, what the names of its constraints begin with and, as
	// TABLE_id, the column of its id.
	Table string
	// Columns are the resource's own, in the order of Targets.
	Columns []string
	// Name makes the resource's name of an id, and ParseName the reverse.
	Name      func(id uuid.UUID) string
	ParseName func(field, name string) (uuid.UUID, error)
	// Normalise brings a whole message, as it would be stored, into its stored form in place, and
	// returns all that is wrong with it beyond what the annotations state. Its optional texts that
	// are empty are unset by then.
	Normalise func(M) error
	// Users are the foreign keys that keep a record from being deleted, and InUse says why.
	Users []string
	InUse string
	// NotFound, Exists and Used are the reasons of the refusals.
	NotFound, Exists, Used rapportv1.ErrorReason
	// Fields are those that a filter can name besides the times. Definitions are so few that none
	// needs an index.
	Fields aip.Fields

	columns string
	sql     struct{ get, lock, insert, update, remove string }
}

// Ready makes the statements, once, before the first call.
func (r *Resource[M, R, P]) Ready() {
	all := append(headColumns(r.idColumn()), r.Columns...)
	r.columns = strings.Join(all, ", ")
	values := db.Placeholders(len(all))
	where := "WHERE " + r.idColumn() + " = $1"
	r.sql.get = fmt.Sprintf("-- name: Get%s\nSELECT %s FROM %s %s", r.Singular, r.columns, r.Table, where)
	// It keeps out who changes the record, and not those who refer to it.
	r.sql.lock = fmt.Sprintf("-- name: Lock%s\nSELECT %s FROM %s %s FOR NO KEY UPDATE", r.Singular, r.columns, r.Table, where)
	r.sql.insert = fmt.Sprintf("-- name: Create%s\nINSERT INTO %s (%s) VALUES (%s)", r.Singular, r.Table, r.columns, values)
	// One statement whatever the mask: PostgreSQL writes the whole row anyway.
	r.sql.update = fmt.Sprintf("-- name: Update%s\nUPDATE %s SET (%s) = (%s) %s", r.Singular, r.Table, r.columns, values, where)
	r.sql.remove = fmt.Sprintf("-- name: Delete%s\nDELETE FROM %s %s", r.Singular, r.Table, where)
	fields := aip.Fields{"create_time": aip.Timestamp("create_time"), "update_time": aip.Timestamp("update_time")}
	maps.Copy(fields, r.Fields)
	r.Fields = fields
}

func (r *Resource[M, R, P]) idColumn() string { return r.Table + "_id" }

// noun is the resource in texts.
func (r *Resource[M, R, P]) noun() string { return strings.ReplaceAll(r.Table, "_", " ") }

// normalise is Normalise with what all messages need.
func (r *Resource[M, R, P]) normalise(m M) error {
	aip.UnsetEmpty(m)
	return r.Normalise(m)
}

// Get returns the record that a request names.
func (r *Resource[M, R, P]) Get(ctx context.Context, req owned.GetRequest) (M, error) {
	id, err := r.ParseName("name", req.GetName())
	if err != nil {
		var none M
		return none, err
	}
	return r.Find(ctx, id)
}

// Find returns the record of the id.
func (r *Resource[M, R, P]) Find(ctx context.Context, id uuid.UUID) (M, error) {
	var none M
	rows, _ := r.DB.Query(ctx, r.sql.get, db.UUID(id))
	found, err := db.CollectRow[record[R, M, P]](rows)
	if errors.Is(err, pgx.ErrNoRows) {
		return none, r.Missing(id)
	}
	if err != nil {
		return none, err
	}
	return r.whole(&found.row), nil
}

// Queue queues the reading of the record in a transaction; done is called with it where there is
// one.
func (r *Resource[M, R, P]) Queue(tx *mutation.Tx, id uuid.UUID, done func(M)) {
	r.queue(tx, r.sql.get, id, func(row P) { done(r.whole(row)) })
}

func (r *Resource[M, R, P]) queue(tx *mutation.Tx, sql string, id uuid.UUID, done func(P)) {
	tx.Queue(sql, db.UUID(id)).Query(func(rows pgx.Rows) error {
		found, err := db.CollectRows[record[R, M, P]](rows)
		if err == nil && len(found) > 0 {
			done(&found[0].row)
		}
		return err
	})
}

// Missing is the answer where there is no record of the id.
func (r *Resource[M, R, P]) Missing(id uuid.UUID) error {
	return apierr.NotFound(r.NotFound, r.Name(id))
}

// note notes what the transaction changes, behind what it queued.
func (r *Resource[M, R, P]) note(tx *mutation.Tx, kind rapportv1.Change_Type, row P, before, after M) error {
	fields, err := change.Diff(before, after)
	if err == nil {
		h := row.Own()
		tx.Record(change.Record{CustomerID: h.ID, Resource: r.Name(h.ID), Type: kind, Fields: fields, Time: tx.Later(h.UpdateTime)})
	}
	return err
}
