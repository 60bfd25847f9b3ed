package customer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/db"
)

// attributeKeys reads the whole list, in pages of this size, as `key TYPE count`.
func attributeKeys(t testing.TB, s *apitest.Service, size int32) (all []string) {
	t.Helper()
	req := &rapportv1.ListAttributeKeysRequest{PageSize: size}
	for {
		resp, err := s.Customers.ListAttributeKeys(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(resp.GetAttributeKeys()); size > 0 && n > int(size) || n == 0 && req.GetPageToken() != "" {
			t.Errorf("a page of %d, asked for %d", n, size)
		}
		for _, k := range resp.GetAttributeKeys() {
			all = append(all, fmt.Sprintf("%s %s %d", k.GetKey(), k.GetValueType(), k.GetCustomerCount()))
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return all
		}
	}
}

func wantAttributeKeys(t testing.TB, s *apitest.Service, want ...string) {
	t.Helper()
	for _, size := range []int32{0, 1, 2} {
		if diff := cmp.Diff(want, attributeKeys(t, s, size)); diff != "" {
			t.Errorf("attribute keys in pages of %d (-want +got):\n%s", size, diff)
		}
	}
}

func TestListAttributeKeys(t *testing.T) {
	s := apitest.Start(t)
	wantAttributeKeys(t, s)
	first := create(t, s, full())
	wantAttributeKeys(t, s, "plan STRING 1", "seats DOUBLE 1", "since TIMESTAMP 1", "trial BOOL 1")
	c := ada()
	c.Attributes = map[string]*rapportv1.AttributeValue{"plan": number(3), "Zone": text("")}
	second := create(t, s, c)
	wantAttributeKeys(t, s, "Zone STRING 1", "plan DOUBLE 1", "plan STRING 1", "seats DOUBLE 1", "since TIMESTAMP 1", "trial BOOL 1")

	// Another value of the type changes nothing, another type both counts.
	change := func(path string, value *rapportv1.AttributeValue) {
		t.Helper()
		update(t, s, &rapportv1.UpdateCustomerRequest{UpdateMask: mask("attributes." + path), Customer: &rapportv1.Customer{
			Name: second.GetName(), Attributes: map[string]*rapportv1.AttributeValue{path: value},
		}})
	}
	change("plan", number(4))
	change("Zone", text("north"))
	wantAttributeKeys(t, s, "Zone STRING 1", "plan DOUBLE 1", "plan STRING 1", "seats DOUBLE 1", "since TIMESTAMP 1", "trial BOOL 1")
	change("plan", text("silver"))
	wantAttributeKeys(t, s, "Zone STRING 1", "plan STRING 2", "seats DOUBLE 1", "since TIMESTAMP 1", "trial BOOL 1")

	remove(t, s, first.GetName())
	wantAttributeKeys(t, s, "Zone STRING 1", "plan STRING 1")
	undelete(t, s, first.GetName())
	update(t, s, &rapportv1.UpdateCustomerRequest{UpdateMask: mask("attributes"), Customer: &rapportv1.Customer{Name: second.GetName()}})
	wantAttributeKeys(t, s, "plan STRING 1", "seats DOUBLE 1", "since TIMESTAMP 1", "trial BOOL 1")
}

// What is only checked, refused or repeated is not counted.
func TestAttributesAreCountedOnce(t *testing.T) {
	s := apitest.Start(t)
	c := ada()
	c.Attributes, c.ExternalIds = map[string]*rapportv1.AttributeValue{"plan": text("gold")}, map[string]string{"erp": "1"}
	req := &rapportv1.CreateCustomerRequest{Customer: c, ValidateOnly: true}
	if _, err := s.Customers.CreateCustomer(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	wantAttributeKeys(t, s)
	req.ValidateOnly, req.RequestId = false, newID(t)
	for range 3 {
		if _, err := s.Customers.CreateCustomer(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: c})
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
	wantAttributeKeys(t, s, "plan STRING 1")
}

func TestListAttributeKeysRefusals(t *testing.T) {
	s := apitest.Start(t)
	seed(t, s, 2)
	list, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{OrderBy: "display_name", PageSize: 1})
	if err != nil || list.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", list, err)
	}
	for token, reason := range map[string]rapportv1.ErrorReason{
		"nonsense": rapportv1.ErrorReason_INVALID_PAGE_TOKEN, list.GetNextPageToken(): rapportv1.ErrorReason_INVALID_PAGE_TOKEN,
		strings.Repeat("A", 513): rapportv1.ErrorReason_INVALID_FIELD,
	} {
		_, err := s.Customers.ListAttributeKeys(t.Context(), &rapportv1.ListAttributeKeysRequest{PageToken: token})
		apitest.WantFields(t, err, codes.InvalidArgument, reason, "page_token")
	}
	_, err = s.Customers.ListAttributeKeys(t.Context(), &rapportv1.ListAttributeKeysRequest{PageSize: -1})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "page_size")
}

// The longest keys there can be have tokens that fit, and upper case goes before lower.
func TestManyAttributeKeys(t *testing.T) {
	s := apitest.Start(t)
	var want []string
	for range 20 {
		c := ada()
		c.Attributes = map[string]*rapportv1.AttributeValue{}
		for len(c.GetAttributes()) < 64 {
			key := fmt.Sprintf("k%04d", len(want))
			key += strings.Repeat("x", 63-len(key))
			c.Attributes[key] = instant(1, 0)
			want = append(want, key+" TIMESTAMP 1")
		}
		create(t, s, c)
	}
	for _, size := range []int32{7, 1000, 1001} {
		if diff := cmp.Diff(want, attributeKeys(t, s, size)); diff != "" {
			t.Errorf("in pages of %d (-want +got):\n%s", size, diff)
		}
	}
}

