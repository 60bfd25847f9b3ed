package customer_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
)

const badInput = "../../../shared/data/bad_input/"

// read returns a file of hard input, or skips the test.
func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(badInput + name)
	if os.IsNotExist(err) {
		t.Skipf("%s is not there: the hard input lies beside the checkout, not in it", badInput+name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func naughty(t testing.TB) (all []string) {
	t.Helper()
	if err := json.Unmarshal(read(t, "blns.json"), &all); err != nil {
		t.Fatal(err)
	}
	return append(all, "\u0000", "a\u0000b", "\ufffe", "\U0010ffff", "a\r\nb", strings.Repeat("e\u0301", 100))
}

// column returns the values of a column of a CSV file, each once.
func column(t testing.TB, file, name string) (out []string) {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(read(t, file)), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{"": true}
	for i, header := range records[0] {
		for _, record := range records[1:] {
			if header == name && !seen[record[i]] {
				seen[record[i]] = true
				out = append(out, record[i])
			}
		}
	}
	return out
}

// TestNaughtyStrings puts each string wherever a customer takes text as it is. It comes
// back byte for byte or is refused with the field named, as its length or a NUL wants.
func TestNaughtyStrings(t *testing.T) {
	s := apitest.Start(t)
	for i, text := range naughty(t) {
		c := naughtyCustomer(i, text)
		req := &rapportv1.CreateCustomerRequest{Customer: proto.CloneOf(c)}
		made, err := s.Customers.CreateCustomer(t.Context(), req)
		if want := naughtyFields(text); len(want) > 0 {
			for _, field := range want {
				if !strings.Contains(strings.Join(apierr.Fields(err), " ")+" ", field+" ") {
					t.Errorf("%q: %v does not name %s", text, err, field)
				}
			}
			apitest.WantReason(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD)
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := get(t, s, made.GetName())
		if text != "" && (got.GetDisplayName() != text || got.GetTags()[0] != c.GetTags()[0] || got.GetOwner() != text ||
			got.GetAttributes()["a"].GetStringValue() != text || got.GetPhones()[0].GetNumber() != c.GetPhones()[0].GetNumber() ||
			got.GetPostalAddresses()[0].GetAddressLines()[0] != text || !proto.Equal(got.GetPostalAddresses()[0], c.GetPostalAddresses()[0])) {
			t.Errorf("%q came back as %v", text, got)
		}
		if consent := got.GetContactPreference().GetConsents()[0]; got.GetOccasions()[0].GetLabel() != text || got.GetMembership().GetNumber() != text ||
			got.GetMembership().GetLevel() != text || consent.GetPurpose() != text || consent.GetEvidence() != text {
			t.Errorf("%q came back as %v", text, got)
		}
		if id := got.GetExternalIds()["erp"]; id != c.GetExternalIds()["erp"] {
			t.Errorf("%q came back as the external id %q", text, id)
		}
		wantNaughtyFound(t, s, text, made)
	}
}

// wantNaughtyFound finds the customer by what it was given, in a filter.
func wantNaughtyFound(t *testing.T, s *apitest.Service, text string, made *rapportv1.Customer) {
	t.Helper()
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `*`, `\*`).Replace(made.GetExternalIds()["erp"]) + `"`
	list, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Filter: `external_ids.erp = ` + quoted})
	if err != nil || len(list.GetCustomers()) != 1 || list.GetCustomers()[0].GetName() != made.GetName() {
		t.Errorf("%q: the filter %s found %v, %v", text, quoted, list.GetCustomers(), err)
	}
}

func naughtyCustomer(i int, s string) *rapportv1.Customer {
	c := ada()
	c.DisplayName, c.Owner = s, proto.String(s)
	c.Tags = []string{short(s, 64)}
	c.Phones = []*rapportv1.PhoneNumber{{Number: short(s, 64)}}
	c.Attributes = map[string]*rapportv1.AttributeValue{"a": text(s)}
	c.ExternalIds = map[string]string{"erp": short(fmt.Sprintf("%d %s", i, s), 200)}
	c.PostalAddresses = full().GetPostalAddresses()[:1]
	c.PostalAddresses[0].AddressLines[0], c.PostalAddresses[0].Locality = s, s
	c.Occasions = []*rapportv1.Occasion{{Type: rapportv1.Occasion_BIRTHDAY, Date: &date.Date{Month: 1, Day: 1}, Label: proto.String(s)}}
	c.Membership = &rapportv1.Membership{Number: proto.String(s), Level: proto.String(s)}
	c.ContactPreference = &rapportv1.ContactPreference{Consents: []*rapportv1.ContactPreference_Consent{
		{Purpose: s, ConsentTime: &timestamppb.Timestamp{}, Evidence: proto.String(s)},
	}}
	return c
}

