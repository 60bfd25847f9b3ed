package faults_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/server"
)

// lossy is a service that never hears of a commit. Each twentieth time the database
// then stays away for longer than the service tries, so that the caller has to: by
// turns it refuses connections and leaves them without an answer.
type lossy struct {
	*apitest.Service
	proxy *proxy
	url   string
}

func startLossy(t *testing.T) *lossy {
	t.Helper()
	l := &lossy{url: pgtest.New(t)}
	l.proxy = startProxy(t, l.url, func(p *proxy) {
		p.lose = func(n int64) bool {
			if n%20 == 0 {
				p.outage(time.Second, n%40 == 0)
			}
			return true
		}
	})
	l.Service = apitest.StartWith(t, func(c *server.Config) {
		c.DatabaseURL = l.proxy.url
		c.SweepInterval, c.ClockInterval = time.Hour, time.Hour // their commits are none of ours
		c.AcquireTimeout = 100 * time.Millisecond
	})
	l.WaitReady(t, true)
	return l
}

// cycle creates, updates and deletes a customer, each with the etag of the step
// before, and says how each step ended. A step that is not known to have happened is
// looked up, so that the next can go on from there.
func (l *lossy) cycle(t *testing.T, id func() string, do func(step string, call func(context.Context, *metadata.MD) error) error) {
	t.Helper()
	name := uuid.NewString()
	var c *rapportv1.Customer
	createID, updateID, deleteID := id(), id(), id()
	steps := []struct {
		name string
		call func(context.Context, *metadata.MD) error
	}{
		{"create", func(ctx context.Context, header *metadata.MD) (err error) {
			c, err = keep(c)(l.Customers.CreateCustomer(ctx, &rapportv1.CreateCustomerRequest{
				RequestId: createID, CustomerId: name, Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: name},
			}, grpc.Header(header)))
			return err
		}},
		{"update", func(ctx context.Context, header *metadata.MD) (err error) {
			owner := "one"
			c, err = keep(c)(l.Customers.UpdateCustomer(ctx, &rapportv1.UpdateCustomerRequest{
				RequestId: updateID, Customer: &rapportv1.Customer{Name: "customers/" + name, Owner: &owner, Etag: c.GetEtag()},
			}, grpc.Header(header)))
			return err
		}},
		{"delete", func(ctx context.Context, header *metadata.MD) (err error) {
			c, err = keep(c)(l.Customers.DeleteCustomer(ctx, &rapportv1.DeleteCustomerRequest{
				RequestId: deleteID, Name: "customers/" + name, Etag: c.GetEtag(),
			}, grpc.Header(header)))
			return err
		}},
	}
	for _, step := range steps {
		before := l.proxy.commits.Load()
		err := do(step.name, step.call)
		// One commit a step, not none and not two, however often it was tried.
		if n := l.proxy.commits.Load() - before; n != 1 {
			t.Fatalf("%s (%v) committed %d times, want once", step.name, err, n)
		}
		if err != nil {
			c = l.look(t, name)
		}
		if etag := l.look(t, name).GetEtag(); c.GetEtag() != etag {
			t.Fatalf("%s answered etag %s, but it is %s", step.name, c.GetEtag(), etag)
		}
	}
}

// keep returns the customer before where a call failed.
func keep(before *rapportv1.Customer) func(*rapportv1.Customer, error) (*rapportv1.Customer, error) {
	return func(c *rapportv1.Customer, err error) (*rapportv1.Customer, error) {
		if err != nil {
			return before, err
		}
		return c, nil
	}
}

// look reads a customer, waiting out an outage.
func (l *lossy) look(t *testing.T, name string) (c *rapportv1.Customer) {
	t.Helper()
	apitest.Eventually(t, 10*time.Second, func() (done bool) {
		var err error
		c, err = l.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: "customers/" + name})
		return err == nil
	})
	return c
}

// finish asserts that the fault fired and that each customer is there once, with the
// three changes of its cycle.
func (l *lossy) finish(t *testing.T, cycles int) {
	t.Helper()
	if n := l.proxy.lost.Load(); n != int64(3*cycles) || l.proxy.refused.Load() == 0 {
		t.Errorf("%d replies lost and %d connections refused, want %d and some", n, l.proxy.refused.Load(), 3*cycles)
	}
	var customers, changes, claims int
	if err := connect(t, l.url).QueryRow(t.Context(), `SELECT (SELECT count(*) FROM customer WHERE revision = 3 AND delete_time IS NOT NULL),
		(SELECT count(*) FROM change), (SELECT count(*) FROM request)`).Scan(&customers, &changes, &claims); err != nil {
		t.Fatal(err)
	}
	if customers != cycles || changes != 3*cycles || claims != 3*cycles {
		t.Errorf("%d customers, %d changes, %d claims, want %d, %d, %d", customers, changes, claims, cycles, 3*cycles, 3*cycles)
	}
}

// TestLostCommitReply (F03): the caller gets the committed result, or UNAVAILABLE and
// then the committed result when it repeats.
func TestLostCommitReply(t *testing.T) {
	begin(t)
	l := startLossy(t)
	cycles := pick(17, 334) // of three writes
	var inside, outside int
	for range cycles {
		l.cycle(t, uuid.NewString, func(step string, call func(context.Context, *metadata.MD) error) error {
			var op operation
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			retry(ctx, &op, call)
			switch {
			case op.outcome != ok:
				t.Fatalf("%s ended %s: %v", step, op.outcome, op.err)
			case !op.answeredBefore:
				t.Errorf("%s was answered by a first run, whose reply was lost", step)
			case op.attempts == 1:
				inside++
			default:
				outside++
			}
			return nil
		})
	}
	t.Logf("resolved inside: %d, by the caller's retry: %d", inside, outside)
	if inside == 0 || outside == 0 {
		t.Errorf("resolved inside %d, by the caller %d, want some of each", inside, outside)
	}
	l.finish(t, cycles)
}

// TestLostCommitReplyWithoutRequestID (F04): resolved inside under the service's own
// id, or COMMIT_OUTCOME_UNKNOWN; never UNAVAILABLE, upon which a caller would repeat.
func TestLostCommitReplyWithoutRequestID(t *testing.T) {
	begin(t)
	l := startLossy(t)
	cycles := pick(17, 334)
	var resolved, unresolved int
	for range cycles {
		none := func() string { return "" }
		l.cycle(t, none, func(step string, call func(context.Context, *metadata.MD) error) error {
			var header metadata.MD
			err := call(t.Context(), &header)
			switch {
			case err == nil:
				resolved++
			case status.Code(err) == codes.Unknown && apierr.Reason(err) == rapportv1.ErrorReason_COMMIT_OUTCOME_UNKNOWN:
				unresolved++
			default:
				t.Errorf("%s: got %v %v, want it resolved or COMMIT_OUTCOME_UNKNOWN", step, status.Code(err), apierr.Reason(err))
			}
			return err
		})
	}
	t.Logf("resolved: %d, told that the outcome is unknown: %d", resolved, unresolved)
	if resolved == 0 || unresolved == 0 {
		t.Errorf("resolved %d, unknown %d, want some of each", resolved, unresolved)
	}
	l.finish(t, cycles)
}
