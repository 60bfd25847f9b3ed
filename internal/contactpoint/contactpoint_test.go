package contactpoint_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/contactpoint"
)

func TestEmails(t *testing.T) {
	for address, want := range map[string]string{
		"ada@example.com": "ada@example.com", "ADA@Example.COM": "ada@example.com", "josé@exämple.com": "josé@exämple.com",
		"用户@例子.广告": "用户@例子.广告", "a.b+c_d@e-f.example": "a.b+c_d@e-f.example", "a@[192.0.2.1]": "a@[192.0.2.1]",
		"o'brien@example.ie": "o'brien@example.ie", "É@example.com": "é@example.com", "a@localhost": "a@localhost",
		"": "!", "ada": "!", "@example.com": "!", "ada@": "!", "a@b@c": "!", "Ada <ada@example.com>": "!", "<ada@example.com>": "!",
		"ada@example.com ": "!", " ada@example.com": "!", "ada@exa mple.com": "!", "ada@example.com (Ada)": "!", "a@b.c, d@e.f": "!",
		"ada@example.com\n": "!", "a@b\r\nBcc: x@y.z": "!", "a..b@c": "!", ".a@b": "!", "group: a@b;": "!",
	} {
		emails := []*rapportv1.EmailAddress{{Address: address}}
		var wrong apierr.Violations
		contactpoint.Emails(&wrong, "c.emails", emails)
		if good := len(wrong) == 0; good != (want != "!") || good && emails[0].GetAddress() != want {
			t.Errorf("%q became %q with %v, want %q", address, emails[0].GetAddress(), wrong, want)
		}
		for _, v := range wrong {
			if v.Field != "c.emails[0].address" {
				t.Errorf("%q: the field is %q", address, v.Field)
			}
		}
		// What is stored goes through again unchanged.
		if len(wrong) == 0 {
			if contactpoint.Emails(&wrong, "c.emails", emails); len(wrong) > 0 || emails[0].GetAddress() != want {
				t.Errorf("%q became %q the second time, %v", want, emails[0].GetAddress(), wrong)
			}
		}
	}
}

func TestListsHaveOnePrimaryAndNothingTwice(t *testing.T) {
	var wrong apierr.Violations
	contactpoint.Emails(&wrong, "e", []*rapportv1.EmailAddress{
		{Address: "a@b.c", Primary: true}, {Address: "A@b.c"}, {Address: "d@e.f", Primary: true}, {Address: "g@h.i", Primary: true},
	})
	contactpoint.Phones(&wrong, "p", []*rapportv1.PhoneNumber{{Number: "1"}, {Number: "2", Primary: true}, {Number: "1", Primary: true}}, "")
	var fields []string
	for _, v := range wrong {
		fields = append(fields, v.Field)
	}
	want := []string{"e[1].address", "e[2].primary", "e[3].primary", "p[2].number", "p[2].primary"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestE164(t *testing.T) {
	for _, test := range []struct{ number, region, want string }{
		{"020 7183 8750", "GB", "+442071838750"},
		{"(020) 7183-8750", "GB", "+442071838750"},
		{"+44 20 7183 8750", "", "+442071838750"},
		{"+44 20 7183 8750", "CN", "+442071838750"},
		{"020 7183 8750", "", ""},
		{"０２０ ７１８３ ８７５０", "GB", "+442071838750"},
		{"138 0013 8000", "CN", "+8613800138000"},
		{"0044 20 7183 8750", "DE", "+442071838750"},
		{"tel:+44-20-7183-8750", "", "+442071838750"},
		{"110", "CN", ""},
		{"1", "GB", ""},
		{"", "GB", ""},
		{"+", "", ""},
		{"++44", "", ""},
		{"020 7183 8750", "ZZ", ""},
		{"020 7183 8750", "gb?", ""},
	} {
		if got := contactpoint.E164(test.number, test.region); got != test.want {
			t.Errorf("%q of %q became %q, want %q", test.number, test.region, got, test.want)
		}
	}
}

// TestNaughtyNumbers keeps what is no number as it was written.
func TestNaughtyNumbers(t *testing.T) {
	const file = "../../../shared/data/bad_input/blns.json"
	b, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		t.Skipf("%s is not there: the hard input lies beside the checkout, not in it", file)
	}
	var naughty []string
	if err := json.Unmarshal(b, &naughty); err != nil {
		t.Fatal(err)
	}
	for _, text := range naughty {
		for _, region := range []string{"", "US", "CN", text} {
			phones := []*rapportv1.PhoneNumber{{Number: text}}
			var wrong apierr.Violations
			contactpoint.Phones(&wrong, "p", phones, region)
			if e164 := phones[0].GetE164(); phones[0].GetNumber() != text || len(wrong) > 0 || e164 != "" && !strings.HasPrefix(e164, "+") {
				t.Errorf("%q became %q and %q, %v", text, phones[0].GetNumber(), e164, wrong)
			}
		}
	}
}
