package contact_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func TestCreateEveryField(t *testing.T) {
	s := apitest.Start(t)
	parent, id := customer(t, s), newID(t)
	made, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{Parent: parent, Contact: full(), ContactId: id})
	if err != nil {
		t.Fatal(err)
	}
	want := full()
	want.Name, want.Uid, want.Etag = parent+"/contacts/"+id, id, `"1"`
	want.Phones[0].E164 = "+8613800138000"
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	apitest.WantEqual(t, made, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	// Another customer's contact may have the same id.
	other, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{Parent: customer(t, s), Contact: bob(), ContactId: id})
	if err != nil || other.GetUid() != id {
		t.Errorf("%v, %v", other, err)
	}
	// What only the service sets is ignored.
	c := bob()
	c.Name, c.Uid, c.Etag, c.DeleteTime = "x", "x", `"7"`, made.GetCreateTime()
	made = create(t, s, parent, c)
	want = bob()
	want.Name, want.Uid, want.Etag = made.GetName(), made.GetUid(), `"1"`
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
}

func TestCreateRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	gone := customer(t, s)
	deleteCustomer(t, s, gone)
	first := create(t, s, parent, full())
	in := func(change func(*rapportv1.Contact)) *rapportv1.CreateContactRequest {
		c := full()
		c.Primary = false
		change(c)
		return &rapportv1.CreateContactRequest{Parent: parent, Contact: c}
	}
	field := func(c *rapportv1.CreateContactRequest, names ...string) refusal {
		return refusal{c, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, names}
	}
	for name, test := range map[string]refusal{
		"no contact":     field(&rapportv1.CreateContactRequest{Parent: parent}, "contact"),
		"no parent":      field(&rapportv1.CreateContactRequest{Contact: bob()}, "parent"),
		"all parents":    field(&rapportv1.CreateContactRequest{Parent: "customers/-", Contact: bob()}, "parent"),
		"contact's name": field(&rapportv1.CreateContactRequest{Parent: strings.Repeat("x", 65), Contact: bob()}, "parent"),
		"wrong id":       field(&rapportv1.CreateContactRequest{Parent: parent, Contact: bob(), ContactId: "x"}, "contact_id"),
		"no name":        field(in(func(c *rapportv1.Contact) { c.DisplayName = "" }), "contact.display_name"),
		"long name":      field(in(func(c *rapportv1.Contact) { c.DisplayName = strings.Repeat("名", 201) }), "contact.display_name"),
		"long title":     field(in(func(c *rapportv1.Contact) { c.Title = proto.String(strings.Repeat("x", 201)) }), "contact.title"),
		"role":           field(in(func(c *rapportv1.Contact) { c.Role = 99 }), "contact.role"),
		"channel":        field(in(func(c *rapportv1.Contact) { c.PreferredChannel = -1 }), "contact.preferred_channel"),
		"no kind":        field(in(func(c *rapportv1.Contact) { c.Occasions[0].Type = 0 }), "contact.occasions[0].type"),
		"no date":        field(in(func(c *rapportv1.Contact) { c.Occasions[1].Date = nil }), "contact.occasions[1].date"),
		"no day":         field(in(func(c *rapportv1.Contact) { c.Occasions[1].Date.Day = 32 }), "contact.occasions[1].date"),
		"to come":        field(in(func(c *rapportv1.Contact) { c.Occasions[1].Date.Year = 9999 }), "contact.occasions[1].date"),
		"twice":          field(in(func(c *rapportv1.Contact) { c.Occasions[1] = c.GetOccasions()[0] }), "contact.occasions[1]"),
		"no label": field(in(func(c *rapportv1.Contact) {
			c.Occasions[0].Type = rapportv1.Occasion_CUSTOM
		}), "contact.occasions[0].label"),
		"e-mail":      field(in(func(c *rapportv1.Contact) { c.Emails[1].Address = "x" }), "contact.emails[1].address"),
		"two primary": field(in(func(c *rapportv1.Contact) { c.Emails[1].Primary, c.Phones[1].Primary = true, true }), "contact.emails[1].primary", "contact.phones[1].primary"),
		"21 phones": field(in(func(c *rapportv1.Contact) { c.Phones = make([]*rapportv1.PhoneNumber, 21) }), "contact.phones",
			"contact.phones[0].number", "contact.phones[1].number"),
		"unknown customer": {&rapportv1.CreateContactRequest{Parent: unknown, Contact: bob()}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"deleted customer": {&rapportv1.CreateContactRequest{Parent: gone, Contact: bob()}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"taken id": {
			&rapportv1.CreateContactRequest{Parent: parent, Contact: bob(), ContactId: first.GetUid()},
			codes.AlreadyExists, rapportv1.ErrorReason_CONTACT_ALREADY_EXISTS, nil,
		},
		"second primary": {in(func(c *rapportv1.Contact) { c.Primary = true }), codes.FailedPrecondition, rapportv1.ErrorReason_PRIMARY_CONTACT_EXISTS, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Customers.CreateContact(t.Context(), test.req)
			if name == "21 phones" { // and 19 more like the last two
				apitest.WantReason(t, err, test.code, test.reason)
				return
			}
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
		})
	}
	list, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: "customers/-"})
	if err != nil || len(list.GetContacts()) != 1 {
		t.Errorf("%v, %v: a refused call made something", list, err)
	}
}

type refusal struct {
	req    *rapportv1.CreateContactRequest
	code   codes.Code
	reason rapportv1.ErrorReason
	fields []string
}

func TestGetRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := create(t, s, parent, bob())
	for _, name := range []string{
		"", "x", parent, parent + "/contacts/", parent + "/contacts/-", "customers/-/contacts/" + made.GetUid(),
		strings.ToUpper(made.GetName()), made.GetName() + "/", parent + "/people/" + made.GetUid(),
	} {
		_, err := s.Customers.GetContact(t.Context(), &rapportv1.GetContactRequest{Name: name})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "name")
	}
	// An id is one of a customer's: under another one it is not found.
	for _, name := range []string{parent + "/contacts/" + newID(t), customer(t, s) + "/contacts/" + made.GetUid(), unknown + "/contacts/" + made.GetUid()} {
		_, err := s.Customers.GetContact(t.Context(), &rapportv1.GetContactRequest{Name: name})
		apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CONTACT_NOT_FOUND)
	}
}
