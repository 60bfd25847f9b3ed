package mutation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestValidateOnly makes each mutating call with validate_only and then for good: the
// answers are alike but for what each call makes anew, and before the second nothing
// has changed and the request id is free.
func TestValidateOnly(t *testing.T) {
	c := newCaller(t, apitest.Start(t))
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			req := with(scenario.make(t, c), uuid.NewString())
			before := tables(t, c)
			dry, replayed, err := c.call(t.Context(), only(req))
			if err != nil || replayed {
				t.Fatalf("replayed %t, %v", replayed, err)
			}
			wantTables(t, c, before)
			wet, replayed, err := c.call(t.Context(), req)
			if err != nil || replayed {
				t.Fatalf("afterwards: replayed %t, %v", replayed, err)
			}
			fresh := []proto.Message{&rapportv1.Customer{}, &rapportv1.Contact{}, &rapportv1.Purchase{}, &rapportv1.Interaction{}, &rapportv1.Task{}, &rapportv1.Case{}, &rapportv1.ServiceTier{}, &rapportv1.SatisfactionScore{}, &rapportv1.Survey{}, &rapportv1.SurveyInvitation{}}
			var ignore []cmp.Option
			for _, m := range fresh {
				for _, field := range []protoreflect.Name{"name", "uid", "create_time", "update_time", "delete_time", "purge_time", "void_time", "complete_time", "cancel_time", "resolve_time", "close_time", "case_number", "next_contact_time", "send_time", "expire_time", "token", "answer_uri"} {
					if m.ProtoReflect().Descriptor().Fields().ByName(field) != nil {
						ignore = append(ignore, protocmp.IgnoreFields(m, field))
					}
				}
			}
			if diff := cmp.Diff(wet, dry, append(ignore, protocmp.Transform())...); diff != "" {
				t.Errorf("the answer of validate_only (-for good +dry):\n%s", diff)
			}
			// With validate_only an answered id is not replayed: the call is judged anew.
			before = tables(t, c)
			if _, replayed, err := c.call(t.Context(), only(req)); replayed {
				t.Errorf("validate_only was answered with a stored answer, %v", err)
			}
			wantTables(t, c, before)
		})
	}
}

// TestValidateOnlyRefuses finds what only the database knows.
func TestValidateOnlyRefuses(t *testing.T) {
	c := newCaller(t, apitest.Start(t))
	taken := newCustomer()
	taken.ExternalIds = map[string]string{"erp": "1"}
	made := c.must(t, &rapportv1.CreateCustomerRequest{Customer: taken}).(*rapportv1.Customer)
	for name, test := range map[string]struct {
		req    request
		code   codes.Code
		reason rapportv1.ErrorReason
	}{
		"external id": {&rapportv1.CreateCustomerRequest{Customer: taken}, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE},
		"id": {
			&rapportv1.CreateCustomerRequest{Customer: newCustomer(), CustomerId: made.GetUid()},
			codes.AlreadyExists, rapportv1.ErrorReason_CUSTOMER_ALREADY_EXISTS,
		},
		"etag": {&rapportv1.DeleteCustomerRequest{Name: made.GetName(), Etag: `"9"`}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH},
		"parent": {
			&rapportv1.CreateContactRequest{Parent: "customers/" + uuid.NewString(), Contact: &rapportv1.Contact{DisplayName: "B"}},
			codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND,
		},
	} {
		before := tables(t, c)
		_, _, err := c.call(t.Context(), only(test.req))
		t.Run(name, func(t *testing.T) { apitest.WantReason(t, err, test.code, test.reason) })
		wantTables(t, c, before)
	}
}
