package aip

import (
	"encoding/hex"
	"strings"

	"github.com/google/uuid"

	"github.com/rapport-crm/rapport/internal/apierr"
)

const (
	customersPrefix    = "customers/"
	changesPrefix      = "changes/"
	serviceTiersPrefix = "serviceTiers/"

	// anyID stands for "of all parents" in a parent (AIP-159).
	anyID = "-"
	// idLen is the length of a UUID as text.
	idLen = 36
)

// ParseID returns the UUID that value is. Only the canonical form is taken, in lower
// case with hyphens, so that one resource has one name; the nil UUID is refused. The
// error is INVALID_FIELD and names the field.
func ParseID(field, value string) (uuid.UUID, error) {
	id, ok := parseID(value)
	if !ok {
		return uuid.Nil, apierr.InvalidField(field,
			"must be a UUID in lower case, such as 0198c0de-0000-7000-8000-000000000001")
	}
	return id, nil
}

// ParseCustomerName returns the id in `customers/{customer}`, or INVALID_FIELD.
func ParseCustomerName(field, name string) (uuid.UUID, error) {
	rest, ok := strings.CutPrefix(name, customersPrefix)
	if ok {
		if id, ok := parseID(rest); ok {
			return id, nil
		}
	}
	return uuid.Nil, invalidName(field, "customers/{customer}")
}

// CustomerName returns `customers/{customer}`.
func CustomerName(id uuid.UUID) string {
	var buf [len(customersPrefix) + idLen]byte
	return string(appendID(append(buf[:0], customersPrefix...), id))
}

// IsAnyCustomer tells the parent that stands for all customers.
func IsAnyCustomer(parent string) bool { return parent == customersPrefix+anyID }

// ParseCustomerParent returns the id in `customers/{customer}`, or all where the
// parent is `customers/-`, or INVALID_FIELD.
func ParseCustomerParent(field, parent string) (id uuid.UUID, all bool, err error) {
	if IsAnyCustomer(parent) {
		return uuid.Nil, true, nil
	}
	id, err = ParseCustomerName(field, parent)
	return id, false, err
}

// Collection is the last but one part of the names of a resource that a customer owns,
// such as "contacts".
type Collection string

const (
	// Contacts is the collection of contacts.
	Contacts Collection = "contacts"
	// Purchases is the collection of purchases.
	Purchases Collection = "purchases"
	// Interactions is the collection of interactions.
	Interactions Collection = "interactions"
	// Cases is the collection of cases.
	Cases Collection = "cases"
	// Tasks is the collection of tasks.
	Tasks Collection = "tasks"
	// SatisfactionScores is the collection of satisfaction scores.
	SatisfactionScores Collection = "satisfactionScores"
)

// collections are all that customers own.
var collections = []Collection{Contacts, Purchases, Interactions, Cases, Tasks, SatisfactionScores}

// ParseOwner returns the customer that the named resource is or belongs to, or
// INVALID_FIELD.
func ParseOwner(field, name string) (customer uuid.UUID, err error) {
	if customer, err = ParseCustomerName(field, name); err == nil {
		return customer, nil
	}
	for _, c := range collections {
		if customer, _, owned := c.ParseName(field, name); owned == nil {
			return customer, nil
		}
	}
	return uuid.Nil, err
}

// ParseName returns the ids in `customers/{customer}/COLLECTION/{id}`, or INVALID_FIELD.
func (c Collection) ParseName(field, name string) (customer, id uuid.UUID, err error) {
	rest, ok := strings.CutPrefix(name, customersPrefix)
	if ok && len(rest) == 2*idLen+len(c)+2 && rest[idLen] == '/' && rest[idLen+1:idLen+1+len(c)] == string(c) && rest[idLen+1+len(c)] == '/' {
		customer, ok := parseID(rest[:idLen])
		id, ok2 := parseID(rest[idLen+len(c)+2:])
		if ok && ok2 {
			return customer, id, nil
		}
	}
	singular := strings.TrimSuffix(string(c), "s")
	return uuid.Nil, uuid.Nil, invalidName(field, "customers/{customer}/"+string(c)+"/{"+singular+"}")
}

// Name returns `customers/{customer}/COLLECTION/{id}`.
func (c Collection) Name(customer, id uuid.UUID) string {
	var buf [128]byte // on the stack, and longer than any name
	b := appendID(append(buf[:0], customersPrefix...), customer)
	b = append(append(append(b, '/'), c...), '/')
	return string(appendID(b, id))
}

// ParseChangeName returns the id in `changes/{change}`, or INVALID_FIELD.
func ParseChangeName(field, name string) (uuid.UUID, error) {
	rest, ok := strings.CutPrefix(name, changesPrefix)
	if ok {
		if id, ok := parseID(rest); ok {
			return id, nil
		}
	}
	return uuid.Nil, invalidName(field, "changes/{change}")
}

// ChangeName returns `changes/{change}`.
func ChangeName(id uuid.UUID) string {
	var buf [len(changesPrefix) + idLen]byte
	return string(appendID(append(buf[:0], changesPrefix...), id))
}

// ParseServiceTierName returns the id in `serviceTiers/{service_tier}`, or INVALID_FIELD.
func ParseServiceTierName(field, name string) (uuid.UUID, error) {
	rest, ok := strings.CutPrefix(name, serviceTiersPrefix)
	if ok {
		if id, ok := parseID(rest); ok {
			return id, nil
		}
	}
	return uuid.Nil, invalidName(field, "serviceTiers/{service_tier}")
}

// ServiceTierName returns `serviceTiers/{service_tier}`.
func ServiceTierName(id uuid.UUID) string {
	var buf [len(serviceTiersPrefix) + idLen]byte
	return string(appendID(append(buf[:0], serviceTiersPrefix...), id))
}

// LastID returns the id at the end of a resource's name, which is its uid.
func LastID(name string) string { return name[len(name)-idLen:] }

func invalidName(field, pattern string) error {
	return apierr.InvalidField(field, "must be %s, each id a UUID in lower case", pattern)
}

// parseID is uuid.Parse without the other forms that one takes: upper case, braces,
// urn:uuid: and 32 digits.
func parseID(s string) (uuid.UUID, bool) {
	if len(s) != idLen {
		return uuid.Nil, false
	}
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'F' {
			return uuid.Nil, false
		}
	}
	id, err := uuid.Parse(s)
	return id, err == nil && id != uuid.Nil
}

// appendID is id.String() without its allocation.
func appendID(b []byte, id uuid.UUID) []byte {
	b = append(hex.AppendEncode(b, id[0:4]), '-')
	b = append(hex.AppendEncode(b, id[4:6]), '-')
	b = append(hex.AppendEncode(b, id[6:8]), '-')
	b = append(hex.AppendEncode(b, id[8:10]), '-')
	return hex.AppendEncode(b, id[10:16])
}
