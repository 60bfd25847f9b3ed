package faults_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// outcome is what a caller knows in the end.
type outcome string

// An operation with the outcome ok must be there, one with fail must not; unknown
// may be either, but not twice.
const (
	ok      outcome = "ok"
	fail    outcome = "fail"
	unknown outcome = "unknown"
)

// operation is one thing that a client wanted done, over all its attempts.
type operation struct {
	client, seq    int
	invoke, ret    time.Time
	requestID      string
	outcome        outcome
	attempts       int
	err            error // of the last attempt
	answeredBefore bool  // the answer was marked as a stored one
}

// recorder collects operations.
type recorder struct {
	mu      sync.Mutex
	ops     []operation
	running map[int]time.Time // since when, by client
}

func (r *recorder) add(op operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = append(r.ops, op)
	delete(r.running, op.client)
}

func (r *recorder) count(want outcome) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.ops {
		if r.ops[i].outcome == want {
			n++
		}
	}
	return n
}

// len is how many operations have ended.
func (r *recorder) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.ops)
}

// attempts is how often callers tried, over all operations.
func (r *recorder) attempts() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.ops {
		n += r.ops[i].attempts
	}
	return n
}

// sum describes the run in a line.
func (r *recorder) sum() string {
	replays := 0
	for _, op := range r.ops {
		if op.answeredBefore {
			replays++
		}
	}
	return fmt.Sprintf("%d operations (%d ok, %d fail, %d unknown) in %d attempts, %d replayed to the caller",
		len(r.ops), r.count(ok), r.count(fail), r.count(unknown), r.attempts(), replays)
}

// begin says that a client's next operation starts now.
func (r *recorder) begin(client int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running == nil {
		r.running = map[int]time.Time{}
	}
	r.running[client] = time.Now()
}

// oldest is when the operation began that runs the longest.
func (r *recorder) oldest() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	oldest := time.Now()
	for _, began := range r.running {
		if began.Before(oldest) {
			oldest = began
		}
	}
	return oldest
}

// violations compares the operations with how often each is in the database, by
// request id: exactly once where the caller was told ok, never where it was told that
// it failed, at most once otherwise.
func (r *recorder) violations(found map[string]int) []string {
	var all []string
	seen := map[string]bool{}
	for _, op := range r.ops {
		n := found[op.requestID]
		seen[op.requestID] = true
		if op.outcome == ok && n != 1 || op.outcome == fail && n != 0 || n > 1 {
			all = append(all, fmt.Sprintf("client %d operation %d (%s): %s after %d attempts (%v), but %d times in the database",
				op.client, op.seq, op.requestID, op.outcome, op.attempts, op.err, n))
		}
	}
	for id, n := range found {
		if !seen[id] {
			all = append(all, fmt.Sprintf("%d rows of %q, which nobody asked for", n, id))
		}
	}
	return all
}

// check fails the test on violations. Of a mutant it wants some: a checker that passes
// a service without claims proves nothing about one with them.
func (r *recorder) check(t *testing.T, found map[string]int, mutant bool) {
	t.Helper()
	all := r.violations(found)
	t.Log(r.sum())
	switch {
	case mutant && len(all) == 0:
		t.Error("the checker finds nothing wrong with a service that forgets requests")
	case mutant:
		t.Logf("the checker finds the mutant out: %d violations, the first: %s", len(all), all[0])
	case len(all) > 0:
		t.Errorf("%d violations:\n%s", len(all), strings.Join(all[:min(len(all), 10)], "\n"))
	}
}

// customersByName counts the customers of each display name, which the tests make
// the request id, and the changes that made them: a customer without its one change
// counts as a hundred.
func customersByName(t *testing.T, url string) map[string]int {
	t.Helper()
	conn := connect(t, url)
	rows, _ := conn.Query(t.Context(), `
SELECT display_name, count(*) + 100 * count(*) FILTER (WHERE made <> 1)
FROM (SELECT c.display_name, (SELECT count(*) FROM change h WHERE h.customer_id = c.customer_id AND h.type = 'CREATED') AS made
	FROM customer c) AS each
GROUP BY display_name`)
	found := map[string]int{}
	var (
		name string
		n    int
	)
	if _, err := pgx.ForEachRow(rows, []any{&name, &n}, func() error {
		found[name] = n
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// connect opens a connection that ends with the test.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// exec runs a statement on a connection of its own.
func exec(t *testing.T, url, sql string) {
	t.Helper()
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(t.Context())
}

// forgetRequests takes the unique key from the table of claims, so that no create
// meets its earlier run: the mutant on which exactly-once must be seen to break. The
// rows are still written, and an update, which looks for its claim before it writes,
// still finds them; a service without claims would lose that too.
func forgetRequests(t *testing.T, url string) {
	t.Helper()
	exec(t, url, `ALTER TABLE request DROP CONSTRAINT request_pkey`)
}
