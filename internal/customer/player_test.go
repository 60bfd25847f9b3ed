package customer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// player makes random calls. All players choose among the same ids, names and numbers.
type player struct {
	s    *apitest.Service
	ids  []string
	tier string
	rand *rand.Rand
	done map[string]int // successful calls by kind
}

var kindsOfCalls = []struct {
	name string
	call func(*player, context.Context) error
}{
	{"create", (*player).create},
	{"update", (*player).update},
	{"batch", (*player).batch},
	{"import", (*player).load},
	{"delete", (*player).delete},
	{"undelete", (*player).undelete},
	{"contact upsert", (*player).contact},
	{"contact deletion", (*player).deleteContact},
	{"contact undeletion", (*player).undeleteContact},
}

// play makes one call. It may be refused, for most of what can be refused is asked for.
func (p *player) play(t *testing.T) {
	what := kindsOfCalls[p.rand.IntN(len(kindsOfCalls))]
	err := what.call(p, t.Context())
	switch status.Code(err) {
	case codes.OK:
		p.done[what.name]++
	case codes.AlreadyExists, codes.NotFound, codes.FailedPrecondition, codes.InvalidArgument, codes.Aborted:
	default:
		t.Errorf("%s: %v", what.name, err)
	}
}

func (p *player) id() string      { return p.ids[p.rand.IntN(len(p.ids))] }
func (p *player) name() string    { return "customers/" + p.id() }
func (p *player) reached() string { return p.name() + "/contacts/" + p.ids[p.rand.IntN(2)] }
func (p *player) erp() string     { return fmt.Sprint(p.rand.IntN(len(p.ids) + 2)) }

func (p *player) points() (emails []*rapportv1.EmailAddress, phones []*rapportv1.PhoneNumber) {
	for _, n := range p.rand.Perm(3)[:p.rand.IntN(3)] {
		emails = append(emails, &rapportv1.EmailAddress{Address: fmt.Sprintf("A%d@example.com", n)})
	}
	numbers := []string{"+44 20 7183 8750", "020 7183 8750", "117", "none", "+1-800-FLOWERS"}
	for _, n := range p.rand.Perm(len(numbers))[:p.rand.IntN(3)] {
		phones = append(phones, &rapportv1.PhoneNumber{Number: numbers[n]})
	}
	return emails, phones
}

// customer is one that could be anything.
func (p *player) customer() *rapportv1.Customer {
	c := &rapportv1.Customer{
		Type:        rapportv1.Customer_INDIVIDUAL,
		DisplayName: []string{"Ada", "Ada King Noel", "王小明", "ha ha", "!"}[p.rand.IntN(5)],
	}
	c.Emails, c.Phones = p.points()
	values := []*rapportv1.AttributeValue{text("x"), number(1), yes(true), instant(1, 0)}
	for _, key := range []string{"a", "b", "c"} {
		if n := p.rand.IntN(8); n < len(values) {
			c.Attributes = merged(c.GetAttributes(), key, values[n])
		}
	}
	if p.rand.IntN(2) == 0 {
		c.ExternalIds = merged(c.GetExternalIds(), "erp", p.erp())
	}
	if p.rand.IntN(3) == 0 {
		c.ExternalIds = merged(c.GetExternalIds(), "shop", p.erp())
	}
	if p.rand.IntN(4) == 0 {
		c.Referrer = proto.String(p.name())
	}
	switch p.rand.IntN(8) {
	case 0:
		c.ServiceTier = proto.String(unknownTier)
	case 1, 2, 3:
		c.ServiceTier = proto.String(p.tier)
	}
	if p.rand.IntN(2) == 0 {
		c.Occasions = full().GetOccasions()[p.rand.IntN(2):]
		c.Membership = &rapportv1.Membership{Level: proto.String(p.erp())}
		c.ContactPreference = &rapportv1.ContactPreference{DoNotContact: proto.Bool(p.rand.IntN(2) == 0), Consents: consents(p.rand.IntN(3))}
	}
	return c
}

