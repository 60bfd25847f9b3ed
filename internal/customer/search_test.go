package customer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/server"
)

func named(name string) *rapportv1.Customer {
	return &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: name}
}

func numbered(name string, numbers ...string) *rapportv1.Customer {
	c := named(name)
	for _, n := range numbers {
		c.Phones = append(c.Phones, &rapportv1.PhoneNumber{Number: n})
	}
	return c
}

// search returns what a request with a query finds. No such answer has a second page or
// a total.
func search(t testing.TB, s *apitest.Service, req *rapportv1.ListCustomersRequest) []*rapportv1.Customer {
	t.Helper()
	resp, err := s.Customers.ListCustomers(t.Context(), req)
	if err != nil {
		t.Fatalf("search %q: %v", req.GetQuery(), err)
	}
	if resp.GetNextPageToken() != "" || resp.TotalSize != nil {
		t.Errorf("search %q: token %q, total %v; want neither", req.GetQuery(), resp.GetNextPageToken(), resp.TotalSize)
	}
	return resp.GetCustomers()
}

// found returns the display names of what a query finds, in order.
func found(t testing.TB, s *apitest.Service, query string) []string {
	t.Helper()
	return displayNames(search(t, s, &rapportv1.ListCustomersRequest{Query: query}))
}

func displayNames(customers []*rapportv1.Customer) []string {
	return times(len(customers), func(i int) string { return customers[i].GetDisplayName() })
}

func wantFound(t testing.TB, s *apitest.Service, query string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, found(t, s, query), cmp.Transformer("", func(l []string) string { return strings.Join(l, "|") })); diff != "" {
		t.Errorf("search %q (-want +got):\n%s", query, diff)
	}
}

func TestSearchNames(t *testing.T) {
	s := apitest.Start(t)
	for _, name := range []string{
		"John Ronald Smith", "Smith", "Smith & Co. Ltd", "Jörg Müller-Lüdenscheidt", "Siobhán O’Brien", "王小明", "山田　太郎",
		"ＡＢＣ Ｔｒａｄｉｎｇ", "Łukasz Żółć", "3M", "Наталья Йод", "株式会社Ada", "김민수", "محمد علي", "100% Wool_", "♥♥♥", "東京銀行本店",
	} {
		create(t, s, named(name))
	}
	for _, test := range []struct {
		query string
		want  []string
	}{
		{"john", []string{"John Ronald Smith"}},
		{"JOH", []string{"John Ronald Smith"}},
		{"ronald", []string{"John Ronald Smith"}},
		{"smith", []string{"Smith", "Smith & Co. Ltd", "John Ronald Smith"}},
		{"john smith", []string{"John Ronald Smith"}},
		{"smith john", []string{"John Ronald Smith"}},
		{"smi ron", []string{"John Ronald Smith"}},
		{"  smith,   j", []string{"John Ronald Smith"}},
		{"jorg", []string{"Jörg Müller-Lüdenscheidt"}},
		{"ludenscheidt", []string{"Jörg Müller-Lüdenscheidt"}},
		{"OBRIEN", []string{"Siobhán O’Brien"}},
		{"o'brien", []string{"Siobhán O’Brien"}},
		{"王", []string{"王小明"}},
		{"小明", []string{"王小明"}},
		{"王小", []string{"王小明"}},
		{"山田太郎", []string{"山田　太郎"}},
		{"太郎 山田", []string{"山田　太郎"}},
		{"abc trad", []string{"ＡＢＣ Ｔｒａｄｉｎｇ"}},
		{"ｓｍｉｔｈ", []string{"Smith", "Smith & Co. Ltd", "John Ronald Smith"}},
		{"lukasz zolc", []string{"Łukasz Żółć"}},
		{"3m", []string{"3M"}},
		{"наталья йо", []string{"Наталья Йод"}},
		{"会社", []string{"株式会社Ada"}},
		{"ada", []string{"株式会社Ada"}},
		{"本店 銀行", []string{"東京銀行本店"}},
		{"ada 株式", []string{"株式会社Ada"}},
		{"민수", []string{"김민수"}},
		{"مُحَمَّد", []string{"محمد علي"}},
		{"wool", []string{"100% Wool_"}},
		{"♥♥♥", []string{"♥♥♥"}},
		{"ith", nil},
		{"smith peter", nil},
	} {
		wantFound(t, s, test.query, test.want...)
	}
}

