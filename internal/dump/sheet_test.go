package dump

import (
	"bytes"
	"encoding/csv"
	"slices"
	"testing"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// TestNewerService: an export of a service that knows more than this client ends well:
// a value without a name is its number, a type without one has no column.
func TestNewerService(t *testing.T) {
	var out bytes.Buffer
	s, err := newSheet(&out, []*rapportv1.AttributeKey{{Key: "later", ValueType: 99}, {Key: "now", ValueType: rapportv1.AttributeKey_STRING}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.write(&rapportv1.Customer{Name: "customers/1", Type: 99}); err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(all) != 2 || all[0][len(all[0])-1] != "attributes.now:string" || slices.Contains(all[0], "attributes.later:") ||
		all[1][slices.Index(all[0], "type")] != "99" {
		t.Errorf("%q, %v", all, err)
	}
}
