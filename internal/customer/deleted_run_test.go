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

func TestAListDoesNotReadThroughDeletedCustomers(t *testing.T) {
	s := apitest.Start(t)
	live := create(t, s, ada())
	deleteMany(t, s, 15_000)
	for _, filter := range []string{"", `type = INDIVIDUAL`} {
		page, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.GetCustomers()) != 1 || page.GetCustomers()[0].GetName() != live.GetName() ||
			page.GetNextPageToken() != "" || page.GetTotalSize() != 1 {
			t.Errorf("filter %q: %d customers, token %q, total %v; want the live one alone and at once",
				filter, len(page.GetCustomers()), page.GetNextPageToken(), page.TotalSize)
		}
	}
	all, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{ShowDeleted: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.GetCustomers()) != 50 || all.GetTotalSize() != 10_001 {
		t.Errorf("with the deleted: %d customers, total %d", len(all.GetCustomers()), all.GetTotalSize())
	}
}