// TestSearchRanking wants a name that is the word first, then those that begin with it,
// those that have it further on, those with longer words, and at last those where a
// letter is wrong. A whole number comes before a name, and before the end of a number.
func TestSearchRanking(t *testing.T) {
	s := apitest.Start(t)
	for _, name := range []string{"Annabel", "Mary Anna", "Anna Berg", "Anna", "Hanna"} {
		create(t, s, named(name))
	}
	wantFound(t, s, "anna", "Anna", "Anna Berg", "Mary Anna", "Annabel", "Hanna")
	create(t, s, numbered("1234 Ltd"))
	create(t, s, numbered("end", "+49 30 9991234"))
	create(t, s, numbered("whole", "1234"))
	wantFound(t, s, "1234", "whole", "end", "1234 Ltd")
	create(t, s, named("Jon Ann"))
	create(t, s, named("Ann Jon"))
	create(t, s, named("Ann X Jon"))
	wantFound(t, s, "ann jon", "Ann Jon", "Jon Ann", "Ann X Jon")
}

func TestSearchNumbers(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.DefaultRegion = "GB" })
	create(t, s, numbered("London", "020 7183 8750"))
	create(t, s, numbered("Zeros", "020 7000 0131"))
	create(t, s, numbered("More zeros", "020 7183 0000"))
	create(t, s, numbered("emergency", "117"))
	create(t, s, numbered("short", "0-0-9-8"))
	create(t, s, numbered("Beijing", "+86 10 6552 9988"))
	create(t, s, numbered("invalid", "0711/12-34"))
	create(t, s, numbered("Arabic", "٠٢٠٧١٨٣٩٩٩٩"))
	create(t, s, numbered("vanity", "+1-800-FLOWERS"))
	create(t, s, numbered("Moscow", "+7 495 123-45-67"))
	german := numbered("Berlin", "030 901820")
	german.PostalAddresses = []*postaladdress.PostalAddress{{RegionCode: "DE"}}
	create(t, s, german)
	for query, want := range map[string]string{
		"020 7183 8750": "London", "+44 (0)20 7183-8750": "London", "00442071838750": "London", "2071838750": "London",
		"117": "emergency", "0098": "short", "0 09-8": "short", "0131": "Zeros", "000131": "Zeros", "0000": "More zeros", "8750": "London", "38750": "London", "０２０　７１８３　８７５０": "London", "tel. 020 7183 8750": "London",
		"9988": "Beijing", "010 6552 9988": "Beijing", "+861065529988": "Beijing",
		"07111234": "invalid", "0711 12 34": "invalid", "1234": "invalid", "+49 711 1234": "invalid",
		"9999": "Arabic", "٩٩٩٩": "Arabic", "+442071839999": "Arabic",
		"+1 800 356 9377": "vanity", "+1-800-flowers": "vanity", "9377": "vanity",
		"8 (495) 123-45-67": "Moscow", "4567": "Moscow",
		"030 901820": "Berlin", "+49 30 901820": "Berlin", "1820": "Berlin",
	} {
		wantFound(t, s, query, want)
	}
	wantFound(t, s, "750")       // three digits are too few
	wantFound(t, s, "2071838")   // neither whole nor the end
	wantFound(t, s, "871838750") // one digit is wrong
}