func short(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}

// naughtyFields are those fields that cannot take the string.
func naughtyFields(s string) (fields []string) {
	switch {
	case strings.Contains(s, "\x00"):
		return []string{
			"customer.display_name", "customer.owner", "customer.tags[0]", "customer.phones[0].number",
			`customer.attributes["a"].string_value`, `customer.external_ids["erp"]`,
			"customer.postal_addresses[0].address_lines[0]", "customer.postal_addresses[0].locality",
			"customer.occasions[0].label", "customer.membership.number", "customer.membership.level",
			"customer.contact_preference.consents[0].purpose", "customer.contact_preference.consents[0].evidence",
		}
	case s == "":
		return []string{"customer.tags[0]", "customer.phones[0].number", "customer.contact_preference.consents[0].purpose"}
	case utf8.RuneCountInString(s) > 200:
		return []string{
			"customer.display_name", "customer.owner", "customer.occasions[0].label", "customer.membership.number", "customer.membership.level",
			"customer.contact_preference.consents[0].purpose",
		}
	}
	return nil
}

// TestNamesOfTheWorld stores names in the scripts of 106 countries and finds each again
// where the order of code points has it.
func TestNamesOfTheWorld(t *testing.T) {
	s := apitest.Start(t)
	forenames := column(t, "common-forenames-by-country.csv", "Localized Name")
	surnames := column(t, "common-surnames-by-country.csv", "Localized Name")
	made := map[string]string{}
	for i := 0; i < len(forenames); i++ {
		c := ada()
		c.DisplayName = forenames[i] + " " + surnames[i%len(surnames)]
		c.Tags = []string{short(forenames[i], 64)}
		made[create(t, s, c).GetName()] = c.GetDisplayName()
	}
	if len(made) < 1400 {
		t.Fatalf("only %d names", len(made))
	}
	last, token := "", ""
	for {
		resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{
			OrderBy: "display_name", PageSize: 100, PageToken: token,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range resp.GetCustomers() {
			if made[c.GetName()] != c.GetDisplayName() || c.GetDisplayName() < last {
				t.Errorf("got %q after %q for %q", c.GetDisplayName(), last, made[c.GetName()])
			}
			last = c.GetDisplayName()
			delete(made, c.GetName())
		}
		if token = resp.GetNextPageToken(); token == "" {
			break
		}
	}
	if len(made) > 0 {
		t.Errorf("%d names are missing in the list, as %v", len(made), made)
	}
}

// TestNULEverywhere puts a NUL into every string that a request of CustomerService can
// hold, one at a time, as the descriptors list them.
func TestNULEverywhere(t *testing.T) {
	s := apitest.Start(t)
	service := rapportv1.File_rapport_v1_customer_service_proto.Services().ByName("CustomerService")
	tried := 0
	for i := range service.Methods().Len() {
		method := service.Methods().Get(i)
		for _, set := range nulSetters(method.Input(), 0) {
			req := newMessage(t, method.Input())
			want := set(req)
			path := fmt.Sprintf("/%s/%s", service.FullName(), method.Name())
			resp := newMessage(t, method.Output()).Interface()
			err := s.Conn.Invoke(t.Context(), path, req.Interface(), resp)
			if imported, ok := resp.(*rapportv1.ImportCustomersResponse); ok && err == nil {
				err = status.ErrorProto(imported.GetOutcomes()[0].GetError())
			}
			if fields := apierr.Fields(err); !strings.Contains(strings.Join(fields, " "), want) ||
				apierr.Reason(err) != rapportv1.ErrorReason_INVALID_FIELD {
				t.Errorf("%s with NUL in %s: %v, fields %q", method.Name(), want, err, fields)
			}
			tried++
		}
	}
	if tried < 100 {
		t.Errorf("only %d strings tried", tried)
	}
}
