package owned_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func write(subject string) *rapportv1.Interaction {
	return &rapportv1.Interaction{
		Channel: rapportv1.Channel_EMAIL, Direction: rapportv1.Interaction_INBOUND, OccurTime: timestamppb.New(time.Unix(1_750_000_000, 0)),
		Subject: &subject,
	}
}

func newCustomer(t *testing.T, s *apitest.Service) string {
	t.Helper()
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: &rapportv1.Customer{
		Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada", ExternalIds: map[string]string{"crm": "1"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c.GetName()
}

// wantFollowed compares the calls of Follow, each with what it was given.
func wantFollowed(t *testing.T, s *apitest.Service, want ...[]string) {
	t.Helper()
	rows, _ := s.DB.Query(t.Context(), "SELECT subjects FROM followed ORDER BY call")
	got, err := pgx.CollectRows(rows, pgx.RowTo[[]string])
	if err != nil || !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("followed %q, %v, want %q", got, err, want)
	}
}

// TestLettersLife has all hooks of a resource in one life.
func TestLettersLife(t *testing.T) {
	s := apitest.Start(t)
	letters, server := startLetters(t, s)
	parent := newCustomer(t, s)
	first, err := letters.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: write("a")})
	if err != nil || first.GetStaff() != "Ada" || first.GetCampaign() != "0s" {
		t.Fatalf("%v, %v", first, err)
	}
	// What depends on the clock is no change.
	server.now = server.now.Add(3 * time.Hour)
	update := func(i *rapportv1.Interaction, missing bool) (*rapportv1.Interaction, error) {
		return letters.UpdateInteraction(t.Context(), &rapportv1.UpdateInteractionRequest{Interaction: i, AllowMissing: missing})
	}
	if same, err := update(&rapportv1.Interaction{Name: first.GetName(), Subject: proto.String("a")}, false); err != nil || same.GetEtag() != first.GetEtag() || same.GetCampaign() != "3h0m0s" {
		t.Errorf("%v, %v", same, err)
	}
	answer := write("b")
	answer.Name, answer.Contact = parent+"/interactions/"+uuid.NewString(), proto.String(first.GetName())
	if made, err := update(answer, true); err != nil || made.GetStaff() != "Ada" || made.GetContact() != first.GetName() {
		t.Errorf("%v, %v", made, err)
	}
	reply, err := letters.UndeleteInteraction(t.Context(), &rapportv1.UndeleteInteractionRequest{Name: first.GetName()})
	if err != nil || reply.GetSubject() != "reply to a" || reply.GetContact() != first.GetName() || reply.GetStaff() != "Ada" {
		t.Fatalf("%v, %v", reply, err)
	}
	if sealed, err := letters.GetInteraction(t.Context(), &rapportv1.GetInteractionRequest{Name: first.GetName()}); err != nil || sealed.GetSubject() != "sealed" || sealed.GetEtag() != `"2"` {
		t.Errorf("%v, %v", sealed, err)
	}
	_, err = update(&rapportv1.Interaction{Name: first.GetName(), Subject: proto.String("c")}, false)
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_INTERACTION_DELETED)
	_, err = letters.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: write("sealed")})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_INTERACTION_DELETED)
	wantFollowed(t, s, []string{">a/a"}, []string{">b/b"}, []string{">reply to a/reply to a"}, []string{"a>sealed/sealed"})
}

// TestRefusalsOfTwoRecords lets a method that writes two be refused for the one that it
// makes: the other one stays as it was.
func TestRefusalsOfTwoRecords(t *testing.T) {
	s := apitest.Start(t)
	letters, _ := startLetters(t, s)
	parent := newCustomer(t, s)
	taken := write("x")
	taken.ExternalId = &rapportv1.ExternalId{Source: "reply", Id: "a"}
	var first *rapportv1.Interaction
	for _, i := range []*rapportv1.Interaction{taken, write("a")} {
		var err error
		if first, err = letters.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: i}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := letters.UndeleteInteraction(t.Context(), &rapportv1.UndeleteInteractionRequest{Name: first.GetName()})
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
	if same, err := letters.GetInteraction(t.Context(), &rapportv1.GetInteractionRequest{Name: first.GetName()}); err != nil || same.GetSubject() != "a" {
		t.Errorf("%v, %v", same, err)
	}
}

// TestCreateRefusals of a resource that loads first are those of every other one.
func TestCreateRefusals(t *testing.T) {
	s := apitest.Start(t)
	letters, _ := startLetters(t, s)
	parent := newCustomer(t, s)
	first, err := letters.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{
		Parent: "customers/-", CustomerExternalId: &rapportv1.ExternalId{Source: "crm", Id: "1"}, Interaction: write("a"),
	})
	if err != nil || first.GetStaff() != "Ada" {
		t.Fatalf("%v, %v", first, err)
	}
	refers := func(name string) *rapportv1.Interaction {
		i := write("b")
		i.Contact = &name
		return i
	}
	for name, test := range map[string]struct {
		req    *rapportv1.CreateInteractionRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"nobody":    {&rapportv1.CreateInteractionRequest{Parent: "customers/" + uuid.NewString(), Interaction: write("b")}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"taken":     {&rapportv1.CreateInteractionRequest{Parent: parent, InteractionId: first.GetUid(), Interaction: write("b")}, codes.AlreadyExists, rapportv1.ErrorReason_INTERACTION_ALREADY_EXISTS, nil},
		"reference": {&rapportv1.CreateInteractionRequest{Parent: parent, Interaction: refers(parent + "/interactions/" + uuid.NewString())}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"interaction.contact"}},
		"no name":   {&rapportv1.CreateInteractionRequest{Parent: parent, Interaction: refers("x")}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"interaction.contact"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := letters.CreateInteraction(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
		})
	}
}

// TestBatchOfLetters loads for each, checks each, and follows once.
func TestBatchOfLetters(t *testing.T) {
	s := apitest.Start(t)
	letters, _ := startLetters(t, s)
	parent := newCustomer(t, s)
	resp, err := letters.BatchCreateInteractions(t.Context(), &rapportv1.BatchCreateInteractionsRequest{
		Parent: "customers/-", ReturnPartialSuccess: true, Requests: []*rapportv1.CreateInteractionRequest{
			{Parent: parent, Interaction: write("a")},
			{Parent: parent, Interaction: write("sealed")},
			{CustomerExternalId: &rapportv1.ExternalId{Source: "crm", Id: "1"}, Interaction: write("b")},
		},
	})
	if err != nil || len(resp.GetInteractions()) != 2 || resp.GetInteractions()[1].GetStaff() != "Ada" {
		t.Fatalf("%v, %v", resp, err)
	}
	apitest.WantReason(t, status.ErrorProto(resp.GetFailedRequests()[1]), codes.FailedPrecondition, rapportv1.ErrorReason_INTERACTION_DELETED)
	wantFollowed(t, s, []string{">a/a", ">b/b"})
}
