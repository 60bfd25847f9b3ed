package db_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/server"
)

// withoutKeys returns a database before its search keys were written, with
// more customers in one lane than a batch of the backfill holds.
func withoutKeys(t *testing.T) string {
	t.Helper()
	conn, _ := filesUpTo(t, 4)
	for _, statement := range []string{
		// Of no lane in particular, but all in one: the backfill reads lane by lane.
		`INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids, tags,
			attributes, create_time, update_time, delete_time)
		SELECT 5, ('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid, 1, 'INDIVIDUAL', 'Old ' || n,
			jsonb_build_array(jsonb_build_object('address', n || '@example.com')),
			jsonb_build_array(jsonb_build_object('number', '020 7183 ' || lpad(n::text, 4, '0'), 'e164', '+44207183' || lpad(n::text, 4, '0'))),
			'[]', '{}', '{}', '{}', now(), now(), CASE WHEN n = 2500 THEN now() END
		FROM generate_series(0, 2500) AS n`,
		`INSERT INTO contact (lane, customer_id, contact_id, revision, display_name, emails, phones, is_primary, create_time, update_time, delete_time)
		SELECT lane, customer_id, gen_random_uuid(), 1, 'Contact', jsonb_build_array(jsonb_build_object('address', kind || '-' || substr(display_name, 5) || '@example.org')),
			'[]', false, now(), now(), CASE kind WHEN 'gone' THEN now() END
		FROM customer, unnest(ARRAY['live', 'gone']) AS kind`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return conn.Config().ConnString()
}

// TestBackfillSearchKeys migrates a database with customers, and finds them.
func TestBackfillSearchKeys(t *testing.T) {
	url := withoutKeys(t)
	s := apitest.StartWith(t, func(c *server.Config) { c.DatabaseURL, c.Migrate = url, true })
	var customers, contacts, others, twice int
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE contact_id IS NULL), count(*) FILTER (WHERE contact_id IS NOT NULL),
		count(*) FILTER (WHERE key !~ '^-?[a-z]'), count(*) - count(DISTINCT (customer_id, contact_id, key)) FROM search_key`).
		Scan(&customers, &contacts, &others, &twice); err != nil {
		t.Fatal(err)
	}
	if customers != 4*2501 || contacts != 2*2501 || others != 4 || twice != 0 {
		t.Errorf("%d keys of customers, %d of contacts, %d of the deleted customer, %d twice", customers, contacts, others, twice)
	}
	for query, want := range map[string]string{
		"old 0": "Old 0", "old 1000": "Old 1000", "old 2499": "Old 2499", "old 2500": "", "020 7183 1001": "Old 1001",
		"999@example.com": "Old 999", "live-7@example.org": "Old 7", "gone-7@example.org": "",
	} {
		resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Query: query, PageSize: 1})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(resp.GetCustomers()) > 0 {
			got = resp.GetCustomers()[0].GetDisplayName()
		}
		if got != want {
			t.Errorf("search %q: %q, want %q", query, got, want)
		}
	}
	deleted, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Query: "old 2500", ShowDeleted: true})
	if err != nil || len(deleted.GetCustomers()) != 1 {
		t.Errorf("%v, %v: want the deleted customer", deleted, err)
	}
	for show, want := range map[bool]int{false: 1, true: 2} {
		got, err := s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{
			Parent: "customers/-", Filter: `emails.address = "gone-7@example.org" OR emails.address = "live-7@example.org"`, ShowDeleted: show,
		})
		if err != nil || len(got.GetContacts()) != want {
			t.Errorf("show_deleted %t: %v, %v; want %d contacts", show, got, err, want)
		}
	}
}

// TestBackfillGoesOn runs the backfill where one was broken off.
func TestBackfillGoesOn(t *testing.T) {
	unbroken, broken := connect(t, withoutKeys(t)), connect(t, withoutKeys(t))
	// As a process leaves it that dies in the middle: with some of the keys.
	if _, err := broken.Exec(t.Context(), `INSERT INTO search_key (lane, customer_id, key)
		SELECT lane, customer_id, 'n' || lower(display_name) FROM customer LIMIT 1000`); err != nil {
		t.Fatal(err)
	}
	var keys [2]int
	for i, conn := range []*pgx.Conn{unbroken, broken} {
		if err := db.Migrate(t.Context(), conn.Config().ConnString()); err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM search_key`).Scan(&keys[i]); err != nil {
			t.Fatal(err)
		}
	}
	if keys[0] == 0 || keys[0] != keys[1] {
		t.Errorf("%d keys; want the %d of an unbroken migration", keys[1], keys[0])
	}
}