func TestSearchAddresses(t *testing.T) {
	s := apitest.Start(t)
	c := named("Ada")
	c.Emails = []*rapportv1.EmailAddress{{Address: "Ada.Lovelace@Example.com"}, {Address: "100%_a@example.com"}}
	create(t, s, c)
	for _, query := range []string{
		"ada.lovelace@example.com", " ADA.LOVELACE@EXAMPLE.COM ", "Ada Lovelace <ada.lovelace@example.com>", "ada.lovelace＠example.com",
		"100%_a@example.com", "mailto:ada.lovelace@example.com",
	} {
		wantFound(t, s, query, "Ada")
	}
	for _, query := range []string{"lovelace@example.com", "ada.lovelace@example.co", "ada.lovelace@example", "%@example.com", "100x_a@example.com"} {
		wantFound(t, s, query)
	}
}

// TestSearchContacts follows a contact through its life: its numbers and addresses find
// its customer, once, as long as it is there.
func TestSearchContacts(t *testing.T) {
	s := apitest.Start(t)
	customer := create(t, s, numbered("Company", "+44 20 7183 8750"))
	contact, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{
		Parent: customer.GetName(), Contact: &rapportv1.Contact{
			DisplayName: "Grace", Emails: []*rapportv1.EmailAddress{{Address: "grace@example.com"}},
			Phones: []*rapportv1.PhoneNumber{{Number: "+49 30 901820"}, {Number: "+44 20 7183 8750"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantFound(t, s, "grace@example.com", "Company")
	wantFound(t, s, "030 901820", "Company")
	wantFound(t, s, "8750", "Company")
	wantFound(t, s, "grace") // the name is the contact's

	contact.Emails[0].Address = "hopper@example.com"
	if contact, err = s.Customers.UpdateContact(t.Context(), &rapportv1.UpdateContactRequest{Contact: contact}); err != nil {
		t.Fatal(err)
	}
	wantFound(t, s, "grace@example.com")
	wantFound(t, s, "hopper@example.com", "Company")

	if _, err := s.Customers.DeleteContact(t.Context(), &rapportv1.DeleteContactRequest{Name: contact.GetName()}); err != nil {
		t.Fatal(err)
	}
	wantFound(t, s, "hopper@example.com")
	wantFound(t, s, "8750", "Company")
	if got := search(t, s, &rapportv1.ListCustomersRequest{Query: "hopper@example.com", ShowDeleted: true}); len(got) != 0 {
		t.Errorf("a deleted contact finds %v", displayNames(got))
	}
	// The list of contacts still finds the deleted one.
	list, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{
		Parent: "customers/-", Filter: `emails.address = "hopper@example.com" AND phones.number = "+49 30 901820"`, ShowDeleted: true,
	})
	if err != nil || len(list.GetContacts()) != 1 {
		t.Errorf("%v, %v: want the deleted contact", list, err)
	}
	if _, err := s.Customers.UndeleteContact(t.Context(), &rapportv1.UndeleteContactRequest{Name: contact.GetName()}); err != nil {
		t.Fatal(err)
	}
	wantFound(t, s, "hopper@example.com", "Company")
	wantFound(t, s, "901820", "Company")

	remove(t, s, customer.GetName())
	wantFound(t, s, "hopper@example.com")
	if got := search(t, s, &rapportv1.ListCustomersRequest{Query: "hopper@example.com", ShowDeleted: true}); len(got) != 1 {
		t.Errorf("with show_deleted the contact of a deleted customer finds %v", displayNames(got))
	}
}

func TestSearchFollowsUpdates(t *testing.T) {
	s := apitest.Start(t)
	c := create(t, s, numbered("Ada Lovelace", "+44 20 7183 8750"))
	update(t, s, &rapportv1.UpdateCustomerRequest{
		Customer: &rapportv1.Customer{Name: c.GetName(), DisplayName: "Ada King", Phones: []*rapportv1.PhoneNumber{{Number: "+49 30 901820"}}},
	})
	wantFound(t, s, "king", "Ada King")
	wantFound(t, s, "ada", "Ada King")
	wantFound(t, s, "1820", "Ada King")
	wantFound(t, s, "lovelace")
	wantFound(t, s, "8750")
	update(t, s, &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: c.GetName(), Tags: []string{"vip"}}})
	wantFound(t, s, "king ada", "Ada King")
	var keys int
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM search_key`).Scan(&keys); err != nil || keys != 3 {
		t.Errorf("%d keys, %v; want those of two words and a number", keys, err)
	}
}

func TestSearchDeleted(t *testing.T) {
	s := apitest.Start(t)
	live, gone := create(t, s, named("Ada Live")), create(t, s, named("Ada Gone"))
	remove(t, s, gone.GetName())
	wantFound(t, s, "ada", "Ada Live")
	both := func() []string {
		return displayNames(search(t, s, &rapportv1.ListCustomersRequest{Query: "ada", ShowDeleted: true}))
	}
	if diff := cmp.Diff([]string{"Ada Gone", "Ada Live"}, both()); diff != "" {
		t.Errorf("with show_deleted: %s", diff)
	}
	if _, err := s.Customers.UndeleteCustomer(t.Context(), &rapportv1.UndeleteCustomerRequest{Name: gone.GetName()}); err != nil {
		t.Fatal(err)
	}
	wantFound(t, s, "ada", "Ada Gone", "Ada Live")
	// Any number of deleted customers whose keys come first leave room for the live one.
	remove(t, s, gone.GetName())
	if _, err := s.DB.Exec(t.Context(), `INSERT INTO search_key (lane, customer_id, key)
		SELECT lane, gen_random_uuid(), key FROM search_key, generate_series(1, 3000) WHERE customer_id = $1`, gone.GetUid()); err != nil {
		t.Fatal(err)
	}
	wantFound(t, s, "ada", "Ada Live")
	wantFound(t, s, "live", "Ada Live")
	remove(t, s, live.GetName())
	wantFound(t, s, "ada")
}

func TestSearchWithFilter(t *testing.T) {
	s := apitest.Start(t)
	for i := range 30 {
		c := named(fmt.Sprintf("Smith %02d", i))
		c.Tags = []string{fmt.Sprintf("t%d", i%3)}
		c.Emails = []*rapportv1.EmailAddress{{Address: fmt.Sprintf("s%d@example.com", i)}}
		create(t, s, c)
	}
	got := search(t, s, &rapportv1.ListCustomersRequest{Query: "smith", Filter: `tags:"t1" AND NOT display_name = "Smith 04"`, PageSize: 3})
	if diff := cmp.Diff([]string{"Smith 01", "Smith 07", "Smith 10"}, displayNames(got)); diff != "" {
		t.Error(diff)
	}
	got = search(t, s, &rapportv1.ListCustomersRequest{Query: "smith", Filter: `emails.address = "s5@example.com" OR emails.address = "s7@example.com"`})
	if diff := cmp.Diff([]string{"Smith 05", "Smith 07"}, displayNames(got)); diff != "" {
		t.Error(diff)
	}
	// What the filter refuses stays out when names with a letter wrong are looked for.
	got = search(t, s, &rapportv1.ListCustomersRequest{Query: "smiht", Filter: `tags:"t2"`})
	if len(got) != 10 || slices.ContainsFunc(got, func(c *rapportv1.Customer) bool { return c.GetTags()[0] != "t2" }) {
		t.Errorf("%v", displayNames(got))
	}
}

func TestSearchTypos(t *testing.T) {
	s := apitest.Start(t)
	for _, name := range []string{"John Smith", "Наталья Орлова", "Νίκος Παππάς", "王小明", "Robert Müller"} {
		create(t, s, named(name))
	}
	for query, want := range map[string]string{
		"smiht": "John Smith", "smth": "John Smith", "smmith": "John Smith", "smyth": "John Smith", "xmith": "John Smith",
		"jonh smiht": "John Smith", "smiht john": "John Smith", "орлава": "Наталья Орлова", "παπας": "Νίκος Παππάς",
		"muler": "Robert Müller", "robrt mueller": "Robert Müller", "smithers": "", "sm": "John Smith", "jhn": "", "王小朋": "",
	} {
		if want == "" {
			wantFound(t, s, query)
		} else {
			wantFound(t, s, query, want)
		}
	}
	// Where enough are found, nothing else is.
	for range 10 {
		create(t, s, named("Smyth"))
	}
	if got := found(t, s, "smyth"); len(got) != 10 {
		t.Errorf("%v: want the ten that are spelt so", got)
	}
	if got := found(t, s, "smith"); len(got) != 11 || got[0] != "John Smith" {
		t.Errorf("%v: want the one that is spelt so first", got)
	}
}

func TestSearchSizes(t *testing.T) {
	s := apitest.Start(t)
	seed(t, s, 1)
	for range 120 {
		create(t, s, named("Many"))
	}
	for size, want := range map[int32]int{0: 50, 1: 1, 100: 100, 101: 100, 1000: 100} {
		if got := search(t, s, &rapportv1.ListCustomersRequest{Query: "many", PageSize: size}); len(got) != want {
			t.Errorf("page_size %d: %d customers, want %d", size, len(got), want)
		}
	}
	// Spaces alone look for nothing: the list goes on as it is.
	resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Query: " \t", OrderBy: "update_time", PageSize: 1})
	if err != nil || resp.GetNextPageToken() == "" {
		t.Errorf("%v, %v: want a page of the list", resp, err)
	}
}

func TestSearchRefusals(t *testing.T) {
	s := apitest.Start(t)
	for _, test := range []struct {
		req    *rapportv1.ListCustomersRequest
		reason rapportv1.ErrorReason
		fields []string
	}{
		{&rapportv1.ListCustomersRequest{Query: "a", OrderBy: "create_time", PageToken: "x"}, rapportv1.ErrorReason_INVALID_FIELD, []string{"order_by", "page_token"}},
		{&rapportv1.ListCustomersRequest{Query: "a", PageSize: -1}, rapportv1.ErrorReason_INVALID_FIELD, []string{"page_size"}},
		{&rapportv1.ListCustomersRequest{Query: "a\x00b"}, rapportv1.ErrorReason_INVALID_FIELD, []string{"query"}},
		{&rapportv1.ListCustomersRequest{Query: strings.Repeat("王", 201)}, rapportv1.ErrorReason_INVALID_FIELD, []string{"query"}},
		{&rapportv1.ListCustomersRequest{Query: "a", Filter: "nonsense = 1"}, rapportv1.ErrorReason_INVALID_FILTER, []string{"filter"}},
	} {
		_, err := s.Customers.ListCustomers(t.Context(), test.req)
		apitest.WantFields(t, err, codes.InvalidArgument, test.reason, test.fields...)
	}
}

// TestSearchHostile makes customers of names that try to break a search, and wants each
// found by its own name, and nothing by what would be a wildcard elsewhere.
func TestSearchHostile(t *testing.T) {
	s := apitest.Start(t)
	names := []string{
		"%", "_", `\`, `%_\`, "'; DROP TABLE customer; --", "a%b_c", strings.Repeat("王", 200), strings.Repeat("x", 200), strings.Repeat("ab ", 66),
		strings.Repeat("ﷺ", 200), "😀", "👩‍👩‍👧‍👦 🏳️‍🌈", "\u202eevil\u202c", "\u200b", "שָׁלוֹם עֲלֵיכֶם", "مرحبا بالعالم", "a\nb\tc", "\U0010ffff", "ก็็็็็็็็็็",
		strings.Repeat("á", 99) + " z", ", , ,", "Z̴͙͝a̵͛l̷g̸o", "1.2.3.4", "NULL", "true", "@", "a@b", "+", "00000",
	}
	made := map[string]string{}
	for _, name := range names {
		made[name] = create(t, s, named(name)).GetName()
	}
	for _, name := range names {
		got := search(t, s, &rapportv1.ListCustomersRequest{Query: name, PageSize: 100})
		if !slices.ContainsFunc(got, func(c *rapportv1.Customer) bool { return c.GetName() == made[name] }) {
			t.Errorf("%q is not found by its own name, but %q", name, displayNames(got))
		}
	}
	for query, most := range map[string]int{"%": 2, "_": 1, `\`: 1, "a%": 5, "%%%%": 0, "%@%": 0, "x_x": 0, "x% y%": 0} {
		if got := found(t, s, query); len(got) > most {
			t.Errorf("search %q finds %q", query, got)
		}
	}
}

// TestSearchUnprepared runs a search where statements are not prepared, as behind some
// poolers.
func TestSearchUnprepared(t *testing.T) {
	for _, mode := range []string{"exec", "cache_describe"} {
		url := pgtest.New(t)
		separator := "?"
		if strings.Contains(url, "?") {
			separator = "&"
		}
		s := apitest.StartWith(t, func(c *server.Config) { c.DatabaseURL = url + separator + "default_query_exec_mode=" + mode })
		create(t, s, numbered("John Smith", "+44 20 7183 8750"))
		wantFound(t, s, "8750", "John Smith")
		wantFound(t, s, "smiht john", "John Smith")
		got := search(t, s, &rapportv1.ListCustomersRequest{Query: "smith", Filter: `phones.number = "+44 20 7183 8750" AND type = INDIVIDUAL`})
		if len(got) != 1 {
			t.Errorf("%s: %v", mode, displayNames(got))
		}
	}
}

// TestFiltersByPoints compares numbers and addresses in filters, whose keys say less
// than they do: the records decide.
func TestFiltersByPoints(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.DefaultRegion = "GB" })
	c := numbered("one", "020 7183 8750", "117", "+1-800-FLOWERS")
	c.Emails = []*rapportv1.EmailAddress{{Address: "one@example.com"}}
	create(t, s, c)
	create(t, s, numbered("two", "(020) 7183-8750", "0117", "0"))
	gone := create(t, s, numbered("gone", "020 7183 8750"))
	if _, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{Parent: gone.GetName(), Contact: &rapportv1.Contact{
		DisplayName: "Grace", Emails: []*rapportv1.EmailAddress{{Address: "one@example.com"}},
	}}); err != nil {
		t.Fatal(err)
	}
	remove(t, s, gone.GetName())
	for filter, want := range map[string][]string{
		`phones.number = "020 7183 8750"`:                 {"gone", "one"},
		`phones.number = "(020) 7183-8750"`:               {"two"},
		`phones.number = "02071838750"`:                   nil,
		`phones.number = "117"`:                           {"one"},
		`phones.number:"0117"`:                            {"two"},
		`phones.number = "0"`:                             {"two"},
		`phones.number = "+1-800-FLOWERS"`:                {"one"},
		`phones.number = ""`:                              nil,
		`phones.e164 = "+442071838750"`:                   {"gone", "one", "two"},
		`phones.e164:"442071838750"`:                      nil,
		`phones.e164 = "x"`:                               nil,
		`phones.e164:*`:                                   {"gone", "one", "two"},
		`emails.address = "ONE@Example.com"`:              {"one"},
		`NOT emails.address = "one@example.com"`:          {"gone", "two"},
		`phones.number = "117" OR phones.number = "0117"`: {"one", "two"},
		`(phones.number = "117" AND type = INDIVIDUAL) OR emails.address = "x@y.zz"`: {"one"},
		`NOT (phones.number = "117" OR phones.number = "0117")`:                      {"gone"},
	} {
		got := displayNames(pages(t, s, &rapportv1.ListCustomersRequest{Filter: filter, OrderBy: "display_name", ShowDeleted: true, PageSize: 1}, nothing))
		if diff := cmp.Diff(strings.Join(want, " "), strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", filter, diff)
		}
	}
}
