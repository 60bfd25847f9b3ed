package followup_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestFollowsFacts has many writers change all kinds of records of a few customers at random,
// and then compares what follows with what it works out from the records alone.
func TestFollowsFacts(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := apitest.Start(t)
			w := newWorld(t, s)
			// A mistake is often put right by the next change, so rounds are short.
			for round := range uint64(10) {
				var writers sync.WaitGroup
				for i := range uint64(8) {
					writers.Go(func() { w.write(t, rand.New(rand.NewPCG(seed, 8*round+i)), 8) }) //nolint:gosec // a test's
				}
				writers.Wait()
				if w.check(t); t.Failed() {
					return
				}
			}
		})
	}
}

// world is the records that writers change.
type world struct {
	s         *apitest.Service
	customers []string
	cases     map[string][]string
	tiers     []string
	now       time.Time
	moments   atomic.Int64

	mu                                       sync.Mutex
	interactions, purchases, contacts, tasks []string
	scores                                   []string
}

func newWorld(t *testing.T, s *apitest.Service) *world {
	t.Helper()
	w := &world{s: s, cases: map[string][]string{}, now: time.Now().UTC().Truncate(time.Second)}
	desk := rapportv1.NewCaseServiceClient(s.Conn)
	for i, interval := range []*durationpb.Duration{nil, durationpb.New(10 * 24 * time.Hour)} {
		tier, err := desk.CreateServiceTier(t.Context(), &rapportv1.CreateServiceTierRequest{ServiceTier: &rapportv1.ServiceTier{
			DisplayName: fmt.Sprint("tier ", i), ContactInterval: interval,
			Targets: []*rapportv1.ServiceTier_Target{{
				Priority: rapportv1.Priority_P1, FirstResponse: durationpb.New(36 * time.Hour), Resolve: durationpb.New(70 * 24 * time.Hour),
			}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		w.tiers = append(w.tiers, tier.GetName())
	}
	for i := range 3 {
		c, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: &rapportv1.Customer{
			Type: rapportv1.Customer_ORGANIZATION, DisplayName: fmt.Sprint("c", i), ServiceTier: &w.tiers[i%2], Owner: proto.String("ann"),
		}})
		if err != nil {
			t.Fatal(err)
		}
		w.customers = append(w.customers, c.GetName())
		made, err := desk.CreateCase(t.Context(), &rapportv1.CreateCaseRequest{Parent: c.GetName(), Case: &rapportv1.Case{
			Type: rapportv1.Case_COMPLAINT, Priority: rapportv1.Priority_P1, Category: proto.String("billing"),
			ReceiveTime: timestamppb.New(w.now.Add(-time.Hour)),
		}})
		if err != nil {
			t.Fatal(err)
		}
		w.cases[c.GetName()] = append(w.cases[c.GetName()], made.GetName())
	}
	return w
}

func pick[T any](r *rand.Rand, all []T) (one T) {
	if len(all) == 0 {
		return one
	}
	return all[r.IntN(len(all))]
}

// remember adds to a list that writers share; recall takes one of it, often a late one.
func (w *world) remember(list *[]string, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, name)
}

func (w *world) recall(r *rand.Rand, list *[]string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.IntN(2) == 0 {
		return pick(r, (*list)[max(len(*list)-8, 0):])
	}
	return pick(r, *list)
}

// moment is a time of the last days, mostly one that no other record has. Those that come
// later in the test tend to be later, so that it often matters which is the latest.
func (w *world) moment(r *rand.Rand) *timestamppb.Timestamp {
	if r.IntN(10) == 0 {
		return timestamppb.New(w.now.Add(-time.Duration(r.IntN(20)) * 24 * time.Hour))
	}
	latest := w.now.Add(-20 * 24 * time.Hour).Add(time.Duration(w.moments.Add(1)) * time.Hour / 2)
	return timestamppb.New(latest.Add(-time.Duration(r.IntN(3600*5)) * time.Second))
}

// due is a time of the next months.
func (w *world) due(r *rand.Rand) *timestamppb.Timestamp {
	return timestamppb.New(w.now.Add(time.Duration(r.IntN(100*24)) * time.Hour))
}

func (w *world) interaction(r *rand.Rand, customer string) *rapportv1.Interaction {
	i := &rapportv1.Interaction{
		Channel: rapportv1.Channel_PHONE, OccurTime: w.moment(r),
		Direction: pick(r, []rapportv1.Interaction_Direction{rapportv1.Interaction_INBOUND, rapportv1.Interaction_OUTBOUND, rapportv1.Interaction_INTERNAL}),
		Purpose:   pick(r, []rapportv1.Interaction_Purpose{rapportv1.Interaction_THANK_YOU, rapportv1.Interaction_SALES}),
		CustomerReaction: pick(r, []rapportv1.Interaction_Reaction{
			rapportv1.Interaction_NO_RESPONSE, rapportv1.Interaction_POSITIVE, rapportv1.Interaction_REACTION_UNSPECIFIED,
		}),
	}
	if name := pick(r, append(w.cases[customer], "")); name != "" {
		i.Case = &name
	}
	return i
}

func occasions(r *rand.Rand) (all []*rapportv1.Occasion) {
	for i := range r.IntN(4) {
		all = append(all, &rapportv1.Occasion{
			Type: rapportv1.Occasion_CUSTOM, Label: proto.String(fmt.Sprint("day ", i)),
			Date: &date.Date{Month: int32(1 + r.IntN(12)), Day: int32(1 + r.IntN(28))}, //nolint:gosec // few
		})
	}
	return all
}

// customer is all of a customer that something follows from.
func (w *world) customer(r *rand.Rand) *rapportv1.Customer {
	c := &rapportv1.Customer{
		Owner: proto.String(pick(r, []string{"ann", "bob", ""})), TimeZone: proto.String(pick(r, []string{"Asia/Shanghai", "America/New_York", ""})),
		Occasions: occasions(r),
	}
	if r.IntN(2) == 0 {
		c.ContactInterval = durationpb.New(time.Duration(1+r.IntN(3)) * 24 * time.Hour)
	}
	if tier := pick(r, append(w.tiers, "")); tier != "" {
		c.ServiceTier = &tier
	}
	if r.IntN(2) == 0 {
		c.Membership = &rapportv1.Membership{ExpireTime: timestamppb.New(w.now.Add(time.Duration(r.IntN(90)-45) * 24 * time.Hour))}
	}
	switch r.IntN(4) {
	case 0:
		c.ContactPreference = &rapportv1.ContactPreference{DoNotContact: proto.Bool(true)}
	case 1:
		c.ContactPreference = &rapportv1.ContactPreference{PauseEndTime: timestamppb.New(w.now.Add(time.Duration(r.IntN(90)-45) * 24 * time.Hour))}
	}
	return c
}

var customerMask = []string{"owner", "time_zone", "occasions", "contact_interval", "service_tier", "membership", "contact_preference"}

// write makes so many changes.
func (w *world) write(t *testing.T, r *rand.Rand, n int) {
	ctx := context.WithoutCancel(t.Context())
	desk := rapportv1.NewCaseServiceClient(w.s.Conn)
	for range n {
		customer := pick(r, w.customers)
		var err error
		switch r.IntN(18) {
		case 0, 1:
			var made *rapportv1.Interaction
			if made, err = w.s.Interactions.CreateInteraction(ctx, &rapportv1.CreateInteractionRequest{Parent: customer, Interaction: w.interaction(r, customer)}); err == nil {
				w.remember(&w.interactions, made.GetName())
			}
		case 2:
			req := &rapportv1.BatchCreateInteractionsRequest{Parent: "customers/-"}
			for range 5 {
				c := pick(r, w.customers)
				req.Requests = append(req.Requests, &rapportv1.CreateInteractionRequest{Parent: c, Interaction: w.interaction(r, c)})
			}
			var resp *rapportv1.BatchCreateInteractionsResponse
			resp, err = w.s.Interactions.BatchCreateInteractions(ctx, req)
			for _, i := range resp.GetInteractions() {
				w.remember(&w.interactions, i.GetName())
			}
		case 3, 4, 5:
			if name := w.recall(r, &w.interactions); name != "" {
				i := w.interaction(r, strings.Join(strings.Split(name, "/")[:2], "/"))
				i.Name = name
				_, err = w.s.Interactions.UpdateInteraction(ctx, &rapportv1.UpdateInteractionRequest{
					Interaction: i, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"occur_time", "direction", "purpose", "customer_reaction", "case"}},
				})
			}
		case 6, 7:
			if name := w.recall(r, &w.interactions); name != "" {
				_, err = w.s.Interactions.DeleteInteraction(ctx, &rapportv1.DeleteInteractionRequest{Name: name})
			}
		case 8:
			if name := w.recall(r, &w.interactions); name != "" {
				_, err = w.s.Interactions.UndeleteInteraction(ctx, &rapportv1.UndeleteInteractionRequest{Name: name})
			}
		case 9:
			var made *rapportv1.Purchase
			if made, err = w.s.Purchases.CreatePurchase(ctx, &rapportv1.CreatePurchaseRequest{Parent: customer, Purchase: &rapportv1.Purchase{
				PurchaseTime: w.moment(r), Amount: &money.Money{CurrencyCode: "EUR", Units: 1},
			}}); err == nil {
				w.remember(&w.purchases, made.GetName())
			}
		case 10:
			if name := w.recall(r, &w.purchases); name != "" {
				_, err = w.s.Purchases.VoidPurchase(ctx, &rapportv1.VoidPurchaseRequest{Name: name})
			}
		case 11:
			c := w.customer(r)
			c.Name = customer
			_, err = w.s.Customers.UpdateCustomer(ctx, &rapportv1.UpdateCustomerRequest{Customer: c, UpdateMask: &fieldmaskpb.FieldMask{Paths: customerMask}})
		case 12:
			if r.IntN(3) == 0 {
				_, err = w.s.Customers.DeleteCustomer(ctx, &rapportv1.DeleteCustomerRequest{Name: customer})
			} else {
				_, err = w.s.Customers.UndeleteCustomer(ctx, &rapportv1.UndeleteCustomerRequest{Name: customer})
			}
		case 13:
			var made *rapportv1.Contact
			if made, err = w.s.Customers.CreateContact(ctx, &rapportv1.CreateContactRequest{Parent: customer, Contact: &rapportv1.Contact{DisplayName: "x", Occasions: occasions(r)}}); err == nil {
				w.remember(&w.contacts, made.GetName())
			}
		case 14:
			if name := w.recall(r, &w.contacts); name != "" {
				switch r.IntN(3) {
				case 0:
					_, err = w.s.Customers.DeleteContact(ctx, &rapportv1.DeleteContactRequest{Name: name})
				case 1:
					_, err = w.s.Customers.UndeleteContact(ctx, &rapportv1.UndeleteContactRequest{Name: name})
				default:
					_, err = w.s.Customers.UpdateContact(ctx, &rapportv1.UpdateContactRequest{
						Contact: &rapportv1.Contact{Name: name, Occasions: occasions(r)}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"occasions"}},
					})
				}
			}
		case 15:
			name := pick(r, w.cases[customer])
			_, err = desk.UpdateCase(ctx, &rapportv1.UpdateCaseRequest{
				Case:       &rapportv1.Case{Name: name, Assignee: proto.String(pick(r, []string{"eve", "joe"})), WaitingOnCustomer: r.IntN(2) == 0, Item: proto.String(pick(r, []string{"lamp", ""}))},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"assignee", "waiting_on_customer", "item"}},
			})
		case 16:
			promised := r.IntN(2) == 0
			var made *rapportv1.Task
			if made, err = w.s.Tasks.CreateTask(ctx, &rapportv1.CreateTaskRequest{Parent: customer, Task: &rapportv1.Task{
				Title: "call", Promised: promised, DueTime: w.due(r), Kind: pick(r, []rapportv1.Task_Kind{rapportv1.Task_VISIT, rapportv1.Task_DELIVER}),
			}}); err == nil {
				w.remember(&w.tasks, made.GetName())
			}
		case 17:
			if name := w.recall(r, &w.tasks); name != "" {
				switch r.IntN(4) {
				case 0:
					_, err = w.s.Tasks.CompleteTask(ctx, &rapportv1.CompleteTaskRequest{Name: name})
				case 1:
					_, err = w.s.Tasks.CancelTask(ctx, &rapportv1.CancelTaskRequest{Name: name})
				default:
					_, err = w.s.Tasks.UpdateTask(ctx, &rapportv1.UpdateTaskRequest{
						Task:       &rapportv1.Task{Name: name, DueTime: w.due(r), Assignee: proto.String(pick(r, []string{"eve", ""})), Title: pick(r, []string{"call", "write"})},
						UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"due_time", "assignee", "title"}},
					})
				}
			}
		}
		if n := r.IntN(5); n < 2 && err == nil {
			err = w.score(ctx, r, customer, n == 0)
		}
		switch status.Code(err) {
		case codes.OK, codes.NotFound, codes.FailedPrecondition, codes.AlreadyExists, codes.Aborted:
		default:
			t.Errorf("%v", err)
		}
	}
}

