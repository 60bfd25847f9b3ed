// Package contact keeps the people at a customer whom the company deals with. What all
// resources that a customer owns have in common is in package owned.
package contact

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/contactpoint"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/followup"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/occasion"
	"github.com/rapport-crm/rapport/internal/owned"
	"github.com/rapport-crm/rapport/internal/search"
)

// Server serves the contact RPCs of CustomerService.
type Server struct {
	contacts owned.Resource[*rapportv1.Contact, row, *row]
	// unzoned is the same without the time zone of the customer, which says when an occasion
	// is: one without occasions is made without the round trip that reads it.
	unzoned owned.Resource[*rapportv1.Contact, row, *row]
	region  string
}

// New returns the server of contacts. The region is the CLDR region by which numbers
// without a leading + are read; it may be empty.
func New(service owned.Service, region string) *Server {
	s := &Server{region: region}
	s.contacts = owned.Resource[*rapportv1.Contact, row, *row]{
		Service: service, Collection: aip.Contacts, Singular: "Contact", Plural: "Contacts", Table: "contact", Columns: columns,
		Normalise: s.normalise, Refused: refused, Load: loadZone, Follow: follow,
		NotFound: rapportv1.ErrorReason_CONTACT_NOT_FOUND, Exists: rapportv1.ErrorReason_CONTACT_ALREADY_EXISTS,
		Deleted: rapportv1.ErrorReason_CONTACT_DELETED,
		Fields:  fields, Orders: owned.ByTime(), OrdersOfOne: ordersOfOne,
	}
	s.contacts.Ready()
	s.unzoned = s.contacts
	s.unzoned.Load = nil
	return s
}

// CreateContact makes a contact of a customer.
func (s *Server) CreateContact(ctx context.Context, req *rapportv1.CreateContactRequest) (*rapportv1.Contact, error) {
	contacts := &s.contacts
	if len(req.GetContact().GetOccasions()) == 0 {
		contacts = &s.unzoned
	}
	return contacts.Create(ctx, req, req.GetContactId(), req.GetContact())
}

// GetContact returns one contact.
func (s *Server) GetContact(ctx context.Context, req *rapportv1.GetContactRequest) (*rapportv1.Contact, error) {
	return s.contacts.Get(ctx, req)
}

// ListContacts returns one page of the contacts of one customer or of all.
func (s *Server) ListContacts(ctx context.Context, req *rapportv1.ListContactsRequest) (*rapportv1.ListContactsResponse, error) {
	page, err := s.contacts.List(ctx, req)
	if err != nil {
		return nil, err
	}
	return &rapportv1.ListContactsResponse{Contacts: page.Items, NextPageToken: page.NextToken, TotalSize: page.Total}, nil
}

// UpdateContact changes a contact, or makes it with allow_missing.
func (s *Server) UpdateContact(ctx context.Context, req *rapportv1.UpdateContactRequest) (*rapportv1.Contact, error) {
	return s.contacts.Update(ctx, req, req.GetContact())
}

// DeleteContact hides a contact until it is undeleted or purged.
func (s *Server) DeleteContact(ctx context.Context, req *rapportv1.DeleteContactRequest) (*rapportv1.Contact, error) {
	return s.contacts.Delete(ctx, req)
}

// UndeleteContact takes a contact back from deletion.
func (s *Server) UndeleteContact(ctx context.Context, req *rapportv1.UndeleteContactRequest) (*rapportv1.Contact, error) {
	return s.contacts.Undelete(ctx, req)
}

// normalise brings a whole contact, as it would be stored, into its stored form in
// place, and returns all that is wrong with it beyond what the annotations state.
func (s *Server) normalise(c *rapportv1.Contact) error {
	var wrong apierr.Violations
	if c.GetDisplayName() == "" {
		wrong.Add("contact.display_name", "is required")
	}
	contactpoint.Emails(&wrong, "contact.emails", c.GetEmails())
	contactpoint.Phones(&wrong, "contact.phones", c.GetPhones(), s.region)
	occasion.Normalise(&wrong, "contact.occasions", c.GetOccasions(), s.contacts.Mutations.Clock())
	return wrong.Err()
}

// refused maps the constraint of contacts alone.
func refused(e *pgconn.PgError, name string) error {
	if strings.HasPrefix(e.ConstraintName, "contact_primary_key") {
		return apierr.FailedPrecondition(rapportv1.ErrorReason_PRIMARY_CONTACT_EXISTS, name, "the customer has another primary contact")
	}
	return nil
}

// loadZone queues the reading of the customer's time zone.
func loadZone(tx *mutation.Tx, customer uuid.UUID, r *row) {
	tx.Queue(`-- name: GetTimeZone
SELECT coalesce(time_zone, '') FROM customer WHERE lane = $1 AND customer_id = $2`, db.Lane(customer), db.UUID(customer)).Query(func(rows pgx.Rows) error {
		if rows.Next() {
			return rows.Scan(&r.zone)
		}
		return rows.Err()
	})
}

// follow queues what changes in the keys by which the contacts' customers are found, and in
// the occasions on which they are thought of.
func follow(tx *mutation.Tx, moved []owned.Moved[*rapportv1.Contact, *row]) {
	var (
		keys      search.Changes
		followUps followup.Changes
	)
	for _, m := range moved {
		keys.MoveContact(m.Row.CustomerID, m.Row.ID, m.Before, m.After)
		followUps.Contact(m.Row.CustomerID, m.Row.zone, m.Before, m.After)
	}
	keys.Queue(tx)
	followUps.Queue(tx, tx.Now)
}
