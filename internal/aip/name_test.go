package aip_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
)

const (
	idA = "0198c0de-0000-7000-8000-00000000000a"
	idB = "0198c0de-0000-7000-8000-00000000000b"
)

func TestNames(t *testing.T) {
	a, b := uuid.MustParse(idA), uuid.MustParse(idB)
	if got, want := aip.CustomerName(a), "customers/"+idA; got != want {
		t.Errorf("CustomerName: %q, want %q", got, want)
	}
	if id, err := aip.ParseCustomerName("name", aip.CustomerName(a)); err != nil || id != a {
		t.Errorf("ParseCustomerName: %v, %v", id, err)
	}
	if got, want := aip.Contacts.Name(a, b), "customers/"+idA+"/contacts/"+idB; got != want {
		t.Errorf("ContactName: %q, want %q", got, want)
	}
	if owner, err := aip.ParseOwner("name", aip.Purchases.Name(a, b)); err != nil || owner != a {
		t.Errorf("ParseOwner of a purchase: %v, %v", owner, err)
	}
	if customer, contact, err := aip.Contacts.ParseName("name", aip.Contacts.Name(a, b)); err != nil || customer != a || contact != b {
		t.Errorf("Contacts.ParseName: %v, %v, %v", customer, contact, err)
	}
	if owner, err := aip.ParseOwner("name", aip.SatisfactionScores.Name(a, b)); err != nil || owner != a {
		t.Errorf("ParseOwner of a score: %v, %v", owner, err)
	}
	if id, err := aip.ParseChangeName("name", aip.ChangeName(b)); err != nil || id != b {
		t.Errorf("ParseChangeName: %v, %v", id, err)
	}
	if id, err := aip.ParseServiceTierName("name", aip.ServiceTierName(b)); err != nil || id != b || aip.ServiceTierName(b) != "serviceTiers/"+idB {
		t.Errorf("ParseServiceTierName of %s: %v, %v", aip.ServiceTierName(b), id, err)
	}
	if id, all, err := aip.ParseCustomerParent("parent", "customers/"+idA); err != nil || all || id != a {
		t.Errorf("ParseCustomerParent of one: %v, %v, %v", id, all, err)
	}
	if _, all, err := aip.ParseCustomerParent("parent", "customers/-"); err != nil || !all {
		t.Errorf("ParseCustomerParent of all: %v, %v", all, err)
	}
}

// One resource has one name: whatever else uuid.Parse would take is refused.
func TestNamesRefuse(t *testing.T) {
	ids := []string{
		"", "-", " ", "0", strings.ToUpper(idA), "{" + idA + "}", "urn:uuid:" + idA,
		strings.ReplaceAll(idA, "-", ""), idA + " ", idA + "/", idA[:35], idA[:35] + "g", idA[:35] + "é",
		uuid.Nil.String(), idA[:35] + "\x00", strings.Repeat("é", 18), idA[:8] + "0" + idA[9:],
	}
	for _, id := range ids {
		_, err := aip.ParseID("customer_id", id)
		wantViolation(t, "ParseID of "+id, err, rapportv1.ErrorReason_INVALID_FIELD, "customer_id")
		_, err = aip.ParseServiceTierName("name", "serviceTiers/"+id)
		wantViolation(t, "ParseServiceTierName of "+id, err, rapportv1.ErrorReason_INVALID_FIELD, "name")
		_, err = aip.ParseCustomerName("name", "customers/"+id)
		wantViolation(t, "ParseCustomerName of "+id, err, rapportv1.ErrorReason_INVALID_FIELD, "name")
		_, err = aip.ParseChangeName("name", "changes/"+id)
		wantViolation(t, "ParseChangeName of "+id, err, rapportv1.ErrorReason_INVALID_FIELD, "name")
		_, _, err = aip.Contacts.ParseName("name", "customers/"+idA+"/contacts/"+id)
		wantViolation(t, "Contacts.ParseName of "+id, err, rapportv1.ErrorReason_INVALID_FIELD, "name")
		_, _, err = aip.Contacts.ParseName("name", "customers/"+id+"/contacts/"+idA)
		wantViolation(t, "Contacts.ParseName at "+id, err, rapportv1.ErrorReason_INVALID_FIELD, "name")
	}
	for _, name := range []string{"", "customers", "customers/", "/customers/" + idA, "Customers/" + idA, "customers/" + idA + "/", "customer/" + idA, "changes/" + idA} {
		_, err := aip.ParseCustomerName("name", name)
		wantViolation(t, name, err, rapportv1.ErrorReason_INVALID_FIELD, "name")
	}
	for _, name := range []string{"", "customers/" + idA, "customers/" + idA + "/contact_/" + idB, "customers/" + idA + "/contacts/" + idB + "/x", "customerz/" + idA + "/contacts/" + idB} {
		_, _, err := aip.Contacts.ParseName("name", name)
		wantViolation(t, name, err, rapportv1.ErrorReason_INVALID_FIELD, "name")
	}
}

func TestNamesAllocate(t *testing.T) {
	a, b := uuid.MustParse(idA), uuid.MustParse(idB)
	name := aip.Contacts.Name(a, b)
	if n := testing.AllocsPerRun(100, func() { _ = aip.Contacts.Name(a, b) }); n > 1 {
		t.Errorf("Contacts.Name allocates %v times, want 1", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _, _ = aip.Contacts.ParseName("name", name) }); n > 0 {
		t.Errorf("Contacts.ParseName allocates %v times, want 0", n)
	}
}

func TestEtag(t *testing.T) {
	if got := aip.Etag(7); got != `"7"` {
		t.Errorf("Etag(7) = %s", got)
	}
	for _, sent := range []string{"", "*", `"7"`} {
		if err := aip.CheckEtag(sent, "customers/x", 7); err != nil {
			t.Errorf("CheckEtag(%s): %v", sent, err)
		}
	}
	for _, sent := range []string{`"6"`, `"07"`, "7", `W/"7"`, `"7", "8"`, " "} {
		err := aip.CheckEtag(sent, "customers/x", 7)
		if got := apierr.Reason(err); got != rapportv1.ErrorReason_ETAG_MISMATCH {
			t.Errorf("CheckEtag(%s): reason %v", sent, got)
		} else if got := apierr.Info(err).GetMetadata()["etag"]; got != `"7"` {
			t.Errorf("CheckEtag(%s): current etag %s", sent, got)
		}
	}
}

// wantViolation checks the reason of an error and that its violations name the field,
// and returns the first one's description.
func wantViolation(t *testing.T, what string, err error, reason rapportv1.ErrorReason, field string) string {
	t.Helper()
	if got := apierr.Reason(err); got != reason {
		t.Errorf("%s: reason %v, want %v (error %v)", what, got, reason, err)
		return ""
	}
	for _, d := range status.Convert(err).Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			v := bad.GetFieldViolations()[0]
			if v.GetField() != field {
				t.Errorf("%s: violation of %q, want %q", what, v.GetField(), field)
			}
			return v.GetDescription()
		}
	}
	t.Errorf("%s: no violation in %v", what, err)
	return ""
}
