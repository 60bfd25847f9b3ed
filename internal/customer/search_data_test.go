package customer_test

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nyaruka/phonenumbers"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// table reads columns of a CSV file of the shared data; the test is skipped where that
// is absent.
func table(t testing.TB, path string, columns ...string) (rows [][]string) {
	t.Helper()
	file, err := os.Open("../../../shared/data/" + path)
	if err != nil {
		t.Skipf("the shared data is absent: %v", err)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	all, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all[0][0] = strings.TrimPrefix(all[0][0], "\ufeff")
	for _, r := range all[1:] {
		var row []string
		for _, c := range columns {
			at := slices.Index(all[0], c)
			if at < 0 {
				t.Fatalf("%s has no column %s", path, c)
			}
			row = append(row, r[at])
		}
		rows = append(rows, row)
	}
	return rows
}

// parallel calls f with each number below n, several at once.
func parallel(n int, f func(i int)) {
	var workers sync.WaitGroup
	numbers := make(chan int)
	for range 8 {
		workers.Go(func() {
			for i := range numbers {
				f(i)
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	workers.Wait()
}

// TestSearchNamesOfTheWorld makes a customer of each common forename and surname of 106
// countries, in its own script and romanised. Each comes back as it went in, and is
// found by its name.
func TestSearchNamesOfTheWorld(t *testing.T) {
	rows := append(table(t, "bad_input/common-forenames-by-country.csv", "Localized Name", "Romanized Name"),
		table(t, "bad_input/common-surnames-by-country.csv", "Localized Name", "Romanized Name")...)
	names := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(slices.Concat(rows...)))), func(n string) bool { return n == "" })
	if len(names) < 4000 {
		t.Fatalf("%d names, want more than 4,000", len(names))
	}
	s := apitest.Start(t)
	ids := make([]string, len(names))
	for start := 0; start < len(names); start += 1000 {
		req := &rapportv1.BatchUpdateCustomersRequest{}
		for i := start; i < min(start+1000, len(names)); i++ {
			ids[i] = "customers/" + newID(t)
			c := named(names[i])
			c.Name = ids[i]
			req.Requests = append(req.Requests, &rapportv1.UpdateCustomerRequest{Customer: c, AllowMissing: true})
		}
		resp, err := s.Customers.BatchUpdateCustomers(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range resp.GetCustomers() {
			if c.GetDisplayName() != names[start+i] {
				t.Errorf("%q came back as %q", names[start+i], c.GetDisplayName())
			}
		}
	}
	if _, err := s.DB.Exec(t.Context(), `ANALYZE search_key`); err != nil {
		t.Fatal(err)
	}
	parallel(len(names), func(i int) {
		resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Query: names[i], PageSize: 100})
		if err != nil {
			t.Errorf("search %q: %v", names[i], err)
			return
		}
		at := slices.IndexFunc(resp.GetCustomers(), func(c *rapportv1.Customer) bool { return c.GetName() == ids[i] })
		if at < 0 {
			t.Errorf("%q is not found by its own name, but %q", names[i], displayNames(resp.GetCustomers()))
		} else if got := resp.GetCustomers()[at].GetDisplayName(); got != names[i] {
			t.Errorf("%q is now %q", names[i], got)
		}
	})
}

// TestSearchNumbersOfChinook looks for the numbers of the customers of a shop in 23
// countries, each in three notations. Its three numbers that are not valid are kept as
// they are written, and found by their digits.
func TestSearchNumbersOfChinook(t *testing.T) {
	rows := table(t, "chinook/customer.csv", "FirstName", "LastName", "Email", "Phone")
	s := apitest.Start(t)
	invalid, withNumber := 0, 0
	for _, r := range rows {
		c := named(r[0] + " " + r[1])
		c.Emails = []*rapportv1.EmailAddress{{Address: r[2]}}
		if r[3] != "" {
			c.Phones = []*rapportv1.PhoneNumber{{Number: r[3]}}
		}
		made := create(t, s, c)
		if r[3] == "" {
			continue
		}
		withNumber++
		queries := []string{r[3]}
		if e164 := made.GetPhones()[0].GetE164(); e164 != "" {
			parsed, err := phonenumbers.Parse(e164, "")
			if err != nil {
				t.Fatal(err)
			}
			queries = append(queries, e164, phonenumbers.Format(parsed, phonenumbers.NATIONAL))
		} else {
			invalid++
			digits := strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, r[3])
			queries = append(queries, digits, digits[len(digits)-4:])
		}
		if got := made.GetPhones()[0].GetNumber(); got != r[3] {
			t.Errorf("%q came back as %q", r[3], got)
		}
		for _, q := range append(queries, r[2], r[0]+" "+r[1], r[1]+" "+r[0]) {
			got := search(t, s, &rapportv1.ListCustomersRequest{Query: q})
			if !slices.ContainsFunc(got, func(c *rapportv1.Customer) bool { return c.GetName() == made.GetName() }) {
				t.Errorf("%s, %s, is not found by %q, but %q", made.GetDisplayName(), r[3], q, displayNames(got))
			}
		}
	}
	if len(rows) != 59 || withNumber != 58 || invalid != 3 {
		t.Errorf("%d customers, %d numbers, %d not valid; want 59, 58 and 3", len(rows), withNumber, invalid)
	}
}
