package owned

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// place is where a record is, and keyed the external id of one.
type (
	place struct{ customer, id uuid.UUID }
	keyed struct {
		customer uuid.UUID
		key      externalKey
	}
)

// there is what a batch has found in the database before it writes, and what it adds.
type there struct {
	owners owners
	// named are the records that the entries name, by the statement that read them.
	named map[string]map[place]bool
	// ids and keys are those of records of the resource itself.
	ids  map[place]bool
	keys map[keyed]bool
	// refuses says what Look has found; nil where there is no Look.
	refuses func(i int) error
}

// existingSQL returns which of many records a table has.
func existingSQL(name, table, id, and string) string {
	return fmt.Sprintf(`-- name: %s
SELECT customer_id, %s FROM %s JOIN unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS wanted (wanted_lane, wanted_customer, wanted_id)
ON lane = wanted_lane AND customer_id = wanted_customer AND %[2]s = wanted_id%[4]s`, name, id, table, and)
}

// externalIDsSQL returns which of many external ids customers' records have.
func (r *Resource[M, R, P]) externalIDsSQL() string {
	return fmt.Sprintf(`-- name: ListExisting%sByExternalID
SELECT customer_id, %s, %s FROM %s
JOIN unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[]) AS wanted (wanted_lane, wanted_customer, wanted_source, wanted_id)
ON lane = wanted_lane AND customer_id = wanted_customer AND %[2]s = wanted_source AND %[3]s = wanted_id`,
		r.Plural, r.ExternalColumns[0], r.ExternalColumns[1], r.Table)
}

// externalID is the external_id of a message that has one, else empty.
func externalID(m any) externalKey {
	if m, ok := m.(interface{ GetExternalId() *rapportv1.ExternalId }); ok {
		return keyOf(m.GetExternalId())
	}
	return externalKey{}
}

// look locks the customers of a batch and reads all that decides on its entries: in one
// trip or, where an entry names its customer by an external id, in two.
func (r *Resource[M, R, P]) look(ctx context.Context, tx *mutation.Tx, children []child[M, P]) (*there, error) {
	t := &there{named: map[string]map[place]bool{}, ids: map[place]bool{}, keys: map[keyed]bool{}}
	all := make([]owner, len(children))
	for i, c := range children {
		all[i] = c.owner
	}
	t.owners.share(tx, all)
	if t.owners.byKey {
		if err := tx.Fetch(ctx); err != nil {
			return nil, err
		}
		for i := range children {
			if c := &children[i]; c.owner.customer == uuid.Nil {
				c.owner.customer, c.err = t.owners.find(c.owner)
			}
		}
	}
	wanted := map[string]*places{}
	var ids places
	var keys []keyed
	var entries []Wanted[M]
	for i := range children {
		c := &children[i]
		if c.row = P(new(R)); c.err != nil {
			continue
		}
		if c.err = r.brings(c.row, c.req); c.err != nil {
			continue
		}
		var none M
		customer := c.owner.customer
		c.refers, c.err = r.newlyNamed(customer, none, c.value)
		for _, n := range c.refers {
			sql := r.sql.Named[n.reference]
			if wanted[sql] == nil {
				wanted[sql], t.named[sql] = &places{}, map[place]bool{}
			}
			wanted[sql].add(place{customer, n.id})
		}
		if c.given {
			ids.add(place{customer, c.id})
		}
		if key := externalID(c.value); key != (externalKey{}) {
			keys = append(keys, keyed{customer, key})
		}
		if r.Load != nil {
			r.Load(tx, customer, c.row)
		}
		c.looked = len(entries)
		entries = append(entries, Wanted[M]{customer, r.Collection.Name(customer, c.id), c.value})
	}
	for sql, places := range wanted {
		places.read(tx, sql, t.named[sql])
	}
	ids.read(tx, r.sql.Existing, t.ids)
	readKeys(tx, r.sql.ExternalIDs, keys, t.keys)
	if r.Look != nil {
		t.refuses = r.Look(tx, entries)
	}
	return t, tx.Fetch(ctx)
}

// places are records to look for.
type places struct {
	lanes          []int16
	customers, ids []pgtype.UUID
}

func (p *places) add(at place) {
	p.lanes = append(p.lanes, db.Lane(at.customer))
	p.customers, p.ids = append(p.customers, db.UUID(at.customer)), append(p.ids, db.UUID(at.id))
}

// read queues the look for them, which adds to found.
func (p *places) read(tx *mutation.Tx, sql string, found map[place]bool) {
	if len(p.ids) == 0 {
		return
	}
	tx.Queue(sql, p.lanes, p.customers, p.ids).Query(func(rows pgx.Rows) error {
		var at place
		_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&at.customer), (*[16]byte)(&at.id)}, func() error {
			found[at] = true
			return nil
		})
		return err
	})
}

// readKeys queues the look for external ids, which adds to found.
func readKeys(tx *mutation.Tx, sql string, wanted []keyed, found map[keyed]bool) {
	if len(wanted) == 0 {
		return
	}
	n := len(wanted)
	lanes, customers, sources, ids := make([]int16, n), make([]pgtype.UUID, n), make([]string, n), make([]string, n)
	for i, k := range wanted {
		lanes[i], customers[i], sources[i], ids[i] = db.Lane(k.customer), db.UUID(k.customer), k.key.source, k.key.id
	}
	tx.Queue(sql, lanes, customers, sources, ids).Query(func(rows pgx.Rows) error {
		var k keyed
		_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&k.customer), &k.key.source, &k.key.id}, func() error {
			found[k] = true
			return nil
		})
		return err
	})
}
