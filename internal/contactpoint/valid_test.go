package contactpoint_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/rapport-crm/rapport/internal/contactpoint"
)

// E164 asks the main region of a country code before it looks for the region. That
// must not change what is valid: of each region an example and numbers near it.
func TestAskingTheMainRegionFirstChangesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same numbers each time
	valid, invalid := 0, 0
	for region := range phonenumbers.GetSupportedRegions() {
		example := phonenumbers.GetExampleNumber(region)
		if example == nil {
			continue
		}
		digits := []byte(fmt.Sprint(example.GetNationalNumber()))
		for range 60 {
			number := fmt.Sprintf("+%d%s", example.GetCountryCode(), digits)
			want := ""
			if parsed, err := phonenumbers.Parse(number, ""); err == nil && phonenumbers.IsValidNumber(parsed) {
				want = phonenumbers.Format(parsed, phonenumbers.E164)
				valid++
			} else {
				invalid++
			}
			if got := contactpoint.E164(number, ""); got != want {
				t.Errorf("%s: got %q, want %q", number, got, want)
			}
			digits[random.IntN(len(digits))] = byte('0' + random.IntN(10))
		}
	}
	if valid < 1000 || invalid < 1000 {
		t.Errorf("%d valid and %d invalid numbers prove little", valid, invalid)
	}
}
