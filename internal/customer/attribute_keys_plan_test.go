package customer

import (
	"testing"

	"github.com/rapport-crm/rapport/internal/pgtest"
)

// TestPlanOfAttributeKeys wants a page read off the index, however many keys there are.
func TestPlanOfAttributeKeys(t *testing.T) {
	conn := seeded(t)
	for _, sql := range []string{
		`INSERT INTO attribute_key SELECT lane, 'k' || n, 'STRING', 1 FROM generate_series(0, 63) AS lane, generate_series(1, 500) AS n`,
		`VACUUM ANALYZE attribute_key`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	wantPlan(t, pgtest.Plan(t, conn, listAttributeKeysSQL, "k3", "STRING", 51), "attribute_key_key_idx")
	wantPlan(t, pgtest.Plan(t, conn, listAttributeKeysSQL, "", "", 51), "attribute_key_key_idx")
}
