package interaction_test

import (
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func entry(parent string, i *rapportv1.Interaction) *rapportv1.CreateInteractionRequest {
	return &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: i}
}

func TestBatchCreate(t *testing.T) {
	s := apitest.Start(t)
	a, b, id := customer(t, s), customer(t, s), newID(t)
	i := full()
	i.Contact = proto.String(newContact(t, s, a))
	for parent, entries := range map[string][]*rapportv1.CreateInteractionRequest{
		a: {entry("", i), entry(a, note())},
		"customers/-": {
			{Parent: b, Interaction: full(), InteractionId: id}, entry(a, note()), entry(b, note()),
		},
	} {
		resp, err := s.Interactions.BatchCreateInteractions(t.Context(), &rapportv1.BatchCreateInteractionsRequest{Parent: parent, Requests: entries})
		if err != nil || len(resp.GetInteractions()) != len(entries) {
			t.Fatalf("%s: %v, %v", parent, resp, err)
		}
		for n, made := range resp.GetInteractions() {
			want := proto.CloneOf(entries[n].GetInteraction())
			want.Name, want.Uid, want.Etag, want.CreateTime, want.UpdateTime = made.GetName(), made.GetUid(), `"1"`, made.GetCreateTime(), made.GetCreateTime()
			apitest.WantEqual(t, get(t, s, made.GetName()), want)
		}
	}
	if get(t, s, b+"/interactions/"+id).GetSubject() != full().GetSubject() {
		t.Error("the caller's id was not taken")
	}
	// A change for each, in the feed of its customer.
	changes, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: `customer = "` + b + `"`})
	if err != nil || len(changes.GetChanges()) != 3 {
		t.Errorf("%v, %v, want that of the customer and two of interactions", changes, err)
	}
}

func TestBatchOfMany(t *testing.T) {
	s := apitest.Start(t)
	req := &rapportv1.BatchCreateInteractionsRequest{Parent: "customers/-"}
	parents := []string{customer(t, s), customer(t, s), customer(t, s)}
	for n := range 1000 {
		req.Requests = append(req.Requests, entry(parents[n%3], with(func(i *rapportv1.Interaction) { i.Subject = proto.String(fmt.Sprint(n)) })))
	}
	resp, err := s.Interactions.BatchCreateInteractions(t.Context(), req)
	if err != nil || len(resp.GetInteractions()) != 1000 || count(t, s, "interaction") != 1000 {
		t.Fatalf("%d, %v", len(resp.GetInteractions()), err)
	}
	for n, i := range resp.GetInteractions() {
		if i.GetSubject() != fmt.Sprint(n) {
			t.Fatalf("%d is in the place of %d", n, n)
		}
	}
	req.Requests = append(req.Requests, entry(parents[0], note()))
	_, err = s.Interactions.BatchCreateInteractions(t.Context(), req)
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests")
}

// TestBatchRefusals are about one request each, and leave nothing of the others.
func TestBatchRefusals(t *testing.T) {
	s := apitest.Start(t)
	a, b, gone, id := customer(t, s), customer(t, s), customer(t, s), newID(t)
	deleteCustomer(t, s, gone)
	foreign, deleted := newContact(t, s, b), newContact(t, s, a)
	deleteContact(t, s, deleted)
	taken := create(t, s, a, full())
	named := func(contact string) *rapportv1.Interaction {
		return with(func(i *rapportv1.Interaction) { i.Contact = &contact })
	}
	invalid := codes.InvalidArgument
	for name, test := range map[string]struct {
		parent string
		bad    *rapportv1.CreateInteractionRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"required":         {"customers/-", entry(a, &rapportv1.Interaction{Channel: rapportv1.Channel_SMS, OccurTime: note().GetOccurTime()}), invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[2].interaction.direction"}},
		"annotation":       {"customers/-", entry(a, with(func(i *rapportv1.Interaction) { i.Channel = 99 })), invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[2].interaction.channel"}},
		"no interaction":   {"customers/-", entry(a, nil), invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[2].interaction"}},
		"no parent":        {"customers/-", entry("", note()), invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[2].parent"}},
		"any parent":       {"customers/-", entry("customers/-", note()), invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[2].parent"}},
		"other parent":     {a, entry(b, note()), invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[2].parent"}},
		"request id":       {a, &rapportv1.CreateInteractionRequest{Interaction: note(), RequestId: "5f0c1c9e-8a43-4c8e-9d63-6b0b2f6f7d11"}, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[2].request_id"}},
		"validate only":    {a, &rapportv1.CreateInteractionRequest{Interaction: note(), ValidateOnly: true}, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[2].validate_only"}},
		"wrong id":         {a, &rapportv1.CreateInteractionRequest{Interaction: note(), InteractionId: "x"}, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[2].interaction_id"}},
		"foreign contact":  {a, entry("", named(foreign)), invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[2].interaction.contact"}},
		"deleted contact":  {a, entry("", named(deleted)), invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[2].interaction.contact"}},
		"unknown contact":  {a, entry("", named(a+"/contacts/"+id)), invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"requests[2].interaction.contact"}},
		"unknown customer": {"customers/-", entry(unknown, note()), codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"deleted customer": {"customers/-", entry(gone, note()), codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"taken id":         {a, &rapportv1.CreateInteractionRequest{Interaction: note(), InteractionId: taken.GetUid()}, codes.AlreadyExists, rapportv1.ErrorReason_INTERACTION_ALREADY_EXISTS, nil},
		"taken external":   {a, entry("", full()), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil},
		"twice in it":      {a, &rapportv1.CreateInteractionRequest{Interaction: note(), InteractionId: id}, codes.AlreadyExists, rapportv1.ErrorReason_INTERACTION_ALREADY_EXISTS, nil},
	} {
		t.Run(name, func(t *testing.T) {
			changes := count(t, s, "change")
			_, err := s.Interactions.BatchCreateInteractions(t.Context(), &rapportv1.BatchCreateInteractionsRequest{
				Parent: test.parent, Requests: []*rapportv1.CreateInteractionRequest{
					{Parent: a, Interaction: note(), InteractionId: id}, entry(a, note()), test.bad, entry(a, note()),
				},
			})
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
			if info := apierr.Info(err); name != "annotation" && name != "no interaction" && info.GetMetadata()["index"] != "2" {
				t.Errorf("the error's metadata is %v, want the index 2", info.GetMetadata())
			}
			if count(t, s, "interaction") != 1 || count(t, s, "change") != changes {
				t.Error("a refused batch left something")
			}
		})
	}
	for _, req := range []*rapportv1.BatchCreateInteractionsRequest{{Parent: a}, {Parent: "x", Requests: []*rapportv1.CreateInteractionRequest{entry("", note())}}} {
		_, err := s.Interactions.BatchCreateInteractions(t.Context(), req)
		apitest.WantReason(t, err, invalid, rapportv1.ErrorReason_INVALID_FIELD)
	}
}