// check compares both tables with what follows from the records.
func (w *world) check(t *testing.T) {
	t.Helper()
	var activity, rows []string
	for _, name := range w.customers {
		f := w.facts(t, name)
		w.checkSatisfaction(t, f.customer)
		activity, rows = append(activity, f.activity()), append(rows, f.rows()...)
	}
	query := func(sql string) []string {
		found, _ := w.s.DB.Query(t.Context(), sql)
		lines, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return lines
	}
	got := query(`SELECT concat_ws('|', customer_id, extract(epoch FROM last_contact_time)::bigint, 'p', extract(epoch FROM last_purchase_time)::bigint,
		last_purchase_id, 't', extract(epoch FROM last_thanks_time)::bigint) FROM customer_activity`)
	// A row that says nothing is as good as none.
	nothing := func(row string) bool { return strings.HasSuffix(row, "|p|t") && len(row) == 40 }
	activity, got = slices.DeleteFunc(activity, nothing), slices.DeleteFunc(got, nothing)
	slices.Sort(activity)
	slices.Sort(got)
	if diff := cmp.Diff(activity, got); diff != "" {
		t.Errorf("customer_activity (-want +got):\n%s", diff)
	}
	got = query(`SELECT concat_ws('|', customer_id, reason, subject_id, place, title, staff, by_owner, outreach, pace_days, service_tier_id,
		(extract(epoch FROM start_time) * 1000000)::bigint, CASE WHEN end_time < 'infinity' THEN extract(epoch FROM end_time)::bigint END, month_day,
		CASE WHEN hidden_until = 'infinity' THEN 'never' WHEN hidden_until > '-infinity' THEN extract(epoch FROM hidden_until)::bigint::text END)
		FROM follow_up WHERE end_time > now()`)
	slices.Sort(rows)
	slices.Sort(got)
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Errorf("follow_up (-want +got):\n%s", diff)
	}
}

