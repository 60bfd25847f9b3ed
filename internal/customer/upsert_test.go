package customer_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func byERP(id string) *rapportv1.ExternalId { return &rapportv1.ExternalId{Source: "erp", Id: id} }

func TestUpsertByName(t *testing.T) {
	s := apitest.Start(t)
	c, name := full(), "customers/"+newID(t)
	c.Name = name
	// The mask has no say in what is made.
	req := &rapportv1.UpdateCustomerRequest{
		Customer: c, UpdateMask: mask("display_name"), AllowMissing: true, AddTags: []string{"add"}, RemoveTags: []string{"new"},
	}
	made := update(t, s, proto.CloneOf(req))
	want := full()
	want.Name, want.Uid, want.Etag, want.State = name, name[len("customers/"):], `"1"`, rapportv1.Customer_ACTIVE
	want.Phones[0].E164, want.Phones[1].E164 = "+442071838750", "+861065529988"
	want.CreateTime, want.UpdateTime, want.Tags = made.GetCreateTime(), made.GetCreateTime(), []string{"add", "vip"}
	dueIn(want, 30)
	apitest.WantEqual(t, made, want)
	apitest.WantEqual(t, get(t, s, name), want)
	again := proto.CloneOf(req)
	again.Customer.DisplayName = "B"
	changed := update(t, s, again)
	want.DisplayName, want.Etag, want.UpdateTime = "B", `"2"`, changed.GetUpdateTime()
	apitest.WantEqual(t, changed, want)
	remove(t, s, name)
	_, err := s.Customers.UpdateCustomer(t.Context(), req)
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED)
}

func TestUpsertByExternalID(t *testing.T) {
	s := apitest.Start(t)
	c := ada()
	req := &rapportv1.UpdateCustomerRequest{Customer: c, ExternalId: byERP("1"), AllowMissing: true}
	made := update(t, s, proto.CloneOf(req))
	if made.GetExternalIds()["erp"] != "1" || made.GetName() == "" {
		t.Fatalf("made %v", made)
	}
	apitest.WantEqual(t, get(t, s, made.GetName()), made)
	apitest.WantEqual(t, update(t, s, proto.CloneOf(req)), made) // nothing to change
	req.Customer.DisplayName = "B"
	req.AllowMissing = false
	if got := update(t, s, proto.CloneOf(req)); got.GetName() != made.GetName() || got.GetDisplayName() != "B" || got.GetExternalIds()["erp"] != "1" {
		t.Errorf("got %v", got)
	}
	remove(t, s, made.GetName())
	req.AllowMissing = true
	_, err := s.Customers.UpdateCustomer(t.Context(), req)
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED)
}

func TestUpsertRefusals(t *testing.T) {
	s := apitest.Start(t)
	other := ada()
	other.ExternalIds = map[string]string{"shop": "taken"}
	create(t, s, other)
	withID := func(change func(*rapportv1.Customer)) *rapportv1.UpdateCustomerRequest {
		c := ada()
		change(c)
		return &rapportv1.UpdateCustomerRequest{Customer: c, ExternalId: byERP("1"), AllowMissing: true}
	}
	for name, test := range map[string]struct {
		req    *rapportv1.UpdateCustomerRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"no type": {withID(func(c *rapportv1.Customer) { c.Type = 0 }), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"customer.type"}},
		"etag":    {withID(func(c *rapportv1.Customer) { c.Etag = `"1"` }), codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"taken": {
			withID(func(c *rapportv1.Customer) { c.ExternalIds = map[string]string{"shop": "taken"} }),
			codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil,
		},
		"referrer": {
			withID(func(c *rapportv1.Customer) { c.Referrer = proto.String(unknown) }),
			codes.InvalidArgument, rapportv1.ErrorReason_REFERRER_NOT_FOUND,
			[]string{"customer.referrer"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Customers.UpdateCustomer(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
		})
	}
	list, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{})
	if err != nil || len(list.GetCustomers()) != 1 {
		t.Errorf("%v, %v: a refused upsert made something", list, err)
	}
}

// TestConcurrentUpserts makes one customer of twenty callers who all bring it, by
// external id and by name.
func TestConcurrentUpserts(t *testing.T) {
	s := apitest.Start(t)
	name := "customers/" + newID(t)
	for what, req := range map[string]*rapportv1.UpdateCustomerRequest{
		"external id": {Customer: ada(), ExternalId: byERP("1"), AllowMissing: true},
		"name":        {Customer: &rapportv1.Customer{Name: name, Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada"}, AllowMissing: true},
	} {
		t.Run(what, func(t *testing.T) {
			var writers sync.WaitGroup
			names := make([]string, 20)
			for i := range names {
				writers.Go(func() {
					one := proto.CloneOf(req)
					one.AddTags = []string{fmt.Sprintf("t%02d", i)}
					c, err := s.Customers.UpdateCustomer(t.Context(), one)
					if err != nil {
						t.Errorf("upsert %d: %v", i, err)
					}
					names[i] = c.GetName()
				})
			}
			writers.Wait()
			for _, name := range names {
				if name != names[0] {
					t.Fatalf("made several customers: %q", names)
				}
			}
			if got := get(t, s, names[0]); len(got.GetTags()) != 20 {
				t.Errorf("%d of 20 tags arrived: %q", len(got.GetTags()), got.GetTags())
			}
		})
	}
}

func TestAnUpsertOfNothingIsEmpty(t *testing.T) {
	s := apitest.Start(t)
	for _, body := range []string{"null", "{}"} {
		resp := s.Do(t, http.MethodPatch, "/v1/customers?externalId.source=crm&externalId.id=1&allowMissing=true", body)
		resp.WantProblem(t, http.StatusBadRequest, rapportv1.ErrorReason_EMPTY_UPDATE_MASK)
	}
}
