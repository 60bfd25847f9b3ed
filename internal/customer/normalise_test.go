package customer_test

import (
	"encoding/json"
	"testing"

	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

// TestPhonesOfTheWorld reads a valid number of each region, without its country code,
// by the region of the first address. With its + it is read without a region.
func TestPhonesOfTheWorld(t *testing.T) {
	s := apitest.Start(t)
	var numbers map[string]string
	if err := json.Unmarshal(read(t, "phone-examples-mobile.json"), &numbers); err != nil {
		t.Fatal(err)
	}
	for region, number := range numbers {
		c := ada()
		c.PostalAddresses = []*postaladdress.PostalAddress{{RegionCode: region}, {RegionCode: "DE"}}
		c.Phones = []*rapportv1.PhoneNumber{{Number: number}, {Number: "00"}, {Number: "not a number, 12"}}
		made := create(t, s, c)
		e164 := made.GetPhones()[0].GetE164()
		if e164 == "" || e164[0] != '+' || made.GetPhones()[0].GetNumber() != number {
			t.Errorf("%s: %q became %q", region, number, e164)
		}
		for _, p := range made.GetPhones()[1:] {
			if p.GetE164() != "" {
				t.Errorf("%s: %q became %q", region, p.GetNumber(), p.GetE164())
			}
		}
		// The same by its E.164 form, with no address.
		c = ada()
		c.Phones = []*rapportv1.PhoneNumber{{Number: e164}, {Number: number}}
		made = create(t, s, c)
		if got := made.GetPhones()[0].GetE164(); got != e164 {
			t.Errorf("%s: %q became %q", region, e164, got)
		}
		if got := made.GetPhones()[1].GetE164(); got != "" {
			t.Errorf("%s: %q became %q without a region", region, number, got)
		}
		apitest.WantEqual(t, get(t, s, made.GetName()), made)
	}
	if len(numbers) < 240 {
		t.Errorf("only %d regions", len(numbers))
	}
}

func TestPhonesOfTheDefaultRegion(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.DefaultRegion = "CN" })
	c := ada()
	c.Phones = []*rapportv1.PhoneNumber{{Number: "138 0013 8000"}}
	made := create(t, s, c)
	if got := made.GetPhones()[0].GetE164(); got != "+8613800138000" {
		t.Errorf("got %q", got)
	}
	c.PostalAddresses = []*postaladdress.PostalAddress{{RegionCode: "GB"}}
	if got := create(t, s, c).GetPhones()[0].GetE164(); got == "+8613800138000" {
		t.Error("the customer's own region does not count")
	}
	contact, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{
		Parent: made.GetName(), Contact: &rapportv1.Contact{DisplayName: "B", Phones: c.GetPhones()},
	})
	if err != nil || contact.GetPhones()[0].GetE164() != "+8613800138000" {
		t.Errorf("contact %v, %v", contact, err)
	}
}

func TestLanguages(t *testing.T) {
	s := apitest.Start(t)
	for in, want := range map[string]string{
		"de": "de", "zh-hans-cn": "zh-Hans-CN", "EN-us": "en-US", "sr-latn": "sr-Latn", "ZH": "zh", "x-private": "x-private",
		"pt_BR": "pt-BR", "de-1996": "de-1996", "und": "und",
		"english": "!", "e": "!", "de--CH": "!", "de-": "!", " de": "!", "12": "!", "de\n": "!", "日本語": "!",
	} {
		c := ada()
		c.LanguageCode = proto.String(in)
		made, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: c})
		if want == "!" {
			apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "customer.language_code")
			continue
		}
		if err != nil || made.GetLanguageCode() != want {
			t.Errorf("%q became %q, %v, want %q", in, made.GetLanguageCode(), err, want)
			continue
		}
		// What came out goes in again unchanged.
		c.LanguageCode = made.LanguageCode
		if again := create(t, s, c); again.GetLanguageCode() != want {
			t.Errorf("%q became %q the second time", want, again.GetLanguageCode())
		}
	}
}

func TestTimeZones(t *testing.T) {
	s := apitest.Start(t)
	for zone, good := range map[string]bool{
		"Asia/Shanghai": true, "UTC": true, "America/Argentina/Ushuaia": true, "Etc/GMT+12": true, "Europe/Kyiv": true,
		"Local": false, "asia/nowhere": false, "CEST": false, "+02:00": false, "/etc/passwd": false, "../UTC": false,
		"Asia": false, "Asia/": false, "posix/UTC ": false, "Asia\\Shanghai": false, ".": false,
	} {
		c := ada()
		c.TimeZone = proto.String(zone)
		made, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: c})
		switch {
		case good && (err != nil || made.GetTimeZone() != zone):
			t.Errorf("%q: %v, %v", zone, made, err)
		case !good && (err == nil || len(apierr.Fields(err)) != 1 || apierr.Fields(err)[0] != "customer.time_zone"):
			t.Errorf("%q: %v", zone, err)
		}
	}
}
