package pgbench_test

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/bench/dataset"
	"github.com/rapport-crm/rapport/internal/bench/inproc"
	"github.com/rapport-crm/rapport/internal/bench/pgbench"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

const customers = 300

var size = dataset.Size{Customers: customers, Interactions: 3000}

// captured is a filled database and what the service sends to it.
func captured(t *testing.T) (url string, c inproc.Captured) {
	t.Helper()
	url = pgtest.New(t)
	if err := dataset.Fill(t.Context(), url, customers); err != nil {
		t.Fatal(err)
	}
	if err := dataset.FillHistories(t.Context(), url, size, func(string) {}); err != nil {
		t.Fatal(err)
	}
	c, err := inproc.Capture(t.Context(), url, size)
	if err != nil {
		t.Fatal(err)
	}
	return url, c
}

// The limit is no limit unless it runs what the service runs: these statements, in
// this order, in so many round trips.
func TestTripsOfTheService(t *testing.T) {
	_, c := captured(t)
	names := func(s inproc.Statement) string { return s.Name }
	const snapshot = "begin isolation level repeatable read read only"
	if diff := cmp.Diff(map[string][][]string{
		"get":    {{"GetCustomer"}},
		"list":   {{"ListCustomers"}},
		"create": {{"ClaimRequest", "CreateCustomer", "CreateExternalIDs", "CountAttributes", "CreateSearchKeys", "AppendChange"}},
		"update": {{"begin", "LockCustomer"}, {"ClaimRequest", "UpdateCustomer", "AlignFollowUps", "AppendChange", "commit"}},

		"timeline-20":         {{"ListTimeline"}},
		"timeline-20000":      {{"ListTimeline"}},
		"follow-ups":          {{"ListFollowUps"}},
		"follow-ups-staff":    {{"ListFollowUps"}},
		"score":               {{"ClaimRequest", "RequireCustomer", "CreateSatisfactionScore", "RaiseActivity", "FindLatestScores", "AppendChange"}},
		"satisfaction-report": {{"FindFirstScore"}, {"AllowTime", "ReadSatisfaction", "ReadResponseRates"}},
		"driver-report":       {{snapshot}, {"AllowTime", "ReadFactors"}, {"ReadFactorProducts"}, {"commit"}},
		"interaction":         {{"ClaimRequest", "RequireCustomer", "CreateInteraction", "RaiseActivity", "RestartContactFollowUps", "AppendChange"}},
	}, sent(c, names)); diff != "" {
		t.Error(diff)
	}
}

// sent has of each call what the function makes of each of its statements.
func sent(c inproc.Captured, each func(inproc.Statement) string) map[string][][]string {
	all := map[string][][]string{}
	for name, trips := range c {
		for _, trip := range trips {
			var one []string
			for _, s := range trip {
				one = append(one, each(s))
			}
			all[name] = append(all[name], one)
		}
	}
	return all
}

// placeholders are all that a script may have where the service has a parameter.
var placeholders = regexp.MustCompile(`\('staff-' \|\| lpad\(:n::text, 3, '0'\)\)|ARRAY\[[^][]*\]|\('[0-9a-f]{16}' \|\| to_hex\(:\w+::bigint\)\)::uuid` +
	`|now\(\)( \+ interval '24 hours')?|to_timestamp\(:time\)|\B:\w+|\bNULL\b|''|\$\d+`)

