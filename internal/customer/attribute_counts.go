package customer

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// countAttributesSQL locks its rows in the order of the arrays.
const countAttributesSQL = `-- name: CountAttributes
INSERT INTO attribute_key (lane, key, value_type, customer_count)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::bigint[])
ON CONFLICT (lane, key, value_type) DO UPDATE SET customer_count = attribute_key.customer_count + excluded.customer_count`

// attributeCounts are the changes in how many live customers have which attributes.
type attributeCounts struct{ deltas []attributeDelta }

// attributeDelta is by how many customers more, or fewer, a count changes.
type attributeDelta struct {
	lane int16
	key  string
	kind rapportv1.AttributeKey_ValueType
	n    int64
}

// move notes what turns a customer from before into after. One that is deleted, or not
// there, has no attributes that count.
func (c *attributeCounts) move(id uuid.UUID, before, after *rapportv1.Customer) {
	old, now := counted(before), counted(after)
	c.add(id, old, now, -1)
	c.add(id, now, old, +1)
}

func counted(c *rapportv1.Customer) map[string]*rapportv1.AttributeValue {
	if c.GetDeleteTime() != nil {
		return nil
	}
	return c.GetAttributes()
}

// add notes what stands in a but not, or not of the same type, in b.
func (c *attributeCounts) add(id uuid.UUID, a, b map[string]*rapportv1.AttributeValue, n int64) {
	for key, value := range a {
		kind := valueType(value)
		if other, ok := b[key]; !ok || valueType(other) != kind {
			c.deltas = append(c.deltas, attributeDelta{db.Lane(id), key, kind, n})
		}
	}
}

func valueType(a *rapportv1.AttributeValue) rapportv1.AttributeKey_ValueType {
	switch a.GetKind().(type) {
	case *rapportv1.AttributeValue_DoubleValue:
		return rapportv1.AttributeKey_DOUBLE
	case *rapportv1.AttributeValue_BoolValue:
		return rapportv1.AttributeKey_BOOL
	case *rapportv1.AttributeValue_TimestampValue:
		return rapportv1.AttributeKey_TIMESTAMP
	default:
		return rapportv1.AttributeKey_STRING
	}
}

// queue queues the changes in one statement. Like all rows that transactions share,
// those of the counts are locked in one order.
func (c *attributeCounts) queue(tx *mutation.Tx) {
	if len(c.deltas) == 0 {
		return
	}
	slices.SortFunc(c.deltas, byAttributeKey)
	n := len(c.deltas)
	lanes, keys, kinds, counts := make([]int16, 0, n), make([]string, 0, n), make([]string, 0, n), make([]int64, 0, n)
	for start := 0; start < len(c.deltas); {
		d, sum, end := c.deltas[start], int64(0), start
		for ; end < len(c.deltas) && byAttributeKey(d, c.deltas[end]) == 0; end++ {
			sum += c.deltas[end].n
		}
		if start = end; sum != 0 {
			lanes, keys = append(lanes, d.lane), append(keys, d.key)
			kinds, counts = append(kinds, d.kind.String()), append(counts, sum)
		}
	}
	if len(lanes) > 0 {
		tx.Queue(countAttributesSQL, lanes, keys, kinds, counts)
	}
}

func byAttributeKey(x, y attributeDelta) int {
	return cmp.Or(cmp.Compare(x.lane, y.lane), cmp.Compare(x.key, y.key), cmp.Compare(x.kind, y.kind))
}