// facts are all that is recorded of a customer.
type facts struct {
	now          time.Time
	customer     *rapportv1.Customer
	interactions []*rapportv1.Interaction
	purchases    []*rapportv1.Purchase
	contacts     []*rapportv1.Contact
	cases        []*rapportv1.Case
	tasks        []*rapportv1.Task
	t            *testing.T
}

func (w *world) facts(t *testing.T, name string) *facts {
	t.Helper()
	f := &facts{now: time.Now(), t: t}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	f.customer, err = w.s.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: name})
	ok(err)
	interactions, err := w.s.Interactions.ListInteractions(t.Context(), &rapportv1.ListInteractionsRequest{Parent: name, PageSize: 1000})
	ok(err)
	purchases, err := w.s.Purchases.ListPurchases(t.Context(), &rapportv1.ListPurchasesRequest{Parent: name, PageSize: 1000})
	ok(err)
	contacts, err := w.s.Customers.ListContacts(t.Context(), &rapportv1.ListContactsRequest{Parent: name, PageSize: 1000})
	ok(err)
	cases, err := rapportv1.NewCaseServiceClient(w.s.Conn).ListCases(t.Context(), &rapportv1.ListCasesRequest{Parent: name, PageSize: 1000})
	ok(err)
	tasks, err := w.s.Tasks.ListTasks(t.Context(), &rapportv1.ListTasksRequest{Parent: name, PageSize: 1000, Filter: "state = OPEN"})
	ok(err)
	f.interactions, f.purchases, f.contacts, f.cases = interactions.GetInteractions(), purchases.GetPurchases(), contacts.GetContacts(), cases.GetCases()
	f.tasks = tasks.GetTasks()
	if interactions.GetNextPageToken() != "" {
		t.Fatal("more interactions than a page")
	}
	return f
}