// TestAttributeCountsUnderConcurrency lets many change the same customers at random, one
// and several at a time, and then counts from the start.
func TestAttributeCountsUnderConcurrency(t *testing.T) {
	s := apitest.Start(t)
	names := times(12, func(int) string { return create(t, s, ada()).GetName() })
	const writers, steps = 8, 60
	var running sync.WaitGroup
	for w := range writers {
		random := rand.New(rand.NewPCG(1, uint64(w)))
		running.Go(func() {
			for range steps {
				err := changeAttributes(t.Context(), s, random, names)
				switch apierr.Reason(err) {
				case rapportv1.ErrorReason_ERROR_REASON_UNSPECIFIED, rapportv1.ErrorReason_CUSTOMER_DELETED,
					rapportv1.ErrorReason_NOT_DELETED, rapportv1.ErrorReason_TRANSACTION_CONFLICT:
				default:
					t.Errorf("%v", err)
				}
				if err != nil && apierr.Reason(err) == rapportv1.ErrorReason_ERROR_REASON_UNSPECIFIED {
					t.Errorf("%v", err)
				}
			}
		})
	}
	running.Wait()
	counts := map[string]int{}
	for _, c := range pages(t, s, &rapportv1.ListCustomersRequest{PageSize: 1000}, nothing) {
		for key, value := range c.GetAttributes() {
			counts[fmt.Sprintf("%s %s", key, kindOf(value))]++
		}
	}
	got := map[string]int{}
	for _, line := range attributeKeys(t, s, 3) {
		var key, kind string
		var n int
		if _, err := fmt.Sscan(line, &key, &kind, &n); err != nil {
			t.Fatal(err)
		}
		got[key+" "+kind] = n
	}
	if len(counts) == 0 {
		t.Fatal("no customer has an attribute")
	}
	if diff := cmp.Diff(counts, got); diff != "" {
		t.Errorf("counts (-recounted +kept):\n%s", diff)
	}
	recountInSQL(t, s)
}

func kindOf(a *rapportv1.AttributeValue) string {
	return strings.ToUpper(strings.TrimSuffix(string(a.ProtoReflect().WhichOneof(a.ProtoReflect().Descriptor().Oneofs().Get(0)).Name()), "_value"))
}

// randomAttributes are up to three of four keys, each of a random type.
func randomAttributes(random *rand.Rand) map[string]*rapportv1.AttributeValue {
	out := map[string]*rapportv1.AttributeValue{}
	for range random.IntN(4) {
		out[string(rune('a'+random.IntN(4)))] = []*rapportv1.AttributeValue{text("x"), number(1), yes(true), instant(1, 0)}[random.IntN(4)]
	}
	return out
}

func changeAttributes(ctx context.Context, s *apitest.Service, random *rand.Rand, names []string) (err error) {
	name := func() string { return names[random.IntN(len(names))] }
	set := func() *rapportv1.UpdateCustomerRequest {
		return &rapportv1.UpdateCustomerRequest{UpdateMask: mask("attributes"), Customer: &rapportv1.Customer{Name: name(), Attributes: randomAttributes(random)}}
	}
	switch random.IntN(6) {
	case 0:
		c := ada()
		c.Attributes = randomAttributes(random)
		_, err = s.Customers.CreateCustomer(ctx, &rapportv1.CreateCustomerRequest{Customer: c})
	case 1:
		_, err = s.Customers.DeleteCustomer(ctx, &rapportv1.DeleteCustomerRequest{Name: name()})
	case 2:
		_, err = s.Customers.UndeleteCustomer(ctx, &rapportv1.UndeleteCustomerRequest{Name: name()})
	case 3:
		batch := &rapportv1.BatchUpdateCustomersRequest{}
		for range 1 + random.IntN(6) {
			batch.Requests = append(batch.Requests, set())
		}
		batch.Requests = append(batch.Requests, &rapportv1.UpdateCustomerRequest{
			ExternalId: &rapportv1.ExternalId{Source: "erp", Id: fmt.Sprint(random.IntN(5))}, AllowMissing: true,
			Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "B", Attributes: randomAttributes(random)},
		})
		_, err = s.Customers.BatchUpdateCustomers(ctx, batch)
	default:
		req := set()
		req.Customer.Owner = proto.String(fmt.Sprint(random.IntN(3)))
		req.UpdateMask.Paths = append(req.UpdateMask.Paths, "owner")
		_, err = s.Customers.UpdateCustomer(ctx, req)
	}
	return err
}

// recountInSQL compares the table lane by lane with what the migration would fill in.
func recountInSQL(t *testing.T, s *apitest.Service) {
	t.Helper()
	file, err := db.Migrations.ReadFile("migrations/00007_attribute_keys.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, fill, ok := strings.Cut(string(file), "INSERT INTO attribute_key (lane, key, value_type, customer_count)\n")
	if !ok {
		t.Fatal("the migration fills no table")
	}
	var wrong int
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM (`+strings.TrimSuffix(strings.TrimSpace(fill), ";")+`) AS counted (lane, key, value_type, n)
		FULL JOIN (SELECT * FROM attribute_key WHERE customer_count <> 0) AS kept USING (lane, key, value_type)
		WHERE n IS DISTINCT FROM customer_count`).Scan(&wrong); err != nil {
		t.Fatal(err)
	}
	if wrong != 0 {
		t.Errorf("%d counts differ from those that the migration would fill in", wrong)
	}
}
