package cases_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const (
	unknown     = "customers/0198c0de-0000-7000-8000-00000000dead"
	unknownCase = unknown + "/cases/0198c0de-0000-7000-8000-00000000dead"
)

// ago is a time of the past, to the microsecond.
func ago(d time.Duration) *timestamppb.Timestamp {
	return timestamppb.New(time.Now().Add(-d).Truncate(time.Microsecond))
}

// complaint is a case as it comes in.
func complaint() *rapportv1.Case { return &rapportv1.Case{Type: rapportv1.Case_COMPLAINT} }

// assigned is a case that somebody deals with.
func assigned() *rapportv1.Case {
	return &rapportv1.Case{
		Type: rapportv1.Case_SERVICE_REQUEST, Priority: rapportv1.Priority_P1,
		Category: proto.String("repair"), Assignee: proto.String("grace"),
	}
}

// full has every field set that a client can set on create.
func full() *rapportv1.Case {
	c := assigned()
	c.Item, c.Description, c.Channel, c.Verified = proto.String("茶壶"), proto.String("It leaks.\r\n"), rapportv1.Channel_SOCIAL, true
	c.ReceiveTime, c.ResolveTime, c.FeedbackTime, c.CloseTime = ago(72*time.Hour), ago(48*time.Hour), ago(24*time.Hour), ago(time.Hour)
	c.Resolution, c.ResolutionType, c.CustomerConfirmed = proto.String("A new one"), rapportv1.Case_FIXED, true
	c.ExternalId = &rapportv1.ExternalId{Source: "desk", Id: "T-1"}
	return c
}

func customer(t testing.TB, s *apitest.Service) string {
	t.Helper()
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		Customer: &rapportv1.Customer{Type: rapportv1.Customer_ORGANIZATION, DisplayName: "Acme"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.GetName()
}

func deleteCustomer(t testing.TB, s *apitest.Service, name string) {
	t.Helper()
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
}

// tiered makes a customer with a service tier, and returns both names.
func tiered(t testing.TB, s *apitest.Service, tier *rapportv1.ServiceTier) (parent, name string) {
	t.Helper()
	made, err := s.Cases.CreateServiceTier(t.Context(), &rapportv1.CreateServiceTierRequest{ServiceTier: tier})
	if err != nil {
		t.Fatal(err)
	}
	parent = customer(t, s)
	if _, err := s.DB.Exec(t.Context(), "UPDATE customer SET service_tier_id = $1 WHERE customer_id = $2", made.GetUid(), parent[len("customers/"):]); err != nil {
		t.Fatal(err)
	}
	return parent, made.GetName()
}

// gold answers within an hour and resolves within a day, around the clock.
func gold() *rapportv1.ServiceTier {
	return &rapportv1.ServiceTier{
		DisplayName: "Gold", SilenceDays: proto.Int32(7),
		Targets: []*rapportv1.ServiceTier_Target{
			{Priority: rapportv1.Priority_P1, FirstResponse: durationpb.New(time.Hour), Resolve: durationpb.New(24 * time.Hour)},
			{Priority: rapportv1.Priority_P2, FirstResponse: durationpb.New(2 * time.Hour), Resolve: durationpb.New(48 * time.Hour)},
		},
	}
}

func create(t testing.TB, s *apitest.Service, parent string, c *rapportv1.Case) *rapportv1.Case {
	t.Helper()
	made, err := s.Cases.CreateCase(t.Context(), &rapportv1.CreateCaseRequest{Parent: parent, Case: c})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return made
}

func get(t testing.TB, s *apitest.Service, name string) *rapportv1.Case {
	t.Helper()
	c, err := s.Cases.GetCase(t.Context(), &rapportv1.GetCaseRequest{Name: name})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return c
}

func update(t testing.TB, s *apitest.Service, c *rapportv1.Case, paths ...string) *rapportv1.Case {
	t.Helper()
	got, err := s.Cases.UpdateCase(t.Context(), &rapportv1.UpdateCaseRequest{Case: c, UpdateMask: mask(paths...)})
	if err != nil {
		t.Fatalf("update: %v", err)
	}
	return got
}

func resolve(t testing.TB, s *apitest.Service, name string) *rapportv1.Case {
	t.Helper()
	c, err := s.Cases.ResolveCase(t.Context(), &rapportv1.ResolveCaseRequest{Name: name, Resolution: "Done", ResolutionType: rapportv1.Case_FIXED})
	if err != nil {
		t.Fatalf("resolve: %v", err)
	}
	return c
}

func reopen(t testing.TB, s *apitest.Service, name string) *rapportv1.Case {
	t.Helper()
	c, err := s.Cases.ReopenCase(t.Context(), &rapportv1.ReopenCaseRequest{Name: name})
	if err != nil {
		t.Fatalf("reopen: %v", err)
	}
	return c
}

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// history is what the feed says of a case: the changed paths of each change, oldest first.
func history(t testing.TB, s *apitest.Service, name string) (all []*rapportv1.Change) {
	t.Helper()
	resp, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: `resource = "` + name + `"`})
	if err != nil {
		t.Fatal(err)
	}
	for i := len(resp.GetChanges()) - 1; i >= 0; i-- {
		all = append(all, resp.GetChanges()[i])
	}
	return all
}

func paths(c *rapportv1.Change) (out []string) {
	for _, f := range c.GetFields() {
		out = append(out, f.GetPath())
	}
	return out
}
