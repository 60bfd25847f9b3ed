package faults_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

// makeCustomer makes a customer to work on.
func makeCustomer(t *testing.T, customers rapportv1.CustomerServiceClient) *rapportv1.Customer {
	t.Helper()
	c, err := customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "subject"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// setOwner changes a customer, which locks its row.
func setOwner(ctx context.Context, customers rapportv1.CustomerServiceClient, name, owner string, o ...grpc.CallOption) (*rapportv1.Customer, error) {
	return customers.UpdateCustomer(ctx, &rapportv1.UpdateCustomerRequest{
		Customer: &rapportv1.Customer{Name: name, Owner: &owner},
	}, o...)
}

// blockade holds a lock in a transaction of its own until it is lifted.
type blockade struct{ tx pgx.Tx }

// block takes a lock with the statement.
func block(t *testing.T, url, sql string) *blockade {
	t.Helper()
	tx, err := connect(t, url).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	return &blockade{tx}
}

const lockCustomers = `SELECT FROM customer FOR UPDATE`

func (b *blockade) lift(t *testing.T) {
	t.Helper()
	if err := b.tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// blocked is how many of the service's statements wait for a lock now.
func blocked(t *testing.T, q interface {
	QueryRow(context.Context, string, ...any) pgx.Row
},
) (n int) {
	t.Helper()
	if err := q.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'rapport' AND state = 'active' AND wait_event_type = 'Lock'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPoolExhausted (F12): what finds no connection within the budget is refused, and
// what needs none answers at once.
func TestPoolExhausted(t *testing.T) {
	begin(t)
	const size, calls, budget = 4, 200, 250 * time.Millisecond
	s := apitest.StartWith(t, func(c *server.Config) {
		c.PoolSize, c.AcquireTimeout = size, budget
		c.LockTimeout, c.StatementTimeout = time.Minute, time.Minute
	})
	s.WaitReady(t, true)
	name := makeCustomer(t, s.Customers).GetName()
	lock := block(t, s.DatabaseURL, lockCustomers)
	type result struct {
		err     error
		took    time.Duration
		trailer metadata.MD
	}
	var (
		mu      sync.Mutex
		results []result
		all     sync.WaitGroup
	)
	lifted, end := context.WithCancel(t.Context())
	for range calls {
		all.Go(func() {
			for lifted.Err() == nil {
				var r result
				started := time.Now()
				_, r.err = setOwner(t.Context(), s.Customers, name, "one", grpc.Trailer(&r.trailer))
				r.took = time.Since(started)
				mu.Lock()
				results = append(results, r)
				mu.Unlock()
			}
		})
	}
	apitest.Eventually(t, 30*time.Second, func() bool { return blocked(t, s.DB) == size })
	asked := time.Now()
	answersAlone(t, s)
	took(t, "health and admin, three answers", time.Since(asked), 3*50*time.Millisecond)
	s.Do(t, http.MethodGet, "/v1/"+name, "").WantProblem(t, http.StatusServiceUnavailable, rapportv1.ErrorReason_OVERLOADED)
	end()
	lock.lift(t)
	all.Wait()
	served, slowest := 0, time.Duration(0)
	for _, r := range results {
		if r.err == nil {
			served++
			continue
		}
		apitest.WantReason(t, r.err, codes.ResourceExhausted, rapportv1.ErrorReason_OVERLOADED)
		if len(r.trailer.Get("grpc-retry-pushback-ms")) != 1 {
			t.Errorf("the trailer %v does not say when to come back", r.trailer)
		}
		slowest = max(slowest, r.took)
	}
	refused := len(results) - served
	if served < size || refused < calls-size {
		t.Errorf("%d calls were served and %d refused, want the %d that had a connection and the others", served, refused, size)
	}
	t.Logf("%d served, %d refused", served, refused)
	took(t, "the slowest refusal", slowest, budget+100*time.Millisecond)
	whole(t, s, name, size)
}

// TestBusyPool (F12): a pool whose connections come and go is overloaded, not away.
func TestBusyPool(t *testing.T) {
	begin(t)
	s := apitest.StartWith(t, func(c *server.Config) { c.PoolSize, c.AcquireTimeout = 4, 3*time.Millisecond })
	s.WaitReady(t, true)
	var served, refused atomic.Int64
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			for range pick(20, 500) {
				_, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{})
				if err == nil {
					served.Add(1)
					continue
				}
				refused.Add(1)
				apitest.WantReason(t, err, codes.ResourceExhausted, rapportv1.ErrorReason_OVERLOADED)
			}
		})
	}
	all.Wait()
	t.Logf("%d served, %d refused", served.Load(), refused.Load())
	if served.Load() == 0 || refused.Load() == 0 {
		t.Error("want some of each")
	}
}

