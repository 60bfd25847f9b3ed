package customer_test

import (
	"fmt"
	"testing"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/db"
)

// deleteMany makes n deleted customers that come before all others in the default
// order, as an import that was taken back leaves them.
func deleteMany(t *testing.T, s *apitest.Service, n int) {
	t.Helper()
	_, err := s.DB.Exec(t.Context(), fmt.Sprintf(`
		INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses,
			external_ids, tags, attributes, create_time, update_time, delete_time, purge_time)
		SELECT n %% %d, gen_random_uuid(), 2, 'INDIVIDUAL', 'gone', '[]', '[]', '[]', '{}', '{}', '{}',
			now() + interval '1 day', now(), now(), now() + interval '30 days'
		FROM generate_series(1, %d) AS n`, db.Lanes, n))
	if err != nil {
		t.Fatal(err)
	}
}

func TestARunOfDeletedCustomersIsReadInBoundedPages(t *testing.T) {
	s := apitest.Start(t)
	live := create(t, s, ada())
	deleteMany(t, s, 15_000)

	req := &rapportv1.ListCustomersRequest{}
	first, err := s.Customers.ListCustomers(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if len(first.GetCustomers()) != 0 || first.GetNextPageToken() == "" || first.GetTotalSize() != 1 {
		t.Errorf("first page: %d customers, token %q, total %v; want none, a token, and 1",
			len(first.GetCustomers()), first.GetNextPageToken(), first.TotalSize)
	}
	req.PageToken = first.GetNextPageToken()
	second, err := s.Customers.ListCustomers(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if len(second.GetCustomers()) != 1 || second.GetCustomers()[0].GetName() != live.GetName() || second.GetNextPageToken() != "" {
		t.Errorf("second page: %v", second)
	}

	deleteMany(t, s, 10_000)
	if first, err = s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{}); err != nil {
		t.Fatal(err)
	}
	if first.TotalSize != nil {
		t.Errorf("total %d, want none: to know it would mean to read all deleted ones", first.GetTotalSize())
	}
}
