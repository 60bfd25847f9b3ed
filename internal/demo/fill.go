package demo

import (
	"context"
	"iter"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/load"
)

// contactsInFlight is how many contacts are made at once, and maxTries how often one is
// tried while the service is away or busy.
const (
	contactsInFlight = 8
	maxTries         = 10
)

// Summary counts what Fill did. What was there counts as unchanged, even where it is not as
// Fill would have made it; a customer alone is made so again.
type Summary struct {
	Customers, Contacts, Cases, Interactions, Purchases, Tasks, Scores load.Summary
}

// Watcher is told how a fill goes; each of its functions may be nil.
type Watcher struct {
	// Refused is told of each customer and contact that the service did not take.
	Refused func(resource string, err error)
	// Retried is told of a stream of customers that broke and will be tried again after
	// the delay, as load.Options.OnRetry is.
	Retried func(err error, number int, delay time.Duration)
	// Done is told how many customers and contacts are finished, now and then.
	Done func(customers, contacts int64)
}

// Fill loads the service tiers and the first so many customers of the company, with their
// contacts and histories. What is there already as it should be is left alone, so a fill
// that broke, or one of fewer customers, is continued by the next. An error is that of the
// service or the connection; the summary is right with it.
func (c Company) Fill(ctx context.Context, conn grpc.ClientConnInterface, customers int, watch Watcher) (Summary, error) {
	client := rapportv1.NewCustomerServiceClient(conn)
	f := filler{company: c, client: client, watch: watch, refused: map[int64]bool{}}
	err := c.makeTiers(ctx, rapportv1.NewCaseServiceClient(conn))
	if err != nil {
		return f.summary, err
	}
	f.summary.Customers, err = load.Customers(ctx, client, c.rows(customers), load.Options{OnOutcome: f.outcome, OnRetry: watch.Retried})
	if err != nil {
		return f.summary, err
	}
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(contactsInFlight)
	for n := 1; n <= customers && working.Err() == nil; n++ {
		// A customer's contacts go one after the other: the record is locked for each.
		if contacts := c.Persona(n).Contacts(); len(contacts) > 0 && !f.refused[int64(n)] {
			group.Go(func() error { return f.contacts(working, contacts) })
		}
	}
	if err = group.Wait(); err == nil {
		err = ctx.Err() // which may have ended while none was being made
	}
	for _, part := range []struct {
		kind    *load.Kind
		of      func(*Persona) []*load.Record
		summary *load.Summary
	}{ // what names another comes after it
		{load.Cases, (*Persona).Cases, &f.summary.Cases},
		{load.Interactions, (*Persona).Interactions, &f.summary.Interactions},
		{load.Purchases, (*Persona).Purchases, &f.summary.Purchases},
		{load.Tasks, (*Persona).Tasks, &f.summary.Tasks},
		{load.SatisfactionScores, (*Persona).Scores, &f.summary.Scores},
	} {
		if err == nil {
			*part.summary, err = f.histories(ctx, conn, part.kind, customers, part.of)
		}
	}
	return f.summary, err
}

// histories loads one kind of records of all customers that there are.
func (f *filler) histories(
	ctx context.Context, conn grpc.ClientConnInterface, kind *load.Kind, customers int, of func(*Persona) []*load.Record,
) (load.Summary, error) {
	records := func(yield func(*load.Record, error) bool) {
		for n := 1; n <= customers; n++ {
			if f.refused[int64(n)] {
				continue
			}
			for _, r := range of(f.company.Persona(n)) {
				r.Number = int64(n)
				if !yield(r, nil) {
					return
				}
			}
		}
	}
	return load.Records(ctx, conn, kind, records, load.Options{OnRetry: f.watch.Retried, OnOutcome: func(o load.Outcome) {
		if o.Err != nil {
			f.tell(kind.Singular+" of "+aip.CustomerName(f.company.id(int(o.Number))), o.Err)
		}
	}})
}

// makeTiers makes the service tiers that are not there yet.
func (c Company) makeTiers(ctx context.Context, client rapportv1.CaseServiceClient) error {
	for _, tier := range c.Tiers() {
		req := &rapportv1.CreateServiceTierRequest{ServiceTierId: strings.TrimPrefix(tier.GetName(), "serviceTiers/"), ServiceTier: tier}
		err := again(ctx, func() error {
			_, err := client.CreateServiceTier(ctx, req)
			return err
		})
		if err != nil && status.Code(err) != codes.AlreadyExists {
			return err
		}
	}
	return nil
}

// again makes a call again and again while that may help.
func again(ctx context.Context, call func() error) error {
	retries := load.Retries{Max: maxTries}
	for {
		err := call()
		if err == nil {
			return nil
		}
		if err := retries.Wait(ctx, err); err != nil {
			return err
		}
	}
}

func (c Company) rows(customers int) iter.Seq2[*load.Row, error] {
	return func(yield func(*load.Row, error) bool) {
		for n := 1; n <= customers; n++ {
			if !yield(&load.Row{Number: int64(n), Customer: c.Persona(n).Customer()}, nil) {
				return
			}
		}
	}
}

// filler is one fill.
type filler struct {
	company Company
	client  rapportv1.CustomerServiceClient
	watch   Watcher
	refused map[int64]bool // numbers of customers

	mu      sync.Mutex
	summary Summary
	done    int64 // customers with an outcome
}

func (f *filler) outcome(o load.Outcome) {
	f.done++
	if o.Result == load.Rejected {
		f.refused[o.Number] = true
		f.tell(aip.CustomerName(f.company.id(int(o.Number))), o.Err)
	}
	if f.watch.Done != nil && f.done%500 == 0 {
		f.watch.Done(f.done, 0)
	}
}

func (f *filler) tell(resource string, err error) {
	if f.watch.Refused != nil {
		f.watch.Refused(resource, err)
	}
}

func (f *filler) contacts(ctx context.Context, contacts []*rapportv1.Contact) error {
	for _, contact := range contacts {
		err := f.create(ctx, contact)
		f.mu.Lock()
		switch status.Code(err) {
		case codes.OK:
			f.summary.Contacts.Created++
			err = nil
		case codes.AlreadyExists:
			f.summary.Contacts.Unchanged++
			err = nil
		case codes.InvalidArgument, codes.FailedPrecondition, codes.NotFound:
			f.summary.Contacts.Rejected++
			f.tell(contact.GetName(), err)
			err = nil
		}
		if rows := f.summary.Contacts.Rows(); f.watch.Done != nil && rows%500 == 0 {
			f.watch.Done(f.done, rows)
		}
		f.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// create makes a contact. One that an earlier try made answers the next one as one that
// was there.
func (f *filler) create(ctx context.Context, contact *rapportv1.Contact) error {
	customer, id, err := aip.Contacts.ParseName("name", contact.GetName())
	if err != nil {
		return err
	}
	req := &rapportv1.CreateContactRequest{Parent: aip.CustomerName(customer), ContactId: id.String(), Contact: contact}
	return again(ctx, func() error {
		_, err := f.client.CreateContact(ctx, req)
		return err
	})
}
