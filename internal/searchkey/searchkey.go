// Package searchkey computes the keys by which customers are found, and the ranges of
// keys that a person's query asks for. It is pure: what it returns depends on its
// arguments alone, so that a key that was stored can be computed again to be removed.
//
// A key is a kind, one letter, and what is looked up: a name from one of its words on,
// an e-mail address, or the digits of a number backwards, so that its last digits are
// a prefix. The keys of what is deleted have another kind: it is hidden because only
// the kinds of what is live are looked for.
//
// Whoever changes what keys look like rewrites the table of keys in a migration: keys
// are removed by what they would be today.
package searchkey

import (
	"strings"
	"unicode/utf8"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/contactpoint"
)

// The kinds of keys.
const (
	kindName   = "n"
	kindEmail  = "e"
	kindPhone  = "p"
	kindNumber = "w" // a number as written that has too few digits for kindPhone
)

const (
	// maxBytes bounds a key, kind included: a page of an index holds three at least.
	maxBytes = 512
	// maxNameKeys bounds the keys of one name.
	maxNameKeys = 64
	// minDigits is the fewest digits by which a number is looked for.
	minDigits = 4
)

// Customer returns the keys of a customer as it is stored, each once.
func Customer(c *rapportv1.Customer) []string { return customer(c, c.GetDeleteTime() != nil) }

func customer(c *rapportv1.Customer, isDeleted bool) []string {
	if c == nil {
		return nil
	}
	keys := make([]string, 0, 8)
	keys = appendName(keys, c.GetDisplayName())
	return marked(appendPoints(keys, c.GetEmails(), c.GetPhones()), isDeleted, deleted)
}

// Contact returns the keys of a contact as it is stored, each once. Its customer is found
// by them; its name is not the customer's.
func Contact(c *rapportv1.Contact) []string { return contact(c, c.GetDeleteTime() != nil) }

func contact(c *rapportv1.Contact, isDeleted bool) []string {
	if c == nil {
		return nil
	}
	return marked(appendPoints(nil, c.GetEmails(), c.GetPhones()), isDeleted, deletedContact)
}

// Stored are the columns of a customer or a contact from which its keys follow.
type Stored struct {
	Name, Emails, Phones string // Name is empty for a contact, the others are JSON
	Contact, Deleted     bool
}

// Keys returns the keys that are in the table.
func (s Stored) Keys() []string {
	emails, phones := contactpoint.DecodeEmails(s.Emails), contactpoint.DecodePhones(s.Phones)
	if s.Contact {
		return contact(&rapportv1.Contact{Emails: emails, Phones: phones}, s.Deleted)
	}
	return customer(&rapportv1.Customer{DisplayName: s.Name, Emails: emails, Phones: phones}, s.Deleted)
}

// deleted is the key, or the bound of a range of keys, of a deleted customer.
func deleted(key string) string { return strings.ToUpper(key[:1]) + key[1:] }

// deletedContact is the key of a deleted contact, by which no search finds anything.
// Filters of contacts do.
func deletedContact(key string) string { return cut("-" + key) }

// marked applies a mark to keys where they are those of what is deleted, in place.
func marked(keys []string, isDeleted bool, mark func(string) string) []string {
	for i := range keys {
		if isDeleted {
			keys[i] = mark(keys[i])
		}
	}
	return keys
}

// appendPoints appends the keys of addresses and numbers. Two ways of writing a number
// can come to one key.
func appendPoints(keys []string, emails []*rapportv1.EmailAddress, phones []*rapportv1.PhoneNumber) []string {
	for _, e := range emails {
		keys = append(keys, kindEmail+contactpoint.NormalEmail(e.GetAddress()))
	}
	first := len(keys)
	for _, p := range phones {
		for _, key := range phoneKeys(p.GetNumber(), p.GetE164()) {
			keys = appendNew(keys, first, key)
		}
	}
	return keys
}

// appendNew appends a key that is not among keys[first:].
func appendNew(keys []string, first int, key string) []string {
	for _, have := range keys[first:] {
		if have == key {
			return keys
		}
	}
	return append(keys, key)
}

// cut shortens a key, or the start of one, to what is stored.
func cut(key string) string {
	if len(key) <= maxBytes {
		return key
	}
	n := maxBytes
	for n > 0 && !utf8.RuneStart(key[n]) {
		n--
	}
	return key[:n]
}

// Range is the keys from Low on and before High, in the order of their bytes.
type Range struct{ Low, High string }

// prefixed returns the range of the keys that begin so. The highest code point is no
// character, so nothing that is looked for stands behind it.
func prefixed(key string) Range {
	key = cut(key)
	return Range{Low: key, High: key + string(utf8.MaxRune)}
}

// exactly returns the range of one key of an address or a number. None that goes on
// behind it does so with less than an exclamation mark.
func exactly(key string) Range { return Range{Low: key, High: key + "!"} }

// wholeWords returns the range of the keys in which these words are followed by no
// more letters: by the end, or by the space or the comma that separate words.
func wholeWords(key string) Range { return Range{Low: key, High: key + "-"} }
