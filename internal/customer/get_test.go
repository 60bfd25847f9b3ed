package customer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func TestGetRefusals(t *testing.T) {
	s := apitest.Start(t)
	for _, name := range []string{
		"", "x", "customers", "customers/", "customers/-", "customers/x", "/customers/0198c0de-0000-7000-8000-000000000001",
		"customers/0198C0DE-0000-7000-8000-000000000001", "customers/0198c0de-0000-7000-8000-000000000001/", "customers/../changes/x",
		"customers/00000000-0000-0000-0000-000000000000", "customers/0198c0de000070008000000000000001", strings.Repeat("x", 128),
	} {
		_, err := s.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: name})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "name")
	}
	_, err := s.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: unknown})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND)
}

func TestBatchGet(t *testing.T) {
	s := apitest.Start(t)
	a, b := create(t, s, full()), create(t, s, ada())
	b = remove(t, s, b.GetName())
	resp, err := s.Customers.BatchGetCustomers(t.Context(), &rapportv1.BatchGetCustomersRequest{
		Names: []string{b.GetName(), a.GetName(), b.GetName()},
	})
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, resp, &rapportv1.BatchGetCustomersResponse{Customers: []*rapportv1.Customer{b, a, b}})
}

// TestBatchGetAtItsLimit reads 1,000 customers in an order of the caller's and is
// refused 1,001.
func TestBatchGetAtItsLimit(t *testing.T) {
	s := apitest.Start(t)
	seed(t, s, 1000)
	var names []string
	for token := ""; ; {
		list, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{PageSize: 300, OrderBy: "display_name", PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list.GetCustomers() {
			names = append(names, c.GetName())
		}
		if token = list.GetNextPageToken(); token == "" {
			break
		}
	}
	slices.Reverse(names)
	resp, err := s.Customers.BatchGetCustomers(t.Context(), &rapportv1.BatchGetCustomersRequest{Names: names})
	if err != nil || len(resp.GetCustomers()) != 1000 {
		t.Fatalf("%d customers, %v", len(resp.GetCustomers()), err)
	}
	for i, c := range resp.GetCustomers() {
		if c.GetName() != names[i] {
			t.Fatalf("place %d: %s, want %s", i, c.GetName(), names[i])
		}
	}
	_, err = s.Customers.BatchGetCustomers(t.Context(), &rapportv1.BatchGetCustomersRequest{Names: append(names, names[0])})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "names")
}

func TestBatchGetRefusals(t *testing.T) {
	s := apitest.Start(t)
	good := create(t, s, ada()).GetName()
	for _, test := range []struct {
		names  []string
		fields []string
	}{
		{nil, []string{"names"}},
		{[]string{good, "x", good, ""}, []string{"names[1]", "names[3]"}},
		{[]string{"customers/-"}, []string{"names[0]"}},
		{[]string{strings.Repeat("x", 65)}, []string{"names[0]"}},
	} {
		_, err := s.Customers.BatchGetCustomers(t.Context(), &rapportv1.BatchGetCustomersRequest{Names: test.names})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, test.fields...)
	}
	_, err := s.Customers.BatchGetCustomers(t.Context(), &rapportv1.BatchGetCustomersRequest{Names: []string{good, unknown}})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND)
}

// seed makes n customers by SQL, with ties in every order: ten of each time, and names
// that differ behind their first 60 characters only.
func seed(t testing.TB, s *apitest.Service, n int) {
	t.Helper()
	_, err := s.DB.Exec(t.Context(), fmt.Sprintf(`
		INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids,
			tags, attributes, owner, create_time, update_time)
		SELECT 0, id, 1, 'INDIVIDUAL', rpad((n / 10)::text, 60, 'x') || n, '[]', '[]', '[]', '{}',
			ARRAY['n' || n %% 7], jsonb_build_object('n', n), 'o' || n %% 5,
			timestamptz '2026-01-01 00:00:00Z' + n / 10 * interval '1 second',
			timestamptz '2026-01-01 00:00:00Z' + (n * 7919 %% %[1]d) / 10 * interval '1 second'
		FROM (SELECT n, gen_random_uuid() AS id FROM generate_series(1, %[1]d) AS n) numbered`, n))
	if err != nil {
		t.Fatal(err)
	}
	setLanes(t, s)
}

// setLanes gives customers made by SQL the lane that follows from their id.
func setLanes(t testing.TB, s *apitest.Service) {
	t.Helper()
	if _, err := s.DB.Exec(t.Context(), laneFunction+`UPDATE customer SET lane = pg_temp.lane(customer_id)`); err != nil {
		t.Fatal(err)
	}
}

// laneFunction is db.Lane in SQL.
const laneFunction = `
CREATE FUNCTION pg_temp.lane(id uuid) RETURNS smallint LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE h bigint := 2166136261; b bytea := uuid_send(id);
BEGIN
	FOR i IN 0..15 LOOP h := ((h # get_byte(b, i)) * 16777619) & 4294967295; END LOOP;
	RETURN h % 64;
END $$;
`
