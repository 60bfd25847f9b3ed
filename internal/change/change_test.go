package change_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func create(t testing.TB, s *apitest.Service) *rapportv1.Customer {
	t.Helper()
	c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func list(t testing.TB, s *apitest.Service, filter string, size int32) (all []*rapportv1.Change) {
	t.Helper()
	req := &rapportv1.ListChangesRequest{Filter: filter, PageSize: size}
	for {
		resp, err := s.Changes.ListChanges(t.Context(), req)
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		all = append(all, resp.GetChanges()...)
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return all
		}
	}
}

// fields writes what changed as `path: before -> after`.
func fields(t testing.TB, c *rapportv1.Change) (out []string) {
	t.Helper()
	for _, f := range c.GetFields() {
		text := func(v interface{ MarshalJSON() ([]byte, error) }, set bool) string {
			if !set {
				return "unset"
			}
			b, err := v.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `": `, `":`).Replace(string(b))
		}
		out = append(out, f.GetPath()+": "+text(f.GetBefore(), f.GetBefore() != nil)+" -> "+text(f.GetAfter(), f.GetAfter() != nil))
	}
	return out
}

// TestChangesTellWhatHappened runs one record through its life under a known request id
// and trace.
func TestChangesTellWhatHappened(t *testing.T) {
	s := apitest.Start(t)
	const traceID = "0af7651916cd43dd8448eb211c80319c"
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-"+traceID+"-b7ad6b7169203331-01")
	id := uuid.NewString()
	c, err := s.Customers.CreateCustomer(ctx, &rapportv1.CreateCustomerRequest{RequestId: id, Customer: &rapportv1.Customer{
		Type: rapportv1.Customer_INDIVIDUAL, DisplayName: `A "<b>" 名`, Tags: []string{"x"}, ExternalIds: map[string]string{"erp": "1"},
		Attributes: map[string]*rapportv1.AttributeValue{"n": {Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: 1.5}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	name := c.GetName()
	_, err = s.Customers.UpdateCustomer(ctx, &rapportv1.UpdateCustomerRequest{
		Customer:   &rapportv1.Customer{Name: name, DisplayName: "B", Owner: proto.String("o")},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"display_name", "owner", "attributes.n", "external_ids"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	contact, err := s.Customers.CreateContact(ctx, &rapportv1.CreateContactRequest{Parent: name, Contact: &rapportv1.Contact{DisplayName: "Bob", Primary: true}})
	if err != nil {
		t.Fatal(err)
	}
	gone, err := s.Customers.DeleteCustomer(ctx, &rapportv1.DeleteCustomerRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	changes := list(t, s, `customer = "`+name+`"`, 0)
	if len(changes) != 4 {
		t.Fatalf("%d changes: %v", len(changes), changes)
	}
	slices.Reverse(changes)
	deleted := fields(t, changes[3])
	want := [][]string{
		{
			`attributes.n: unset -> {"doubleValue":1.5}`, `display_name: unset -> "A \"<b>\" 名"`, `external_ids.erp: unset -> "1"`,
			`state: unset -> "ACTIVE"`, `tags: unset -> ["x"]`, `type: unset -> "INDIVIDUAL"`,
		},
		{`attributes.n: {"doubleValue":1.5} -> unset`, `display_name: "A \"<b>\" 名" -> "B"`, `external_ids.erp: "1" -> unset`, `owner: unset -> "o"`},
		{`display_name: unset -> "Bob"`, `primary: unset -> true`},
		{deleted[0], deleted[1], `state: "ACTIVE" -> "DELETED"`},
	}
	types := []rapportv1.Change_Type{rapportv1.Change_CREATED, rapportv1.Change_UPDATED, rapportv1.Change_CREATED, rapportv1.Change_DELETED}
	for i, change := range changes {
		got := fields(t, change)
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("change %d (-want +got):\n%s", i, diff)
		}
		resource := name
		if i == 2 {
			resource = contact.GetName()
		}
		if change.GetType() != types[i] || change.GetResource() != resource || change.GetCustomer() != name || change.GetActor() != "anonymous" ||
			change.GetTraceId() != traceID || change.GetSequence() != int64(i+1) || change.GetName() != "changes/"+change.GetUid() {
			t.Errorf("change %d is %v", i, change)
		}
		if (i == 0) != (change.GetRequestId() == id) || change.GetRequestId() == "" {
			t.Errorf("change %d has the request id %q", i, change.GetRequestId())
		}
		single, err := s.Changes.GetChange(t.Context(), &rapportv1.GetChangeRequest{Name: change.GetName()})
		if err != nil {
			t.Fatal(err)
		}
		apitest.WantEqual(t, single, change)
	}
	if !proto.Equal(changes[3].GetChangeTime(), gone.GetUpdateTime()) || !proto.Equal(changes[0].GetChangeTime(), c.GetCreateTime()) {
		t.Error("a change's time is not that of the record")
	}
	if !strings.HasPrefix(deleted[0], "delete_time: unset -> ") || !strings.HasPrefix(deleted[1], "purge_time: unset -> ") {
		t.Errorf("deletion says %q", deleted)
	}
}

// TestSequencesUnderConcurrency lets sixteen writers write at once. In each lane the
// sequence has no gap, and for each record it is the order of the etags.
func TestSequencesUnderConcurrency(t *testing.T) {
	s := apitest.Start(t)
	records := make([]string, 2) // few, so that their lanes are fought over
	for i := range records {
		records[i] = create(t, s).GetName()
	}
	var writers sync.WaitGroup
	for w := range 16 {
		writers.Go(func() {
			for i := range 15 {
				var err error
				switch i % 5 {
				case 0:
					create(t, s)
				case 1, 2, 3: // these do not wait for the customer's row
					_, err = s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{
						Parent: records[(w+i)%len(records)], Contact: &rapportv1.Contact{DisplayName: "B"},
					})
				default:
					_, err = s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{
						Customer: &rapportv1.Customer{Name: records[(w+i)%len(records)], DisplayName: fmt.Sprint(w, "-", i)},
					})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	lanes := map[int32][]int64{}
	updates := map[string][]*rapportv1.Change{}
	all := list(t, s, "", 100)
	if want := 2 + 16*15; len(all) != want {
		t.Errorf("%d changes, want %d", len(all), want)
	}
	for _, c := range all {
		lanes[c.GetLane()] = append(lanes[c.GetLane()], c.GetSequence())
		if c.GetType() == rapportv1.Change_UPDATED {
			updates[c.GetResource()] = append(updates[c.GetResource()], c)
		}
	}
	for lane, sequences := range lanes {
		slices.Sort(sequences)
		for i, n := range sequences {
			if n != int64(i+1) {
				t.Fatalf("lane %d has the sequences %v", lane, sequences)
			}
		}
	}
	for name, changes := range updates {
		slices.SortFunc(changes, func(a, b *rapportv1.Change) int { return int(a.GetSequence() - b.GetSequence()) })
		last, at := "Ada", time.Time{}
		for _, c := range changes { // each begins where the one before ended
			if before := c.GetFields()[0].GetBefore().GetStringValue(); before != last {
				t.Errorf("%s: sequence %d begins with %q after %q", name, c.GetSequence(), before, last)
			}
			if now := c.GetChangeTime().AsTime(); now.Before(at) {
				t.Errorf("%s: sequence %d goes back in time", name, c.GetSequence())
			} else {
				at = now
			}
			last = c.GetFields()[0].GetAfter().GetStringValue()
		}
	}
}

func TestListChanges(t *testing.T) {
	s := apitest.Start(t)
	a, b := create(t, s), create(t, s)
	contact, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{Parent: a.GetName(), Contact: &rapportv1.Contact{DisplayName: "B"}})
	if err != nil {
		t.Fatal(err)
	}
	gone, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: b.GetName()})
	if err != nil {
		t.Fatal(err)
	}
	at := gone.GetUpdateTime().AsTime().Format(time.RFC3339Nano)
	last := list(t, s, `type = DELETED`, 0)[0]
	for filter, want := range map[string]int{
		"": 4, `customer = "` + a.GetName() + `"`: 2, `resource = "` + a.GetName() + `"`: 1, `resource = "` + contact.GetName() + `"`: 1,
		`actor = "anonymous"`: 4, `actor = "eve"`: 0, `type = CREATED`: 3, `type != CREATED`: 1, `request_id = "` + last.GetRequestId() + `"`: 1,
		`change_time >= "` + at + `"`: 1, `change_time < "` + at + `"`: 3, `customer = "` + b.GetName() + `" AND type = CREATED`: 1,
		`customer = "customers/0198c0de-0000-7000-8000-000000000001"`: 0,
	} {
		for _, size := range []int32{0, 1, 3} {
			got := list(t, s, filter, size)
			if len(got) != want || !slices.IsSortedFunc(got, func(a, b *rapportv1.Change) int {
				return b.GetChangeTime().AsTime().Compare(a.GetChangeTime().AsTime())
			}) {
				t.Errorf("%s by %d: %d changes, want %d, newest first: %v", filter, size, len(got), want, got)
			}
		}
	}
	for _, filter := range []string{
		`nonsense = 1`, `resource != "` + a.GetName() + `"`, `customer = "x"`, `resource = "changes/x"`, `request_id = "x"`, `type = NOTHING`,
		`change_time > 5`, `fields.path = "x"`,
	} {
		_, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: filter})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FILTER, "filter")
	}
	page, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{PageToken: page.GetNextPageToken(), Filter: `type = CREATED`})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token")
	_, err = s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{PageSize: -1})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "page_size")
}

func TestGetChangeRefusals(t *testing.T) {
	s := apitest.Start(t)
	_, err := s.Changes.GetChange(t.Context(), &rapportv1.GetChangeRequest{Name: "changes/0198c0de-0000-7000-8000-000000000001"})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CHANGE_NOT_FOUND)
	for _, name := range []string{"", "changes/", "changes/-", "changes/x", "customers/0198c0de-0000-7000-8000-000000000001"} {
		_, err := s.Changes.GetChange(t.Context(), &rapportv1.GetChangeRequest{Name: name})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "name")
	}
}
