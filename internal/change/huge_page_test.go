package change_test

import (
	"testing"

	"github.com/rapport-crm/rapport/internal/apitest"
)

// A change holds two images of a record, and so can be larger than all that a page
// should be. It must neither end the list nor be left out.
func TestChangesLargerThanAPageAreAllListed(t *testing.T) {
	s := apitest.Start(t)
	for range 5 {
		create(t, s)
	}
	_, err := s.DB.Exec(t.Context(), `UPDATE change SET fields = jsonb_build_array(
		jsonb_build_object('path', 'display_name', 'after', repeat('x', 1700000)))`)
	if err != nil {
		t.Fatal(err)
	}
	if all := list(t, s, "", 1000); len(all) != 5 {
		t.Errorf("%d changes are listed, want 5", len(all))
	}
}
