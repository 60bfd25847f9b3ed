package faults_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/server"
)

// counter is a record's state: a number kept in a customer's owner, and its etag.
type counter struct{ value, etag string }

// step is what a client asked of a record: to read it or, with a value, to set that if
// the etag is still the record's.
type step struct {
	record int
	set    bool
	counter
}

// seen is the answer: the record's state, or that the etag was another one.
type seen struct {
	mismatch bool
	counter
}

// register is the model of a record that changes by compare-and-set.
func register(initial counter) porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			by := map[int][]porcupine.Operation{}
			for _, op := range history {
				record := op.Input.(step).record
				by[record] = append(by[record], op)
			}
			var parts [][]porcupine.Operation
			for _, part := range by {
				parts = append(parts, part)
			}
			return parts
		},
		Init: func() any { return initial },
		Step: func(state, input, output any) (bool, any) {
			now, in, out := state.(counter), input.(step), output.(seen)
			switch {
			case !in.set:
				return out.counter == now, now
			case out.mismatch:
				return in.etag != now.etag && out.etag == now.etag, now
			}
			return in.etag == now.etag && out.value == in.value && out.etag != now.etag, out.counter
		},
	}
}

// race is many clients that count up few records, each by reading and then setting.
type race struct {
	*apitest.Service
	t       *testing.T
	mutant  bool // clients leave the etag out, so that nothing is compared
	names   []string
	started time.Time

	mu         sync.Mutex
	history    []porcupine.Operation
	ok         []int // of each record
	mismatches int
}

// TestLostUpdate (F17): of two who read the same, one may write.
func TestLostUpdate(t *testing.T) {
	begin(t)
	r := runRace(t, pick(8, 200), false)
	for record, want := range r.ok {
		if got := r.value(record); got != want {
			t.Errorf("record %d counts %d after %d updates that succeeded", record, got, want)
		}
	}
	if r.mismatches == 0 {
		t.Error("no two clients met")
	}
	if got := r.check(); got != porcupine.Ok {
		t.Errorf("the history is %s", got)
	}
}

// TestLostUpdateMutant compares nothing, and both checks must notice.
func TestLostUpdateMutant(t *testing.T) {
	begin(t)
	r := runRace(t, 4, true)
	lost := 0
	for record, want := range r.ok {
		lost += want - r.value(record)
	}
	if lost == 0 {
		t.Error("no update was lost")
	}
	if got := r.check(); got != porcupine.Illegal {
		t.Errorf("the history is %s, want it illegal", got)
	}
	t.Logf("the checkers find the mutant out: %d updates lost", lost)
}

func runRace(t *testing.T, rounds int, mutant bool) *race {
	t.Helper()
	// Ten records: the checker's work grows steeply with the clients on each.
	const clients, records = 50, 10
	r := &race{t: t, mutant: mutant, started: time.Now(), ok: make([]int, records)}
	r.Service = apitest.StartWith(t, func(c *server.Config) {
		c.DatabaseURL = pgtest.New(t)
		// Fifty who wait for four rows are no overload here.
		c.AcquireTimeout, c.LockTimeout, c.StatementTimeout = 20*time.Second, 20*time.Second, 20*time.Second
	})
	for range records {
		c, err := r.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
			Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "counter", Owner: ptr("0")},
		})
		if err != nil {
			t.Fatal(err)
		}
		r.names = append(r.names, c.GetName())
	}
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for round := range rounds {
				r.count(t.Context(), client, (client+round)%records)
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range r.ok {
		total += n
	}
	t.Logf("%d updates succeeded, %d were refused for their etag, in %s", total, r.mismatches, time.Since(r.started).Round(time.Millisecond))
	return r
}

func ptr[V any](v V) *V { return &v }

// count reads a record and sets the next number, once.
func (r *race) count(ctx context.Context, client, record int) {
	called := time.Since(r.started)
	c, err := r.Customers.GetCustomer(ctx, &rapportv1.GetCustomerRequest{Name: r.names[record]})
	if err != nil {
		r.t.Errorf("get: %v", err)
		return
	}
	now := counter{c.GetOwner(), c.GetEtag()}
	r.record(client, step{record: record}, seen{counter: now}, called)
	n, err := strconv.Atoi(now.value)
	if err != nil {
		r.t.Error(err)
		return
	}
	next := strconv.Itoa(n + 1)
	update := &rapportv1.UpdateCustomerRequest{
		RequestId: uuid.NewString(),
		Customer:  &rapportv1.Customer{Name: r.names[record], Owner: &next, Etag: now.etag},
	}
	if r.mutant {
		update.Customer.Etag = ""
	}
	called = time.Since(r.started)
	c, err = r.Customers.UpdateCustomer(ctx, update)
	in := step{record: record, set: true, counter: counter{next, now.etag}}
	if err == nil {
		r.record(client, in, seen{counter: counter{c.GetOwner(), c.GetEtag()}}, called)
		return
	}
	apitest.WantReason(r.t, err, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH)
	current := counter{etag: apierr.Info(err).GetMetadata()["etag"]}
	r.record(client, in, seen{mismatch: true, counter: current}, called)
}

func (r *race) record(client int, in step, out seen, called time.Duration) {
	returned := time.Since(r.started)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, porcupine.Operation{
		ClientId: client, Input: in, Call: called.Nanoseconds(), Output: out, Return: returned.Nanoseconds(),
	})
	switch {
	case out.mismatch:
		r.mismatches++
	case in.set:
		r.ok[in.record]++
	}
}

// value is the record's number in the end.
func (r *race) value(record int) int {
	c, err := r.Customers.GetCustomer(r.t.Context(), &rapportv1.GetCustomerRequest{Name: r.names[record]})
	if err != nil {
		r.t.Fatal(err)
	}
	n, err := strconv.Atoi(c.GetOwner())
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// check says whether the history is one of records that change by compare-and-set. No
// answer in time is none.
func (r *race) check() porcupine.CheckResult {
	model := register(counter{"0", `"1"`})
	started := time.Now()
	result := porcupine.CheckOperationsTimeout(model, r.history, time.Minute)
	r.t.Logf("%d operations are %s, found in %s", len(r.history), result, time.Since(started).Round(time.Millisecond))
	return result
}
