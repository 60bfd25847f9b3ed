package customer

import (
	"context"
	"strings"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
)

// listAttributeKeysSQL adds up the lanes. A key that no customer has any more has rows
// of 0 until it is swept.
const listAttributeKeysSQL = `-- name: ListAttributeKeys
SELECT key, value_type, sum(customer_count)::bigint FROM attribute_key
WHERE (key, value_type) > ($1::text, $2::text) GROUP BY key, value_type HAVING sum(customer_count) > 0
ORDER BY key, value_type LIMIT $3`

var byKey = aip.Order{Field: "key", Column: "key", Kind: aip.TextKey}

// attributeKey is a key with one type of its values, over all lanes.
type attributeKey struct {
	key, valueType string
	customers      int64
}

// Targets implements db.Row.
func (k *attributeKey) Targets() []any { return []any{&k.key, &k.valueType, &k.customers} }

func (k *attributeKey) proto() *rapportv1.AttributeKey {
	return &rapportv1.AttributeKey{
		Key: k.key, ValueType: db.EnumOf[rapportv1.AttributeKey_ValueType](k.valueType), CustomerCount: k.customers,
	}
}

// cursor is the key's place in the list. No key has a dot, so one can part it from its
// type.
func (k *attributeKey) cursor() *aip.Cursor { return &aip.Cursor{Key: k.key + "." + k.valueType} }

// ListAttributeKeys returns one page of the keys in use.
func (s *Server) ListAttributeKeys(ctx context.Context, req *rapportv1.ListAttributeKeysRequest) (*rapportv1.ListAttributeKeysResponse, error) {
	fingerprint := aip.FingerprintOf(byKey, "ListAttributeKeys")
	cursor, err := aip.ParseToken(req.GetPageToken(), fingerprint)
	if err != nil {
		return nil, err
	}
	var after attributeKey
	if cursor != nil {
		after.key, after.valueType, _ = strings.Cut(cursor.Key, ".")
	}
	size := aip.PageSize(req.GetPageSize())
	rows, _ := s.DB.Query(ctx, listAttributeKeysSQL, after.key, after.valueType, size+1)
	found, err := db.CollectRows[attributeKey](rows)
	if err != nil {
		return nil, err
	}
	var next *aip.Cursor
	if len(found) > size {
		found = found[:size]
		next = found[size-1].cursor()
	}
	resp := &rapportv1.ListAttributeKeysResponse{AttributeKeys: make([]*rapportv1.AttributeKey, len(found))}
	for i := range found {
		resp.AttributeKeys[i] = found[i].proto()
	}
	resp.NextPageToken, _ = aip.PageEnd(next, aip.UnknownTotal, fingerprint)
	return resp, nil
}