func uid(name string) string { return name[len(name)-36:] }

// contacted tells whether an interaction reached the customer or came from there.
func contacted(i *rapportv1.Interaction) bool {
	return i.GetDirection() == rapportv1.Interaction_INBOUND ||
		i.GetDirection() == rapportv1.Interaction_OUTBOUND && i.GetCustomerReaction() != rapportv1.Interaction_NO_RESPONSE
}

// last returns when the customer was last in contact and thanked, and what was bought last.
func (f *facts) last() (contact, thanks *timestamppb.Timestamp, bought *rapportv1.Purchase) {
	for _, i := range f.interactions {
		if contacted(i) && (contact == nil || i.GetOccurTime().AsTime().After(contact.AsTime())) {
			contact = i.GetOccurTime()
		}
		if contacted(i) && i.GetPurpose() == rapportv1.Interaction_THANK_YOU && (thanks == nil || i.GetOccurTime().AsTime().After(thanks.AsTime())) {
			thanks = i.GetOccurTime()
		}
	}
	for _, p := range f.purchases {
		if p.GetVoidTime() != nil {
			continue
		}
		if d := p.GetPurchaseTime().AsTime().Compare(bought.GetPurchaseTime().AsTime()); bought == nil || d > 0 || d == 0 && p.GetUid() > bought.GetUid() {
			bought = p
		}
	}
	return contact, thanks, bought
}