func TestScriptsAreTheServicesStatements(t *testing.T) {
	_, c := captured(t)
	scripts, err := pgbench.NewScripts(c, size)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range sent(c, func(s inproc.Statement) string { return placeholders.ReplaceAllString(s.SQL, "?") }) {
		if diff := cmp.Diff(want, trips(scripts[name].Text)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// The row that is locked, written and told of is one and the same.
func TestUpdateIsOfOneCustomer(t *testing.T) {
	_, c := captured(t)
	scripts, err := pgbench.NewScripts(c, size)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		in    string
		times int
	}{{"to_hex(:customer::bigint)", 5}, {":lane", 7}, {"to_hex(:fresh::bigint)", 3}} {
		if got := strings.Count(scripts["update"].Text, want.in); got != want.times {
			t.Errorf("%s stands %d times in the update, want %d:\n%s", want.in, got, want.times, scripts["update"].Text)
		}
	}
}

// trips reads a script back: statements that travel together, without what is set
// before them.
func trips(script string) (out [][]string) {
	var body []string
	for line := range strings.Lines(script) {
		if !strings.HasPrefix(line, `\set `) {
			body = append(body, line)
		}
	}
	statements := func(text string) (all []string) {
		for statement := range strings.SplitSeq(strings.TrimSuffix(text, ";\n"), ";\n") {
			if statement != "" {
				all = append(all, placeholders.ReplaceAllString(statement, "?"))
			}
		}
		return all
	}
	for _, part := range strings.Split(strings.Join(body, ""), "\\startpipeline\n") {
		pipeline, alone, found := strings.Cut(part, "\\endpipeline\n")
		if !found {
			pipeline, alone = "", part
		}
		if pipeline != "" {
			out = append(out, statements(pipeline))
		}
		for _, statement := range statements(alone) { // each by itself
			out = append(out, []string{statement})
		}
	}
	return out
}

// What pgbench computes as a customer's lane must be the lane, or it would measure how
// fast PostgreSQL finds nothing.
func TestLanesOfExistingCustomers(t *testing.T) {
	url, c := captured(t)
	scripts, err := pgbench.NewScripts(c, size)
	if err != nil {
		t.Fatal(err)
	}
	_, expression, _ := strings.Cut(scripts["get"].Text, `\set lane `)
	expression, _, _ = strings.Cut(expression, "\n")
	conn := connect(t, url)
	for _, n := range []int{0, 1, 77, 255, 256, 4711, 65535, 65536, 999_999, dataset.MaxCustomers - 1} {
		var got int
		sql := "SELECT " + strings.ReplaceAll(expression, ":n", strconv.Itoa(n))
		if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if want := dataset.Lane(n); got != int(want) {
			t.Errorf("customer %d: lane %d, want %d", n, got, want)
		}
	}
}

// Each script, run by pgbench, does to the database what the calls would do.
func TestPgbenchRunsTheScripts(t *testing.T) {
	url, c := captured(t)
	command, err := pgbench.Find("", url)
	if err != nil {
		t.Skip(err)
	}
	scripts, err := pgbench.NewScripts(c, size)
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, url)
	count := func(sql string) (n int) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	run := func(s pgbench.Script) int {
		t.Helper()
		r, err := command.Run(t.Context(), s, 3, 500*time.Millisecond, func() {})
		if err != nil {
			t.Fatal(err)
		}
		if r.CPU == 0 || r.Elapsed == 0 || !slices.IsSorted(r.Latencies) {
			t.Errorf("%d calls in %s, %s of CPU", len(r.Latencies), r.Elapsed, r.CPU)
		}
		return r.All
	}
	run(scripts["get"])
	run(scripts["list"])
	for _, pages := range []string{"timeline-20", "timeline-20000", "follow-ups", "follow-ups-staff"} {
		run(scripts[pages])
	}

	run(scripts["satisfaction-report"])
	run(scripts["driver-report"])

	scores := count(`SELECT count(*) FROM satisfaction_score`)
	scored := run(scripts["score"])
	if got := count(`SELECT count(*) FROM satisfaction_score`); got != scores+scored {
		t.Errorf("%d scores, want %d and %d", got, scores, scored)
	}
	if got := count(`SELECT count(*) FROM customer_activity a WHERE satisfaction -> 'CSAT' ->> 'satisfaction_score_id' <> (
    SELECT satisfaction_score_id::text FROM satisfaction_score s WHERE s.lane = a.lane AND s.customer_id = a.customer_id
    ORDER BY submit_time DESC, satisfaction_score_id DESC LIMIT 1)`); got != 0 {
		t.Errorf("of %d customers another score is the latest", got)
	}

	interactions := count(`SELECT count(*) FROM interaction`)
	recorded := run(scripts["interaction"])
	if got := count(`SELECT count(*) FROM interaction`); got != interactions+recorded {
		t.Errorf("%d interactions, want %d and %d", got, interactions, recorded)
	}
	// Of each customer the last one is known, and the clock of what is to be done starts there.
	contacted := count(`SELECT count(DISTINCT customer_id) FROM interaction WHERE create_time > now() - interval '1 minute'`)
	for _, table := range []string{
		`customer_activity a JOIN f USING (lane, customer_id) WHERE a.last_contact_time = f.at`,
		`follow_up u JOIN f USING (lane, customer_id) WHERE u.reason = 'CONTACT' AND u.start_time = f.at`,
	} {
		got := count(`WITH f AS (SELECT lane, customer_id, max(occur_time) AS at FROM interaction WHERE create_time > now() - interval '1 minute' GROUP BY 1, 2)
SELECT count(*) FROM ` + table)
		if got != contacted || got == 0 {
			t.Errorf("%d rows in %s, want %d", got, table, contacted)
		}
	}

	before := count(`SELECT count(*) FROM customer`)
	created := run(scripts["create"]) + run(scripts["create"]) // a second run must not meet the keys of the first
	for _, table := range []string{"customer", "external_id"} {
		if got := count(`SELECT count(*) FROM ` + table); got != before+created {
			t.Errorf("%d rows in %s, want %d", got, table, before+created)
		}
	}

	// Each has its keys: of its address, and of its name from both words on.
	if got := count(`SELECT count(*) FROM search_key WHERE key ~ '^[en][0-9a-f]{10,16}$'`); got != 3*created {
		t.Errorf("%d search keys of names and addresses, want %d", got, 3*created)
	}

	updated := run(scripts["update"])
	if got := count(`SELECT count(*) FROM change WHERE type = 'UPDATED'`); got != updated+1 {
		t.Errorf("%d changes, want %d and that of the capture", got, updated)
	}
	changed := count(`SELECT count(DISTINCT customer_id) FROM change WHERE type = 'UPDATED'`)
	if got := count(`SELECT count(*) FROM customer WHERE revision = 2`); got != changed || got < customers/2 {
		t.Errorf("%d customers were updated, %d have a change that says so", got, changed)
	}
	if got := count(`SELECT sum(last_seq) FROM lane_feed`); got != created+updated+recorded+scored+4 {
		t.Errorf("the lanes stand at %d in all, want %d", got, created+updated+recorded+scored+4)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
