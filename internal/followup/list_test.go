package followup

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

var asOf = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func pool(t testing.TB) *db.Pool {
	t.Helper()
	p, err := db.Open(t.Context(), db.Options{
		URL: pgtest.New(t), MaxConns: 4, AcquireTimeout: 5 * time.Second, StatementTimeout: 20 * time.Second, LockTimeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func rnd(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) } //nolint:gosec // a test's

func exec(t testing.TB, p *db.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := p.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// sketch is a row as the test makes it.
type sketch struct {
	cursor
	staff          string
	tags           []string
	start          time.Time
	days           int
	end, hidden    time.Time // zero for infinity and for -infinity
	never, unpaced bool
}

// scatter fills the tables at random, with many rows that are equal in one respect or another.
func scatter(t testing.TB, p *db.Pool, r *rand.Rand, customers, rows int) []sketch {
	t.Helper()
	tiers := []struct {
		id   uuid.UUID
		days *int
	}{{uuid.UUID{15: 1}, new(int)}, {uuid.UUID{15: 2}, new(int)}, {uuid.UUID{15: 3}, nil}}
	*tiers[0].days, *tiers[1].days = 2, 30
	for _, tier := range tiers {
		exec(t, p, `INSERT INTO service_tier (service_tier_id, revision, display_name, targets, contact_interval_days, create_time, update_time)
			VALUES ($1, 1, 'x', '[]', $2, now(), now())`, tier.id.String(), tier.days)
	}
	ids, tags := make([]uuid.UUID, customers), make([][]string, customers)
	for i := range ids {
		ids[i] = uuid.UUID{0: byte(i), 1: byte(i >> 8), 15: 9}
		if r.IntN(5) == 0 {
			tags[i] = []string{"vip"}
		}
		exec(t, p, `INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses, external_ids, tags, attributes, create_time, update_time)
			VALUES ($1, $2, 1, 'ORGANIZATION', 'x', '[]', '[]', '[]', '{}', coalesce($3::text[], '{}'), '{}', now(), now())`, db.Lane(ids[i]), db.UUID(ids[i]), tags[i])
	}
	reasons, paces := []string{"TASK", "PROMISE", "CASE", "CONTACT", "OCCASION"}, []int{1, 2, 3, 7, 30, 90}
	out := make([]sketch, rows)
	for i := range out {
		c := r.IntN(customers)
		s := sketch{staff: fmt.Sprint("s", r.IntN(3)), tags: tags[c]}
		s.customer, s.subject, s.place, s.reason = ids[c], uuid.UUID{0: byte(r.IntN(3)), 14: byte(i), 15: byte(i >> 8)}, int16(r.IntN(3)), reasons[r.IntN(len(reasons))]
		pace, tier := paces[r.IntN(len(paces))], uuid.UUID{}
		s.days = pace
		if r.IntN(4) == 0 {
			n := r.IntN(len(tiers))
			pace, tier = 0, tiers[n].id
			s.unpaced = tiers[n].days == nil
			if !s.unpaced {
				s.days = *tiers[n].days
			}
		}
		// Many are due at the same instants, some of them before and some behind the time of the list.
		s.due = asOf.Add(time.Duration(r.IntN(60)-30) * 12 * time.Hour)
		if r.IntN(3) == 0 {
			s.due = asOf.Add(time.Duration(r.Int64N(int64(20*day))) - 10*day).Truncate(time.Microsecond)
		}
		s.start = s.due.Add(-time.Duration(s.days) * day)
		late := max(asOf.Sub(s.due), 0) // as PostgreSQL reckons
		s.ratio = (float64((late%day).Microseconds())/1e6 + 86400*float64(late/day)) / (float64(s.days) * 86400)
		var end, hidden any = "infinity", "-infinity"
		switch r.IntN(10) {
		case 0:
			s.end = asOf.Add(time.Duration(r.IntN(3)-1) * day)
			end = s.end.Format(time.RFC3339Nano)
		case 1:
			s.hidden = asOf.Add(time.Duration(r.IntN(3)-1) * day)
			hidden = s.hidden.Format(time.RFC3339Nano)
		case 2:
			s.never, hidden = true, "infinity"
		}
		out[i] = s
		exec(t, p, `INSERT INTO follow_up (`+rowColumns+`) VALUES ($1, $2, $3, $4, $5, '', $6, true, true, $7, $8, $9, $10::text::timestamptz, 0, $11::text::timestamptz)`,
			db.Lane(s.customer), db.UUID(s.customer), s.reason, db.UUID(s.subject), s.place, s.staff, pace, db.UUID(tier), s.start, end, hidden)
	}
	return out
}

// rank is the list by its definition: all rows, sorted.
func rank(rows []sketch, horizon time.Duration, keep func(sketch) bool) []sketch {
	rows = slices.DeleteFunc(slices.Clone(rows), func(s sketch) bool {
		return s.never || s.unpaced || s.hidden.After(asOf) || !s.end.IsZero() && !s.end.After(asOf) || s.due.After(asOf.Add(horizon)) || !keep(s)
	})
	slices.SortFunc(rows, func(a, b sketch) int {
		return cmp.Or(cmp.Compare(b.ratio, a.ratio), a.due.Compare(b.due), cmp.Compare(db.Lane(a.customer), db.Lane(b.customer)),
			slices.Compare(a.customer[:], b.customer[:]), cmp.Compare(a.reason, b.reason), slices.Compare(a.subject[:], b.subject[:]), cmp.Compare(a.place, b.place))
	})
	return rows
}

// TestListAgainstBruteForce pages through lists of random rows, and compares with all of them sorted.
func TestListAgainstBruteForce(t *testing.T) {
	for seed := range uint64(3) {
		r := rnd(seed)
		p := pool(t)
		rows := scatter(t, p, r, 10, 1500)
		s := &Server{DB: p, Clock: func() time.Time { return asOf }}
		one := rows[0].customer
		for name, test := range map[string]struct {
			req  *rapportv1.ListFollowUpsRequest
			keep func(sketch) bool
		}{
			"all":           {&rapportv1.ListFollowUpsRequest{Parent: "customers/-"}, func(sketch) bool { return true }},
			"staff":         {&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Staff: "s1"}, func(s sketch) bool { return s.staff == "s1" }},
			"one":           {&rapportv1.ListFollowUpsRequest{Parent: aip.CustomerName(one)}, func(s sketch) bool { return s.customer == one }},
			"one and staff": {&rapportv1.ListFollowUpsRequest{Parent: aip.CustomerName(one), Staff: "s2"}, func(s sketch) bool { return s.customer == one && s.staff == "s2" }},
			"due":           {&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Horizon: durationpb.New(0)}, func(sketch) bool { return true }},
			"reason":        {&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Filter: "reason = CASE OR reason = TASK"}, func(s sketch) bool { return s.reason == "CASE" || s.reason == "TASK" }},
			"tags":          {&rapportv1.ListFollowUpsRequest{Parent: "customers/-", Filter: `customer.tags:"vip" AND reason != TASK`}, func(s sketch) bool { return len(s.tags) > 0 && s.reason != "TASK" }},
		} {
			for _, size := range []int32{1, 2, 3, 7, 50, 1000} {
				t.Run(fmt.Sprintf("%d/%s/%d", seed, name, size), func(t *testing.T) {
					req := &rapportv1.ListFollowUpsRequest{
						Parent: test.req.GetParent(), Staff: test.req.GetStaff(), Filter: test.req.GetFilter(), Horizon: test.req.GetHorizon(), PageSize: size,
					}
					horizon := defaultHorizon
					if req.GetHorizon() != nil {
						horizon = req.GetHorizon().AsDuration()
					}
					want := rank(rows, horizon, test.keep)
					if size < 7 {
						want = want[:min(len(want), 60*int(size))]
					}
					compare(t, s, req, want)
				})
			}
		}
	}
}

func compare(t *testing.T, s *Server, req *rapportv1.ListFollowUpsRequest, want []sketch) {
	t.Helper()
	for at := 0; at < len(want); {
		resp, err := s.ListFollowUps(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		got := resp.GetFollowUps()
		if len(got) == 0 {
			t.Fatalf("the list ends after %d, want %d", at, len(want))
		}
		for _, f := range got[:min(len(got), len(want)-at)] {
			w := want[at]
			if f.GetCustomer() != aip.CustomerName(w.customer) || f.GetReason().String() != w.reason || aip.LastID(f.GetSubject()) != w.subject.String() || f.GetOverdueRatio() != w.ratio || !f.GetDueTime().AsTime().Equal(w.due) {
				t.Fatalf("row %d: %v, want %+v", at, f, w)
			}
			at++
		}
		if resp.GetNextPageToken() == "" && at < len(want) {
			t.Fatalf("no token after %d of %d", at, len(want))
		}
		if at == len(want) && len(got) < int(req.GetPageSize()) && resp.GetNextPageToken() != "" {
			t.Fatal("a token on the last page")
		}
		req.PageToken = resp.GetNextPageToken()
	}
}
