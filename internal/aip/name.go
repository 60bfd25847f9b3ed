package aip

import (
	"encoding/hex"
	"strings"

	"github.com/google/uuid"

	"github.com/rapport-crm/rapport/internal/apierr"
)

const (
	customersPrefix = "customers/"
	contactsPrefix  = "/contacts/"
	changesPrefix   = "changes/"

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

// ParseCustomerParent returns the id in `customers/{customer}`, or all where the
// parent is `customers/-`, or INVALID_FIELD.
func ParseCustomerParent(field, parent string) (id uuid.UUID, all bool, err error) {
	if parent == customersPrefix+anyID {
		return uuid.Nil, true, nil
	}
	id, err = ParseCustomerName(field, parent)
	return id, false, err
}

// ParseContactName returns the ids in `customers/{customer}/contacts/{contact}`, or
// INVALID_FIELD.
func ParseContactName(field, name string) (customer, contact uuid.UUID, err error) {
	const customerLen = len(customersPrefix) + idLen
	if len(name) == customerLen+len(contactsPrefix)+idLen &&
		name[:len(customersPrefix)] == customersPrefix &&
		name[customerLen:customerLen+len(contactsPrefix)] == contactsPrefix {
		customer, ok := parseID(name[len(customersPrefix):customerLen])
		contact, ok2 := parseID(name[customerLen+len(contactsPrefix):])
		if ok && ok2 {
			return customer, contact, nil
		}
	}
	return uuid.Nil, uuid.Nil, invalidName(field, "customers/{customer}/contacts/{contact}")
}

// ContactName returns `customers/{customer}/contacts/{contact}`.
func ContactName(customer, contact uuid.UUID) string {
	var buf [len(customersPrefix) + idLen + len(contactsPrefix) + idLen]byte
	b := appendID(append(buf[:0], customersPrefix...), customer)
	return string(appendID(append(b, contactsPrefix...), contact))
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