func merged[V any](m map[string]V, key string, value V) map[string]V {
	if m == nil {
		m = map[string]V{}
	}
	m[key] = value
	return m
}

// upsert finds its customer by name or by external id, and changes some of it or all.
func (p *player) upsert() *rapportv1.UpdateCustomerRequest {
	req := &rapportv1.UpdateCustomerRequest{Customer: p.customer(), AllowMissing: p.rand.IntN(4) > 0}
	if p.rand.IntN(2) == 0 {
		req.Customer.Name = p.name()
	} else {
		req.ExternalId = byERP(p.erp())
	}
	switch p.rand.IntN(4) {
	case 0:
		req.UpdateMask = mask("emails", "phones", "external_ids.shop", "service_tier")
	case 1:
		req.UpdateMask = mask("display_name", "attributes.a", "external_ids", "membership.level", "contact_preference.do_not_contact")
	case 2:
		req.UpdateMask = mask("*")
	}
	return req
}

func (p *player) create(ctx context.Context) error {
	_, err := p.s.Customers.CreateCustomer(ctx, &rapportv1.CreateCustomerRequest{CustomerId: p.id(), Customer: p.customer()})
	return err
}

func (p *player) update(ctx context.Context) error {
	_, err := p.s.Customers.UpdateCustomer(ctx, p.upsert())
	return err
}

func (p *player) batch(ctx context.Context) error {
	req := &rapportv1.BatchUpdateCustomersRequest{ValidateOnly: p.rand.IntN(8) == 0}
	for range 1 + p.rand.IntN(4) {
		req.Requests = append(req.Requests, p.upsert())
	}
	_, err := p.s.Customers.BatchUpdateCustomers(ctx, req)
	return err
}

// load imports three messages, and now and then leaves before the end.
func (p *player) load(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dry := p.rand.IntN(8) == 0
	messages := times(3, func(int) *importRequest {
		m := &importRequest{ValidateOnly: dry}
		for i := range 1 + p.rand.IntN(6) {
			u := p.upsert()
			m.Rows = append(m.Rows, &importRow{Number: int64(i), Customer: u.GetCustomer(), ExternalId: u.GetExternalId(), UpdateMask: u.GetUpdateMask()})
		}
		return m
	})
	if p.rand.IntN(4) > 0 {
		_, err := importing(ctx, p.s, messages...)
		return err
	}
	stream, err := p.s.Customers.ImportCustomers(ctx)
	if err != nil {
		return err
	}
	for _, m := range messages {
		err = errors.Join(err, stream.Send(m))
	}
	return err
}

func (p *player) delete(ctx context.Context) error {
	_, err := p.s.Customers.DeleteCustomer(ctx, &rapportv1.DeleteCustomerRequest{Name: p.name()})
	return err
}

func (p *player) undelete(ctx context.Context) error {
	_, err := p.s.Customers.UndeleteCustomer(ctx, &rapportv1.UndeleteCustomerRequest{Name: p.name()})
	return err
}

func (p *player) contact(ctx context.Context) error {
	c := &rapportv1.Contact{Name: p.reached(), DisplayName: "B"}
	c.Emails, c.Phones = p.points()
	_, err := p.s.Customers.UpdateContact(ctx, &rapportv1.UpdateContactRequest{Contact: c, AllowMissing: true, UpdateMask: mask("*")})
	return err
}

func (p *player) deleteContact(ctx context.Context) error {
	_, err := p.s.Customers.DeleteContact(ctx, &rapportv1.DeleteContactRequest{Name: p.reached()})
	return err
}

func (p *player) undeleteContact(ctx context.Context) error {
	_, err := p.s.Customers.UndeleteContact(ctx, &rapportv1.UndeleteContactRequest{Name: p.reached()})
	return err
}
