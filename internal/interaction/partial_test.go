package interaction_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestPartialSuccess has something wrong with each second request, and wants for it the
// error that the single create answers, and of the others all made, in their order.
func TestPartialSuccess(t *testing.T) {
	s := apitest.Start(t)
	a, b, gone, id := known(t, s, "a"), customer(t, s), customer(t, s), newID(t)
	deleteCustomer(t, s, gone)
	foreign, deleted := newContact(t, s, b), newContact(t, s, a)
	deleteContact(t, s, deleted)
	taken := create(t, s, a, full())
	named := func(contact string) *rapportv1.Interaction {
		return with(func(i *rapportv1.Interaction) { i.Contact = &contact })
	}
	receipt := func(id string) *rapportv1.Interaction {
		return with(func(i *rapportv1.Interaction) { i.ExternalId = &rapportv1.ExternalId{Source: "pbx", Id: id} })
	}
	invalid, field := codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD
	bad := []struct {
		req    *rapportv1.CreateInteractionRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		field  string
	}{
		{entry(a, with(func(i *rapportv1.Interaction) { i.Direction = 0 })), invalid, field, "interaction.direction"},
		{entry(a, with(func(i *rapportv1.Interaction) { i.Channel = 99 })), invalid, field, "interaction.channel"},
		{entry(a, with(func(i *rapportv1.Interaction) { i.Subject = proto.String("\x00") })), invalid, field, "interaction.subject"},
		{entry(a, nil), invalid, field, "interaction"},
		{&rapportv1.CreateInteractionRequest{}, invalid, field, "interaction"},
		{entry("", note()), invalid, field, "parent"},
		{entry("x", note()), invalid, field, "parent"},
		{&rapportv1.CreateInteractionRequest{Parent: a, Interaction: note(), RequestId: uuid.NewString()}, invalid, field, "request_id"},
		{&rapportv1.CreateInteractionRequest{Parent: a, Interaction: note(), InteractionId: "x"}, invalid, field, "interaction_id"},
		{entry(a, named(foreign)), invalid, field, "interaction.contact"},
		{entry(a, named(deleted)), invalid, field, "interaction.contact"},
		{byID("a", named("x")), invalid, field, "interaction.contact"},
		{byID("nobody", note()), codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, ""},
		{entry(unknown, note()), codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, ""},
		{entry(gone, note()), codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, ""},
		{&rapportv1.CreateInteractionRequest{Parent: a, Interaction: note(), InteractionId: taken.GetUid()}, codes.AlreadyExists, rapportv1.ErrorReason_INTERACTION_ALREADY_EXISTS, ""},
		{&rapportv1.CreateInteractionRequest{Parent: a, Interaction: note(), InteractionId: id}, codes.AlreadyExists, rapportv1.ErrorReason_INTERACTION_ALREADY_EXISTS, ""},
		{byID("a", full()), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, ""},
		{entry(a, receipt("first")), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, ""},
	}
	req := &rapportv1.BatchCreateInteractionsRequest{Parent: anyCustomer, ReturnPartialSuccess: true, RequestId: uuid.NewString()}
	for n, e := range bad {
		good := with(func(i *rapportv1.Interaction) { i.Subject = proto.String(fmt.Sprint(n)) })
		switch n {
		case 0:
			req.Requests = append(req.Requests, &rapportv1.CreateInteractionRequest{Parent: a, Interaction: good, InteractionId: id})
		case 1:
			good.ExternalId = &rapportv1.ExternalId{Source: "pbx", Id: "first"}
			req.Requests = append(req.Requests, byID("a", good))
		default:
			req.Requests = append(req.Requests, entry(a, good))
		}
		req.Requests = append(req.Requests, e.req)
	}
	dry := proto.CloneOf(req)
	dry.ValidateOnly, dry.RequestId = true, ""
	if resp, err := s.Interactions.BatchCreateInteractions(t.Context(), dry); err != nil || len(resp.GetFailedRequests()) != len(bad) || count(t, s, "interaction") != 1 {
		t.Errorf("validate_only: %v, %v", resp, err)
	}
	resp, err := s.Interactions.BatchCreateInteractions(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.GetInteractions()) != len(bad) || count(t, s, "interaction") != len(bad)+1 {
		t.Errorf("%d made, %d there", len(resp.GetInteractions()), count(t, s, "interaction"))
	}
	for n, i := range resp.GetInteractions() {
		if i.GetSubject() != fmt.Sprint(n) {
			t.Errorf("in the place of %d is %v", n, i)
		}
		apitest.WantEqual(t, get(t, s, i.GetName()), i)
	}
	if len(resp.GetFailedRequests()) != len(bad) {
		t.Errorf("failed: %v", slices.Sorted(maps.Keys(resp.GetFailedRequests())))
	}
	for n, want := range bad {
		index := 2*n + 1
		err := status.ErrorProto(resp.GetFailedRequests()[int32(index)])
		if want.field == "" {
			apitest.WantReason(t, err, want.code, want.reason)
		} else {
			apitest.WantFields(t, err, want.code, want.reason, fmt.Sprintf("requests[%d].%s", index, want.field))
		}
		if got := apierr.Info(err).GetMetadata()["index"]; got != fmt.Sprint(index) {
			t.Errorf("%d: index %q in %v", index, got, err)
		}
	}
	again, err := s.Interactions.BatchCreateInteractions(t.Context(), req)
	if err != nil || !proto.Equal(again, resp) {
		t.Errorf("a repeat: %v, %v", again, err)
	}
}