func (f *facts) activity() string {
	contact, thanks, bought := f.last()
	parts := []string{f.customer.GetUid()}
	if contact != nil {
		parts = append(parts, fmt.Sprint(contact.GetSeconds()))
	}
	if parts = append(parts, "p"); bought != nil {
		parts = append(parts, fmt.Sprint(bought.GetPurchaseTime().GetSeconds()), bought.GetUid())
	}
	if parts = append(parts, "t"); thanks != nil {
		parts = append(parts, fmt.Sprint(thanks.GetSeconds()))
	}
	return strings.Join(parts, "|")
}

// row is a row as the database's query writes it.
func (f *facts) row(reason, subject string, place int, title, staff string, outreach bool, days int, tier string, start time.Time, end *time.Time, monthDay int32) string {
	owner, hidden := f.customer.GetOwner(), ""
	byOwner := staff == ""
	if byOwner {
		staff = owner
	}
	switch p := f.customer.GetContactPreference(); {
	case f.customer.GetDeleteTime() != nil, outreach && p.GetDoNotContact():
		hidden = "|never"
	case outreach && p.GetPauseEndTime() != nil && p.GetPauseEndTime().AsTime().After(f.now):
		hidden = fmt.Sprint("|", p.GetPauseEndTime().GetSeconds())
	}
	ends := ""
	if end != nil {
		ends = fmt.Sprint("|", end.Unix())
	}
	flag := map[bool]string{true: "t", false: "f"}
	return fmt.Sprintf("%s|%s|%s|%d|%s|%s|%s|%s|%d|%s|%d%s|%d%s", f.customer.GetUid(), reason, subject, place, title, staff, flag[byOwner], flag[outreach],
		days, tier, start.UnixMicro(), ends, monthDay, hidden)
}