// answersAlone wants answers of what must not depend on the pool.
func answersAlone(t *testing.T, s *apitest.Service) {
	t.Helper()
	health, err := healthpb.NewHealthClient(s.Conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil || health.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("health: %v, %v", health.GetStatus(), err)
	}
	for _, path := range []string{"/livez", "/readyz"} {
		if code, _ := adminPage(t, s.AdminURL+path); code != http.StatusOK {
			t.Errorf("%s: HTTP %d", path, code)
		}
	}
}

// adminPage asks the admin port.
func adminPage(t *testing.T, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(read)
}

// whole wants the pool to be able to use all of its connections at once, and to have
// no more.
func whole(t *testing.T, s *apitest.Service, name string, size int) {
	t.Helper()
	lock := block(t, s.DatabaseURL, lockCustomers)
	var all sync.WaitGroup
	for range size {
		all.Go(func() {
			_, err := setOwner(t.Context(), s.Customers, name, "after")
			for status.Code(err) == codes.ResourceExhausted {
				// Connections that the fault cost may still be on their way.
				_, err = setOwner(t.Context(), s.Customers, name, "after")
			}
			if err != nil {
				t.Errorf("with a free pool: %v", err)
			}
		})
	}
	apitest.Eventually(t, 20*time.Second, func() bool { return blocked(t, s.DB) == size })
	if n := len(backends(t, s)); n != size {
		t.Errorf("%d backends, want the pool's %d", n, size)
	}
	lock.lift(t)
	all.Wait()
}

// backends lists the processes behind the pool's connections.
func backends(t *testing.T, s *apitest.Service) []int {
	t.Helper()
	rows, _ := s.DB.Query(t.Context(), `SELECT pid FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'rapport'`)
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		t.Fatal(err)
	}
	return pids
}

// kept is how many of the backends before are there now.
func kept(before, now []int) (n int) {
	for _, pid := range before {
		if slices.Contains(now, pid) {
			n++
		}
	}
	return n
}

// TestDeadline (F13): a caller's deadline ends its statement too, be it a read, one
// amid a transaction or the pipeline of a commit.
func TestDeadline(t *testing.T) {
	// The short form has to see the statement wait, on a machine that may be busy.
	const size = 4
	deadline := pick(600*time.Millisecond, 200*time.Millisecond)
	for _, c := range []struct {
		name, lock string
		write      bool
		call       func(ctx context.Context, s *apitest.Service, name string) error
	}{
		{"Read", `LOCK TABLE customer IN ACCESS EXCLUSIVE MODE`, false, func(ctx context.Context, s *apitest.Service, name string) error {
			_, err := s.Customers.GetCustomer(ctx, &rapportv1.GetCustomerRequest{Name: name})
			return err
		}},
		{"List", `LOCK TABLE customer IN ACCESS EXCLUSIVE MODE`, false, func(ctx context.Context, s *apitest.Service, _ string) error {
			_, err := s.Customers.ListCustomers(ctx, &rapportv1.ListCustomersRequest{})
			return err
		}},
		{"Update", lockCustomers, true, func(ctx context.Context, s *apitest.Service, name string) error {
			_, err := setOwner(ctx, s.Customers, name, "never")
			return err
		}},
		{"Commit", `SELECT FROM lane_feed FOR UPDATE`, true, func(ctx context.Context, s *apitest.Service, _ string) error {
			_, err := s.Customers.CreateCustomer(ctx, &rapportv1.CreateCustomerRequest{
				Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "never"},
			})
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin(t)
			s := apitest.StartWith(t, func(c *server.Config) {
				c.PoolSize, c.LockTimeout, c.StatementTimeout = size, time.Minute, time.Minute
			})
			s.WaitReady(t, true)
			name := makeCustomer(t, s.Customers).GetName()
			whole(t, s, name, size) // so that all connections are there and warm
			before := backends(t, s)
			lock := block(t, s.DatabaseURL, c.lock)
			var all sync.WaitGroup
			for range size {
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), deadline)
					defer cancel()
					started := time.Now()
					if err := c.call(ctx, s, name); status.Code(err) != codes.DeadlineExceeded {
						t.Errorf("got %v %v, want DEADLINE_EXCEEDED", status.Code(err), apierr.Reason(err))
					}
					took(t, "the caller", time.Since(started), deadline+50*time.Millisecond)
				})
			}
			apitest.Eventually(t, 10*time.Second, func() bool { return blocked(t, s.DB) > 0 })
			all.Wait()
			ended := time.Now()
			// Half of what a commit may take where nobody's deadline is nearer.
			apitest.Eventually(t, 5*time.Second, func() bool { return blocked(t, s.DB) == 0 })
			took(t, "the statement after it", time.Since(ended), 500*time.Millisecond)
			if left := kept(before, backends(t, s)); long && c.write && left != size {
				t.Errorf("%d of %d connections outlived the call, whose statement should give up first", left, size)
			}
			lock.lift(t)
			whole(t, s, name, size)
			if found := customersByName(t, s.DatabaseURL); found["never"] != 0 || strings.Contains(s.Log.String(), "INTERNAL_ERROR") {
				t.Errorf("a call that ran out of time made %v, or was called a fault", found)
			}
		})
	}
}