// TestPartialSuccessOfNothing and of everything are successes.
func TestPartialSuccessOfNothing(t *testing.T) {
	s := apitest.Start(t)
	a := customer(t, s)
	call := func(requests ...*rapportv1.CreateInteractionRequest) *rapportv1.BatchCreateInteractionsResponse {
		resp, err := s.Interactions.BatchCreateInteractions(t.Context(), &rapportv1.BatchCreateInteractionsRequest{
			Parent: a, ReturnPartialSuccess: true, Requests: requests,
		})
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	if resp := call(entry(unknown, note()), entry("", nil)); len(resp.GetInteractions()) != 0 || len(resp.GetFailedRequests()) != 2 {
		t.Errorf("nothing: %v", resp)
	}
	if resp := call(entry("", note()), entry(a, note())); len(resp.GetInteractions()) != 2 || len(resp.GetFailedRequests()) != 0 {
		t.Errorf("everything: %v", resp)
	}
	// What is wrong with the batch itself is told as ever.
	_, err := s.Interactions.BatchCreateInteractions(t.Context(), &rapportv1.BatchCreateInteractionsRequest{Parent: a, ReturnPartialSuccess: true, RequestId: "x"})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "requests", "request_id")
}

func TestPartialSuccessOverREST(t *testing.T) {
	s := apitest.Start(t)
	a := customer(t, s)
	resp := s.Do(t, http.MethodPost, "/v1/"+a+"/interactions:batchCreate", `{"returnPartialSuccess":true,"requests":[
		{"interaction":{"channel":"PHONE","direction":"INBOUND","occurTime":"2026-03-01T09:30:00Z"}}, {"interaction":{"channel":"PHONE"}}]}`)
	body := string(resp.Body)
	for _, want := range []string{`"interactions":[{"name":"`, `"failedRequests":{"1":{"code":3,`, `"requests[1].interaction.occur_time"`, `"reason":"INVALID_FIELD"`} {
		if resp.Status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("status %d, want %s in %s", resp.Status, want, body)
		}
	}
}

// TestRacingBatches let batches bring the same interactions, in different orders. Each is
// made once, and whoever did not make it is told so.
func TestRacingBatches(t *testing.T) {
	s := apitest.Start(t)
	parents := []string{known(t, s, "0"), known(t, s, "1"), known(t, s, "2")}
	const callers, interactions = 6, 30
	var all sync.WaitGroup
	made := make([]int, callers)
	for c := range callers {
		all.Go(func() {
			req := &rapportv1.BatchCreateInteractionsRequest{Parent: anyCustomer, ReturnPartialSuccess: true}
			for n := range interactions {
				n = (n*7 + c*5) % interactions
				i := with(func(i *rapportv1.Interaction) { i.ExternalId = &rapportv1.ExternalId{Source: "pbx", Id: fmt.Sprint(n)} })
				if c%2 == 0 {
					req.Requests = append(req.Requests, entry(parents[n%3], i))
				} else {
					req.Requests = append(req.Requests, byID(fmt.Sprint(n%3), i))
				}
			}
			resp, err := s.Interactions.BatchCreateInteractions(t.Context(), req)
			if err != nil {
				t.Errorf("caller %d: %v", c, err)
				return
			}
			made[c] = len(resp.GetInteractions())
			if made[c]+len(resp.GetFailedRequests()) != interactions {
				t.Errorf("caller %d: %d made, %d failed", c, made[c], len(resp.GetFailedRequests()))
			}
			for _, failed := range resp.GetFailedRequests() {
				apitest.WantReason(t, status.ErrorProto(failed), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
			}
		})
	}
	all.Wait()
	sum := 0
	for _, n := range made {
		sum += n
	}
	if n := count(t, s, "interaction"); sum != interactions || n != interactions {
		t.Errorf("%d made, %d there, want %d", sum, n, interactions)
	}
}