func (f *facts) rows() (rows []string) {
	const day = 24 * time.Hour
	none, c := uuid.Nil.String(), f.customer
	contact, thanks, bought := f.last()
	start := c.GetCreateTime().AsTime()
	if contact != nil {
		start = contact.AsTime()
	}
	switch {
	case c.GetContactInterval() != nil:
		rows = append(rows, f.row("CONTACT", c.GetUid(), 0, "", "", true, int(c.GetContactInterval().AsDuration()/day), none, start, nil, 0))
	case c.GetServiceTier() != "":
		rows = append(rows, f.row("CONTACT", c.GetUid(), 0, "", "", true, 0, uid(c.GetServiceTier()), start, nil, 0))
	}
	if m := c.GetMembership().GetExpireTime(); m != nil {
		if end := m.AsTime().Add(30 * day); end.After(f.now) {
			rows = append(rows, f.row("MEMBERSHIP", c.GetUid(), 0, "", "", true, 30, none, m.AsTime().Add(-30*day), &end, 0))
		}
	}
	if bought != nil && (thanks == nil || thanks.AsTime().Before(bought.GetPurchaseTime().AsTime())) {
		if end := bought.GetPurchaseTime().AsTime().Add(14 * day); end.After(f.now) {
			rows = append(rows, f.row("THANK_YOU", bought.GetUid(), 0, "", "", true, 3, none, bought.GetPurchaseTime().AsTime(), &end, 0))
		}
	}
	rows = append(rows, f.occasions(c.GetUid(), c.GetOccasions())...)
	for _, person := range f.contacts {
		rows = append(rows, f.occasions(person.GetUid(), person.GetOccasions())...)
	}
	for _, k := range f.cases {
		rows = append(rows, f.caseRow(k)...)
	}
	for _, k := range f.tasks {
		reason, due, outreach := "TASK", k.GetDueTime().AsTime(), k.GetKind() == rapportv1.Task_VISIT
		if k.GetPromised() {
			reason, due, outreach = "PROMISE", k.GetPromiseDueTime().AsTime(), false
		}
		days := int((due.Sub(k.GetCreateTime().AsTime()) + day - 1) / day)
		switch {
		case days < 1:
			days = 1
		case days > 60:
			days = (days + 29) / 30 * 30
		}
		rows = append(rows, f.row(reason, k.GetUid(), 0, k.GetTitle(), k.GetAssignee(), outreach, days, none, due.Add(-time.Duration(days)*day), nil, 0))
	}
	return rows
}

func (f *facts) occasions(subject string, all []*rapportv1.Occasion) (rows []string) {
	loc, err := time.LoadLocation(f.customer.GetTimeZone())
	if err != nil {
		f.t.Fatal(err)
	}
	for i, o := range all {
		year := f.now.In(loc).Year()
		at := func(plus int) time.Time {
			return time.Date(year, time.Month(o.GetDate().GetMonth()), int(o.GetDate().GetDay())+plus, 0, 0, 0, 0, loc)
		}
		if !at(1).After(f.now) {
			year++
		}
		end := at(1)
		rows = append(rows, f.row("OCCASION", subject, i, o.GetLabel(), "", true, 1, uuid.Nil.String(), at(0).Add(-24*time.Hour), &end, o.GetDate().GetMonth()*100+o.GetDate().GetDay()))
	}
	return rows
}

func (f *facts) caseRow(k *rapportv1.Case) []string {
	var first *timestamppb.Timestamp
	for _, i := range f.interactions {
		if i.GetCase() == k.GetName() && i.GetDirection() == rapportv1.Interaction_OUTBOUND && contacted(i) && (first == nil || i.GetOccurTime().AsTime().Before(first.AsTime())) {
			first = i.GetOccurTime()
		}
	}
	if !proto.Equal(first, k.GetFirstResponseTime()) {
		f.t.Errorf("%s: first response at %v, want %v", k.GetName(), k.GetFirstResponseTime(), first)
	}
	if k.GetWaitingOnCustomer() {
		return nil
	}
	due, days := k.GetFirstResponseDueTime(), 2
	if first != nil {
		due, days = k.GetResolveDueTime(), 90
	}
	if due == nil {
		return nil
	}
	if first != nil && due.AsTime().Sub(k.GetReceiveTime().AsTime()) <= 60*24*time.Hour {
		f.t.Errorf("%s: the resolution is due at %v already", k.GetName(), due)
	}
	title := k.GetItem()
	if title == "" {
		title = k.GetCategory()
	}
	start := due.AsTime().Add(-time.Duration(days) * 24 * time.Hour)
	return []string{f.row("CASE", uid(k.GetName()), 0, title, k.GetAssignee(), false, days, uuid.Nil.String(), start, nil, 0)}
}
