package interaction_test

import (
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const anyCustomer = "customers/-"

// known makes a customer with an id in another system.
func known(t testing.TB, s *apitest.Service, id string) string {
	t.Helper()
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: &rapportv1.Customer{
		Type: rapportv1.Customer_ORGANIZATION, DisplayName: "Acme", ExternalIds: map[string]string{"crm": id},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c.GetName()
}

func crm(id string) *rapportv1.ExternalId { return &rapportv1.ExternalId{Source: "crm", Id: id} }

// byID is an entry that names its customer by an id in another system.
func byID(id string, i *rapportv1.Interaction) *rapportv1.CreateInteractionRequest {
	return &rapportv1.CreateInteractionRequest{CustomerExternalId: crm(id), Interaction: i}
}

func TestCreateByExternalID(t *testing.T) {
	s := apitest.Start(t)
	a, gone := known(t, s, "17"), known(t, s, "gone")
	deleteCustomer(t, s, gone)
	req := byID("17", full())
	req.Parent = anyCustomer
	made, err := s.Interactions.CreateInteraction(t.Context(), req)
	if err != nil || !strings.HasPrefix(made.GetName(), a+"/interactions/") {
		t.Fatalf("%v, %v", made, err)
	}
	apitest.WantEqual(t, get(t, s, made.GetName()), made)
	for name, test := range map[string]struct {
		parent string
		key    *rapportv1.ExternalId
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"both":       {a, crm("17"), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"customer_external_id"}},
		"neither":    {anyCustomer, nil, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"parent"}},
		"no parent":  {"", crm("17"), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"customer_external_id"}},
		"no id":      {anyCustomer, &rapportv1.ExternalId{Source: "crm"}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"customer_external_id.id"}},
		"NUL":        {anyCustomer, crm("\x00"), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"customer_external_id.id"}},
		"nobody":     {anyCustomer, crm("18"), codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"is deleted": {anyCustomer, crm("gone"), codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{
				Parent: test.parent, CustomerExternalId: test.key, Interaction: note(),
			})
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
			if name == "nobody" && apierr.Info(err).GetMetadata()["resource"] != "external id crm/18" {
				t.Errorf("metadata %v", apierr.Info(err).GetMetadata())
			}
		})
	}
	if n := count(t, s, "interaction"); n != 1 {
		t.Errorf("%d interactions", n)
	}
}

func TestCreateByExternalIDOverREST(t *testing.T) {
	s := apitest.Start(t)
	a := known(t, s, "17")
	body := `{"channel":"PHONE","direction":"INBOUND","occurTime":"2026-03-01T09:30:00Z"}`
	resp := s.Do(t, http.MethodPost, "/v1/customers/-/interactions?customerExternalId.source=crm&customerExternalId.id=17", body)
	if resp.Status != http.StatusCreated || !strings.Contains(string(resp.Body), `"name":"`+a+`/interactions/`) {
		t.Errorf("status %d, %s", resp.Status, resp.Body)
	}
	if resp = s.Do(t, http.MethodPost, "/v1/customers/-/interactions", body); resp.Status != http.StatusBadRequest {
		t.Errorf("status %d, %s", resp.Status, resp.Body)
	}
}

func TestBatchByExternalID(t *testing.T) {
	s := apitest.Start(t)
	a, b, c := known(t, s, "a"), known(t, s, "b"), customer(t, s)
	entries := []*rapportv1.CreateInteractionRequest{byID("a", full()), byID("b", full()), entry(c, note()), byID("a", note()), entry(a, note())}
	entries[1].Parent = anyCustomer
	contact := newContact(t, s, a)
	entries[3].Interaction.Contact = &contact
	resp, err := s.Interactions.BatchCreateInteractions(t.Context(), &rapportv1.BatchCreateInteractionsRequest{Parent: anyCustomer, Requests: entries})
	if err != nil {
		t.Fatal(err)
	}
	for n, owner := range []string{a, b, c, a, a} {
		if i := resp.GetInteractions()[n]; !strings.HasPrefix(i.GetName(), owner+"/interactions/") {
			t.Errorf("entry %d is %s, want one of %s", n, i.GetName(), owner)
		}
	}
	for name, test := range map[string]struct {
		parent string
		bad    *rapportv1.CreateInteractionRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"parent of the batch": {a, byID("a", note()), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[1].customer_external_id"}},
		"parent of its own":   {anyCustomer, &rapportv1.CreateInteractionRequest{Parent: b, CustomerExternalId: crm("b"), Interaction: note()}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[1].customer_external_id"}},
		"nobody":              {anyCustomer, byID("c", note()), codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"another's contact":   {anyCustomer, byID("b", with(func(i *rapportv1.Interaction) { i.Contact = &contact })), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[1].interaction.contact"}},
		"its own in use":      {anyCustomer, byID("b", full()), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil},
	} {
		t.Run(name, func(t *testing.T) {
			first := entry("", note())
			if test.parent == anyCustomer {
				first = byID("a", note())
			}
			_, err := s.Interactions.BatchCreateInteractions(t.Context(), &rapportv1.BatchCreateInteractionsRequest{
				Parent: test.parent, Requests: []*rapportv1.CreateInteractionRequest{first, test.bad},
			})
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
			if index := apierr.Info(err).GetMetadata()["index"]; index != "1" {
				t.Errorf("index %q", index)
			}
		})
	}
	if n := count(t, s, "interaction"); n != 5 {
		t.Errorf("%d interactions, want 5", n)
	}
}
