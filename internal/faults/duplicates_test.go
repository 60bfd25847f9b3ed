package faults_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// reply is the answer to one of several identical requests.
type reply struct {
	// text is REST's answer as it came, and gRPC's in Protobuf's canonical form: on the
	// wire the entries of a map come in any order.
	text     string
	replayed bool
	err      error
}

// TestConcurrentDuplicates (F05): of identical requests at once, over gRPC and REST,
// one does it and all get its answer.
func TestConcurrentDuplicates(t *testing.T) {
	begin(t)
	s := apitest.Start(t)
	keys, copies := pick(10, 100), pick(20, 50)
	var r recorder
	for seq := range keys {
		op, replies := duplicates(t, s, seq, copies)
		r.add(op)
		replays := 0
		for i, one := range replies {
			switch {
			case one.err != nil:
				t.Errorf("key %d, copy %d: %v", seq, i, one.err)
			case one.text != replies[i%2].text:
				t.Errorf("key %d: copy %d was answered\n%s, copy %d\n%s", seq, i, one.text, i%2, replies[i%2].text)
			}
			if one.replayed {
				replays++
			}
		}
		if replays != copies-1 {
			t.Errorf("key %d: %d answers are marked as replayed, want %d", seq, replays, copies-1)
		}
	}
	r.check(t, customersByName(t, s.DatabaseURL), false)
}

// TestConcurrentDuplicatesMutant runs the same without claims and must find them
// missing.
func TestConcurrentDuplicatesMutant(t *testing.T) {
	begin(t)
	s := apitest.Start(t)
	forgetRequests(t, s.DatabaseURL)
	var r recorder
	for seq := range 2 {
		op, _ := duplicates(t, s, seq, 20)
		r.add(op)
	}
	r.check(t, customersByName(t, s.DatabaseURL), true)
}

// duplicates sends the same request many times at once, by turns over gRPC and REST.
func duplicates(t *testing.T, s *apitest.Service, seq, copies int) (operation, []reply) {
	t.Helper()
	op := operation{seq: seq, invoke: time.Now(), requestID: uuid.NewString(), outcome: unknown, attempts: copies}
	replies := make([]reply, copies)
	var together sync.WaitGroup
	start := make(chan struct{})
	for i := range replies {
		together.Go(func() {
			<-start
			if i%2 == 0 {
				replies[i] = duplicateGRPC(t, s, op.requestID)
			} else {
				replies[i] = duplicateREST(t, s, op.requestID)
			}
		})
	}
	close(start)
	together.Wait()
	op.ret = time.Now()
	for _, one := range replies {
		op.err = errors.Join(op.err, one.err)
		if one.err == nil {
			op.outcome = ok
		}
	}
	return op, replies
}

func duplicateGRPC(t *testing.T, s *apitest.Service, id string) reply {
	text := func(s string) *rapportv1.AttributeValue {
		return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_StringValue{StringValue: s}}
	}
	var header metadata.MD
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		RequestId: id,
		Customer: &rapportv1.Customer{
			Type: rapportv1.Customer_INDIVIDUAL, DisplayName: id, Tags: []string{"b", "a"},
			Attributes: map[string]*rapportv1.AttributeValue{"one": text("1"), "two": text("2"), "three": text("3")},
		},
	}, grpc.Header(&header))
	if err != nil {
		return reply{err: err}
	}
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
	return reply{text: fmt.Sprintf("%q", encoded), replayed: isReplay(header.Get(mutation.ReplayedHeader)), err: err}
}

func duplicateREST(t *testing.T, s *apitest.Service, id string) reply {
	body := fmt.Sprintf(`{"type":"INDIVIDUAL","displayName":%q,"tags":["b","a"],
		"attributes":{"one":{"stringValue":"1"},"two":{"stringValue":"2"},"three":{"stringValue":"3"}}}`, id)
	answer := s.Do(t, http.MethodPost, "/v1/customers", body, "Idempotency-Key", id)
	if answer.Status != http.StatusCreated {
		return reply{err: fmt.Errorf("HTTP %d: %s", answer.Status, answer.Body)}
	}
	return reply{text: string(answer.Body), replayed: isReplay(answer.Header.Values(mutation.ReplayedHeader))}
}

func isReplay(values []string) bool { return len(values) == 1 && values[0] == "true" }

// TestKeyReuse (F06): a request id is one request's; another gets an error and does
// nothing, over gRPC and REST alike.
func TestKeyReuse(t *testing.T) {
	begin(t)
	s := apitest.Start(t)
	first := &rapportv1.CreateCustomerRequest{
		RequestId: uuid.NewString(), Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "first"},
	}
	made, err := s.Customers.CreateCustomer(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	second := &rapportv1.CreateCustomerRequest{
		RequestId: first.GetRequestId(), Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "second"},
	}
	_, err = s.Customers.CreateCustomer(t.Context(), second)
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_REQUEST_ID_REUSED, "request_id")
	s.Do(t, http.MethodPost, "/v1/customers", `{"type":"INDIVIDUAL","displayName":"third"}`, "Idempotency-Key", first.GetRequestId()).
		WantProblem(t, http.StatusUnprocessableEntity, rapportv1.ErrorReason_REQUEST_ID_REUSED)

	owners := []string{"one", "two"}
	update := func(owner *string, id string) (*rapportv1.Customer, error) {
		return s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{
			RequestId: id, Customer: &rapportv1.Customer{Name: made.GetName(), Owner: owner},
		})
	}
	id := uuid.NewString()
	updated, err := update(&owners[0], id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = update(&owners[1], id)
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_REQUEST_ID_REUSED, "request_id")
	s.Do(t, http.MethodPatch, "/v1/"+made.GetName(), fmt.Sprintf(`{"owner":%q}`, owners[1]), "Idempotency-Key", id).
		WantProblem(t, http.StatusUnprocessableEntity, rapportv1.ErrorReason_REQUEST_ID_REUSED)

	list, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{})
	if err != nil || len(list.GetCustomers()) != 1 {
		t.Fatalf("%d customers, want the first alone: %v", len(list.GetCustomers()), err)
	}
	apitest.WantEqual(t, list.GetCustomers()[0], updated)
}
