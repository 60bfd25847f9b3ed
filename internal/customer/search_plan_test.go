package customer

import (
	"strings"
	"testing"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

// TestPlansOfSearches wants each kind of search to read the index of the keys and then
// the customers by their primary key, and no more than that.
func TestPlansOfSearches(t *testing.T) {
	conn := seeded(t)
	for _, req := range []*rapportv1.ListCustomersRequest{
		{Query: "+44 20 7183 8750"},
		{Query: "8750"},
		{Query: "7@example.com"},
		{Query: "a"},
		{Query: "john smith"},
		{Query: "小明"},
		{Query: "john", ShowDeleted: true},
		{Query: "john", Filter: `tags:"tag7"`},
		{Query: "john", Filter: `emails.address = "7@example.com"`},
	} {
		wanted, err := (&Server{DefaultRegion: "GB"}).parseSearch(req)
		if err != nil {
			t.Fatal(err)
		}
		sql, args := wanted.statement(wanted.query.Arms, 100)
		wantSearchPlan(t, pgtest.Plan(t, conn, sql, args...))
	}
	wanted, err := (&Server{}).parseSearch(&rapportv1.ListCustomersRequest{Query: "jonh smiht"})
	if err != nil {
		t.Fatal(err)
	}
	sql, args := wanted.statement(wanted.query.Corrected([]string{"john", "smith"}), 100)
	wantSearchPlan(t, pgtest.Plan(t, conn, sql, args...))
	plan := pgtest.Plan(t, conn, knownWordsSQL, []string{"njohn", "nsmith"}, []string{"njohn-", "nsmith-"})
	wantPlan(t, plan, "Index Only Scan using search_key_key_idx")
}

func wantSearchPlan(t *testing.T, plan string) {
	t.Helper()
	wantPlan(t, plan, "Index Only Scan using search_key_key_idx")
	wantPlan(t, plan, "customer_pkey")
	if strings.Contains(plan, "customer_values_idx") {
		t.Errorf("the filter is looked up beside the search:\n%s", plan)
	}
}
