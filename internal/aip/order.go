package aip

import (
	"fmt"
	"maps"
	"strings"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// KeyKind is the type of the values by which a list is ordered.
type KeyKind byte

const (
	// TimeKey is a timestamptz column.
	TimeKey KeyKind = 1
	// TextKey is a text column or expression of at most 60 characters, so that a page
	// token has room for its value.
	TextKey KeyKind = 2
)

// OrderColumn is what a field of an order_by stands for in SQL: a column or an
// expression that is never null and has an index (column, id).
type OrderColumn struct {
	Column string
	Kind   KeyKind
}

// Order is the order of a list; the id, in the same direction, breaks ties.
type Order struct {
	// Field is the field's name in the API.
	Field string
	// Column is the SQL column or expression.
	Column string
	Desc   bool
	Kind   KeyKind
}

// String returns the order as a caller would write it, always the same for the same
// order.
func (o Order) String() string {
	if o.Desc {
		return o.Field + " desc"
	}
	return o.Field
}

// ParseOrderBy returns the order that an order_by (AIP-132) asks for: one of the
// fields, and perhaps `asc` or `desc`; def where it is empty. The error is
// INVALID_ORDER_BY on the field order_by.
func ParseOrderBy(orderBy string, columns map[string]OrderColumn, def Order) (Order, error) {
	if strings.Contains(orderBy, ",") {
		return Order{}, invalidOrder("one field at most, as each order needs its own index")
	}
	words := strings.Fields(orderBy)
	if len(words) == 0 {
		return def, nil
	}
	column, ok := columns[words[0]]
	if !ok {
		return Order{}, invalidOrder("no order by `%s`%s", shorten(words[0]), DidYouMean(words[0], maps.Keys(columns)))
	}
	order := Order{Field: words[0], Column: column.Column, Kind: column.Kind}
	switch {
	case len(words) == 1:
	case len(words) == 2 && words[1] == "asc":
	case len(words) == 2 && words[1] == "desc":
		order.Desc = true
	default:
		return Order{}, invalidOrder("only `asc` or `desc` may follow the field")
	}
	return order, nil
}

func invalidOrder(format string, args ...any) error {
	return apierr.Invalid(rapportv1.ErrorReason_INVALID_ORDER_BY,
		apierr.Violation{Field: "order_by", Description: fmt.Sprintf(format, args...)})
}

// shorten cuts what a caller wrote down to what fits into an error's text, which must
// be UTF-8.
func shorten(s string) string {
	const maxRunes = 60
	s, n := strings.ToValidUTF8(s, "\uFFFD"), 0
	for i := range s {
		if n++; n > maxRunes {
			return s[:i] + "…"
		}
	}
	return s
}
