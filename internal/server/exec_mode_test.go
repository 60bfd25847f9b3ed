package server_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/server"
)

// A transaction pooler may not keep prepared statements. pgx has modes that do without,
// in which parameters must tell their types themselves.
func TestEveryCallWorksWithoutPreparedStatements(t *testing.T) {
	for _, mode := range []string{"cache_describe", "exec"} {
		t.Run(mode, func(t *testing.T) {
			url := pgtest.New(t)
			separator := "?"
			if strings.Contains(url, "?") {
				separator = "&"
			}
			s := apitest.StartWith(t, func(c *server.Config) {
				c.DatabaseURL = url + separator + "default_query_exec_mode=" + mode
			})
			callEverything(t, s)
		})
	}
}

// callEverything calls each RPC once or more, in a way that runs all of its SQL.
func callEverything(t *testing.T, s *apitest.Service) {
	t.Helper()
	ctx := t.Context()
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	const tier = "serviceTiers/0198c0de-0000-7000-8000-000000000006"
	_, err := s.DB.Exec(ctx, `INSERT INTO service_tier (service_tier_id, revision, display_name, targets, contact_interval_days,
		create_time, update_time) VALUES ('0198c0de-0000-7000-8000-000000000006', 1, 'Gold', '[]', 30, now(), now())`)
	check("make a tier", err)
	referrer, err := s.Customers.CreateCustomer(ctx, &rapportv1.CreateCustomerRequest{
		Customer:  &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Grace"},
		RequestId: "5f0c1c9e-8a43-4c8e-9d63-6b0b2f6f7d11",
	})
	check("create", err)
	made, err := s.Customers.CreateCustomer(ctx, &rapportv1.CreateCustomerRequest{Customer: &rapportv1.Customer{
		Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada", ExternalIds: map[string]string{"crm": "1"}, Tags: []string{"vip"},
		Emails:     []*rapportv1.EmailAddress{{Address: "ada@example.com"}},
		Occasions:  []*rapportv1.Occasion{{Type: rapportv1.Occasion_BIRTHDAY, Date: &date.Date{Month: 2, Day: 29}}},
		Membership: &rapportv1.Membership{Number: proto.String("7"), Level: proto.String("gold"), StartTime: timestamppb.Now(), ExpireTime: timestamppb.Now()},
		ContactPreference: &rapportv1.ContactPreference{
			PreferredChannel: rapportv1.Channel_PHONE, DoNotContact: proto.Bool(true), PauseEndTime: timestamppb.Now(),
			Consents: []*rapportv1.ContactPreference_Consent{{Purpose: "x", ConsentTime: timestamppb.Now()}},
		},
		ContactInterval: durationpb.New(24 * time.Hour), ServiceTier: proto.String(tier),
		Attributes: map[string]*rapportv1.AttributeValue{"plan": {Kind: &rapportv1.AttributeValue_StringValue{StringValue: "gold"}}},
	}})
	check("create", err)
	_, err = s.Customers.GetCustomer(ctx, &rapportv1.GetCustomerRequest{Name: made.GetName()})
	check("get", err)
	_, err = s.Customers.BatchGetCustomers(ctx, &rapportv1.BatchGetCustomersRequest{Names: []string{made.GetName(), referrer.GetName()}})
	check("batch get", err)
	for _, filter := range []string{
		"", `external_ids.crm = "1"`, `tags:"vip" AND attributes.plan = "gold"`, `emails.address = "ada@example.com"`,
		`owner = "x" OR type = INDIVIDUAL`, `create_time > "2026-01-01T00:00:00Z"`, `attributes.plan > "a"`,
		`service_tier = "` + tier + `"`, `contact_interval >= 86400s AND contact_preference.do_not_contact = true`, `NOT last_contact_time:*`,
		`last_contact_time < "2026-01-01T00:00:00Z"`, `satisfaction.nps.rating <= 6 OR satisfaction.ces.submit_time > "2026-01-01T00:00:00Z"`,
	} {
		for _, orderBy := range []string{"update_time", "display_name desc"} {
			req := &rapportv1.ListCustomersRequest{Filter: filter, OrderBy: orderBy, PageSize: 1, ShowDeleted: orderBy == "update_time"}
			page, err := s.Customers.ListCustomers(ctx, req)
			check("list "+filter, err)
			if req.PageToken = page.GetNextPageToken(); req.GetPageToken() != "" {
				_, err = s.Customers.ListCustomers(ctx, req)
				check("next page "+filter, err)
			}
		}
	}
	exportAll(t, s)
	_, err = s.Customers.UpdateCustomer(ctx, &rapportv1.UpdateCustomerRequest{
		Customer:   &rapportv1.Customer{Referrer: proto.String(referrer.GetName()), ExternalIds: map[string]string{"crm": "2"}},
		ExternalId: &rapportv1.ExternalId{Source: "crm", Id: "1"}, RequestId: "5f0c1c9e-8a43-4c8e-9d63-6b0b2f6f7d12",
	})
	check("update", err)
	_, err = s.Customers.BatchUpdateCustomers(ctx, &rapportv1.BatchUpdateCustomersRequest{Requests: []*rapportv1.UpdateCustomerRequest{
		{Customer: &rapportv1.Customer{Name: made.GetName(), Referrer: proto.String(""), ExternalIds: map[string]string{"crm": "3"}}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"referrer", "external_ids.crm"}}},
		{Customer: &rapportv1.Customer{Referrer: proto.String(referrer.GetName())}, ExternalId: &rapportv1.ExternalId{Source: "crm", Id: "3"}},
		{Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Alan", Tags: []string{"a"}, ServiceTier: proto.String(tier), ContactInterval: durationpb.New(24 * time.Hour)}, AllowMissing: true, ExternalId: &rapportv1.ExternalId{Source: "crm", Id: "9"}},
	}})
	check("batch update", err)
	imported, err := s.Customers.ImportCustomers(ctx)
	check("import", err)
	check("import", imported.Send(&rapportv1.ImportCustomersRequest{Rows: []*rapportv1.ImportCustomersRequest_Row{
		{Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Tim", ServiceTier: proto.String(tier)}, ExternalId: &rapportv1.ExternalId{Source: "crm", Id: "10"}},
	}}))
	check("import", imported.CloseSend())
	_, err = imported.Recv()
	check("import", err)
	contact, err := s.Customers.CreateContact(ctx, &rapportv1.CreateContactRequest{Parent: made.GetName(), Contact: &rapportv1.Contact{DisplayName: "Bob"}})
	check("create contact", err)
	_, err = s.Customers.UpdateContact(ctx, &rapportv1.UpdateContactRequest{Contact: &rapportv1.Contact{Name: contact.GetName(), Title: proto.String("CEO")}})
	check("update contact", err)
	for _, parent := range []string{made.GetName(), "customers/-"} {
		_, err = s.Customers.ListContacts(ctx, &rapportv1.ListContactsRequest{Parent: parent})
		check("list contacts of "+parent, err)
	}
	_, err = s.Customers.DeleteContact(ctx, &rapportv1.DeleteContactRequest{Name: contact.GetName()})
	check("delete contact", err)
	_, err = s.Customers.UndeleteContact(ctx, &rapportv1.UndeleteContactRequest{Name: contact.GetName()})
	check("undelete contact", err)
	interactions(t, s, contact.GetName())
	_, err = s.Customers.GetContact(ctx, &rapportv1.GetContactRequest{Name: contact.GetName()})
	check("get contact", err)
	purchases(t, s, made.GetName())
	workOn(t, s, made.GetName())
	supportCases(t, s, made.GetName())
	satisfactionScores(t, s, contact.GetName())
	surveys(t, s, contact.GetName())
	reports(t, s, made.GetName())
	_, err = s.Customers.DeleteCustomer(ctx, &rapportv1.DeleteCustomerRequest{Name: made.GetName()})
	check("delete", err)
	_, err = s.Customers.UndeleteCustomer(ctx, &rapportv1.UndeleteCustomerRequest{Name: made.GetName()})
	check("undelete", err)
	changes, err := s.Changes.ListChanges(ctx, &rapportv1.ListChangesRequest{Filter: `resource = "` + contact.GetName() + `"`})
	check("list changes", err)
	if len(changes.GetChanges()) != 4 {
		t.Fatalf("changes of the contact: %v", changes)
	}
	_, err = s.Changes.GetChange(ctx, &rapportv1.GetChangeRequest{Name: changes.GetChanges()[0].GetName()})
	check("get change", err)
}

// interactions calls the RPCs of interactions, with all that one can hold.
func interactions(t *testing.T, s *apitest.Service, contact string) {
	t.Helper()
	ctx := t.Context()
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	parent, _, _ := strings.Cut(contact, "/contacts/")
	made, err := s.Interactions.CreateInteraction(ctx, &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: &rapportv1.Interaction{
		Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_OUTBOUND, Purpose: rapportv1.Interaction_SALES,
		OccurTime: timestamppb.Now(), Duration: durationpb.New(time.Minute), Subject: proto.String("s"), Body: proto.String("b"),
		Staff: proto.String("7"), Contact: &contact, Campaign: proto.String("c"), CustomerReaction: rapportv1.Interaction_POSITIVE,
		Concession: &rapportv1.Interaction_Concession{Amount: &money.Money{CurrencyCode: "EUR", Units: 1, Nanos: 5}},
		Attributes: map[string]*rapportv1.AttributeValue{"n": {Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: 1}}},
		ExternalId: &rapportv1.ExternalId{Source: "pbx", Id: "1"},
	}})
	check("create interaction", err)
	_, err = s.Interactions.BatchCreateInteractions(ctx, &rapportv1.BatchCreateInteractionsRequest{
		Parent: "customers/-", Requests: []*rapportv1.CreateInteractionRequest{{Parent: parent, Interaction: &rapportv1.Interaction{
			Channel: rapportv1.Channel_MAIL, Direction: rapportv1.Interaction_INBOUND, OccurTime: timestamppb.Now(), Contact: &contact,
		}}},
	})
	check("batch create interactions", err)
	_, err = s.Interactions.UpdateInteraction(ctx, &rapportv1.UpdateInteractionRequest{Interaction: &rapportv1.Interaction{Name: made.GetName(), Body: proto.String("c")}})
	check("update interaction", err)
	for _, of := range []string{parent, "customers/-"} {
		for _, filter := range []string{"", `staff = "7" AND attributes.n = 1`, `contact = "` + contact + `"`} {
			req := &rapportv1.ListInteractionsRequest{Parent: of, Filter: filter, PageSize: 1, OrderBy: "occur_time"}
			page, err := s.Interactions.ListInteractions(ctx, req)
			check("list interactions "+filter, err)
			req.PageToken = page.GetNextPageToken()
			_, err = s.Interactions.ListInteractions(ctx, req)
			check("next page of interactions "+filter, err)
		}
	}
	_, err = s.Interactions.DeleteInteraction(ctx, &rapportv1.DeleteInteractionRequest{Name: made.GetName()})
	check("delete interaction", err)
	_, err = s.Interactions.UndeleteInteraction(ctx, &rapportv1.UndeleteInteractionRequest{Name: made.GetName()})
	check("undelete interaction", err)
	_, err = s.Interactions.GetInteraction(ctx, &rapportv1.GetInteractionRequest{Name: made.GetName()})
	check("get interaction", err)
}

// exportAll calls the RPCs that tell of all customers at once.
func exportAll(t *testing.T, s *apitest.Service) {
	t.Helper()
	for query, want := range map[string]string{
		"": `{"exported":2}`, "?showDeleted=true&filter=attributes.plan%3D%22gold%22": `{"exported":1}`, "?filter=attributes.plan%3E%22a%22": `{"exported":1}`,
	} {
		if a := s.Do(t, "GET", "/v1/customers:export"+query, ""); !strings.HasSuffix(string(a.Body), "\n"+want+"\n") {
			t.Errorf("export %s: status %d, %s", query, a.Status, a.Body)
		}
	}
	keys, err := s.Customers.ListAttributeKeys(t.Context(), &rapportv1.ListAttributeKeysRequest{})
	if err != nil || len(keys.GetAttributeKeys()) != 1 || keys.GetAttributeKeys()[0].GetCustomerCount() != 1 {
		t.Errorf("attribute keys: %v, %v", keys, err)
	}
}

// purchases calls the RPCs of purchases.
func purchases(t *testing.T, s *apitest.Service, parent string) {
	t.Helper()
	purchase := func() *rapportv1.Purchase {
		return &rapportv1.Purchase{PurchaseTime: timestamppb.New(time.Now()), Amount: &money.Money{CurrencyCode: "EUR", Units: 3}}
	}
	full := purchase()
	full.Margin, full.Discount, full.Channel = full.GetAmount(), full.GetAmount(), rapportv1.Channel_STORE
	full.Staff, full.ExternalId = proto.String("x"), &rapportv1.ExternalId{Source: "till", Id: "1"}
	full.Items = []*rapportv1.Purchase_Item{{Sku: "tea", Quantity: 0.5}}
	made, err := s.Purchases.CreatePurchase(t.Context(), &rapportv1.CreatePurchaseRequest{Parent: parent, Purchase: full})
	if err != nil {
		t.Fatalf("create purchase: %v", err)
	}
	if _, err = s.Purchases.BatchCreatePurchases(t.Context(), &rapportv1.BatchCreatePurchasesRequest{
		Parent: parent, Requests: []*rapportv1.CreatePurchaseRequest{{Purchase: purchase()}, {Purchase: purchase()}},
	}); err != nil {
		t.Errorf("create purchases: %v", err)
	}
	if _, err = s.Purchases.VoidPurchase(t.Context(), &rapportv1.VoidPurchaseRequest{Name: made.GetName(), Reason: "x"}); err != nil {
		t.Errorf("void purchase: %v", err)
	}
	for _, filter := range []string{
		"", `NOT void_time:*`, `items.sku = "tea"`, `amount.units >= 1.5`, `channel = STORE`, `staff = "x" OR external_id.id = "1"`, `purchase_time > "2026-01-01T00:00:00Z"`,
	} {
		for _, req := range []*rapportv1.ListPurchasesRequest{{Parent: parent, OrderBy: "purchase_time"}, {Parent: "customers/-"}} {
			req.Filter, req.PageSize = filter, 1
			page, err := s.Purchases.ListPurchases(t.Context(), req)
			if err != nil || len(page.GetPurchases()) != 1 {
				t.Errorf("list purchases %v: %v, %v", req, page, err)
			}
			if req.PageToken = page.GetNextPageToken(); req.GetPageToken() != "" {
				if _, err := s.Purchases.ListPurchases(t.Context(), req); err != nil {
					t.Errorf("next page %v: %v", req, err)
				}
			}
		}
	}
	if _, err = s.Purchases.GetPurchase(t.Context(), &rapportv1.GetPurchaseRequest{Name: made.GetName()}); err != nil {
		t.Errorf("get purchase: %v", err)
	}
}

// satisfactionScores calls the RPCs of satisfaction scores, with all that one can hold.
func satisfactionScores(t *testing.T, s *apitest.Service, contact string) {
	t.Helper()
	ctx := t.Context()
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	parent, _, _ := strings.Cut(contact, "/contacts/")
	bought, err := s.Purchases.ListPurchases(ctx, &rapportv1.ListPurchasesRequest{Parent: parent, PageSize: 1})
	check("list purchases", err)
	said, err := s.Interactions.ListInteractions(ctx, &rapportv1.ListInteractionsRequest{Parent: parent, PageSize: 1})
	check("list interactions", err)
	asked, err := s.Cases.ListCases(ctx, &rapportv1.ListCasesRequest{Parent: parent, PageSize: 1})
	check("list cases", err)
	full := &rapportv1.SatisfactionScore{
		Metric: rapportv1.SatisfactionScore_CES, Rating: proto.Int32(7), Expectation: proto.Int32(1), Comment: proto.String("c"),
		Factors: []*rapportv1.SatisfactionScore_Factor{{Factor: "staff", Satisfaction: 4, Importance: proto.Int32(5)}},
		Source:  rapportv1.SatisfactionScore_MYSTERY_SHOPPER, Channel: rapportv1.Channel_STORE, Competitor: proto.String("k"), Staff: proto.String("7"),
		Contact: &contact, Interaction: proto.String(said.GetInteractions()[0].GetName()), Case: proto.String(asked.GetCases()[0].GetName()),
		Purchase: proto.String(bought.GetPurchases()[0].GetName()), SubmitTime: timestamppb.Now(), ExternalId: &rapportv1.ExternalId{Source: "forms", Id: "1"},
	}
	made, err := s.Satisfaction.CreateSatisfactionScore(ctx, &rapportv1.CreateSatisfactionScoreRequest{Parent: parent, SatisfactionScore: full})
	check("create score", err)
	_, err = s.Satisfaction.BatchCreateSatisfactionScores(ctx, &rapportv1.BatchCreateSatisfactionScoresRequest{
		Parent: parent, Requests: []*rapportv1.CreateSatisfactionScoreRequest{
			{SatisfactionScore: &rapportv1.SatisfactionScore{Metric: rapportv1.SatisfactionScore_NPS, Rating: proto.Int32(0), Contact: &contact}},
			{SatisfactionScore: &rapportv1.SatisfactionScore{Metric: rapportv1.SatisfactionScore_CSAT, Rating: proto.Int32(5)}},
		},
	})
	check("create scores", err)
	for _, filter := range []string{
		"", `metric = CES AND rating >= 6.5 AND expectation = 1`, `factors.factor = "staff" OR comment = "x*"`, `contact = "` + contact + `" AND source = MYSTERY_SHOPPER`,
		`purchase:* AND submit_time > "2026-01-01T00:00:00Z"`, `external_id.id = "1"`,
	} {
		for _, req := range []*rapportv1.ListSatisfactionScoresRequest{{Parent: parent, OrderBy: "create_time"}, {Parent: "customers/-"}} {
			req.Filter, req.PageSize = filter, 1
			page, err := s.Satisfaction.ListSatisfactionScores(ctx, req)
			check("list scores "+filter, err)
			if req.PageToken = page.GetNextPageToken(); req.GetPageToken() != "" {
				_, err = s.Satisfaction.ListSatisfactionScores(ctx, req)
				check("next page of scores "+filter, err)
			}
		}
	}
	shown, err := s.Customers.GetCustomer(ctx, &rapportv1.GetCustomerRequest{Name: parent})
	check("get customer", err)
	if latest := shown.GetSatisfaction(); latest.GetCes().GetRating() != 7 || latest.GetNps() == nil || latest.GetCsat().GetRating() != 5 || latest.GetRepurchaseIntent() != nil {
		t.Errorf("the customer shows %v", latest)
	}
	_, err = s.Satisfaction.GetSatisfactionScore(ctx, &rapportv1.GetSatisfactionScoreRequest{Name: made.GetName()})
	check("get score", err)
	_, err = s.Satisfaction.DeleteSatisfactionScore(ctx, &rapportv1.DeleteSatisfactionScoreRequest{Name: made.GetName()})
	check("delete score", err)
}

// supportCases calls the RPCs of cases and service tiers, with all that one can hold, and lets
// the clock close one.
func supportCases(t *testing.T, s *apitest.Service, parent string) {
	t.Helper()
	ctx := t.Context()
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	tier, err := s.Cases.CreateServiceTier(ctx, &rapportv1.CreateServiceTierRequest{ServiceTier: &rapportv1.ServiceTier{
		DisplayName: "Gold", SilenceDays: proto.Int32(1), ContactInterval: durationpb.New(24 * time.Hour),
		Targets:  []*rapportv1.ServiceTier_Target{{Priority: rapportv1.Priority_P1, FirstResponse: durationpb.New(time.Hour), Resolve: durationpb.New(time.Hour)}},
		Calendar: &rapportv1.ServiceTier_Calendar{TimeZone: "Europe/Berlin", Hours: []*rapportv1.ServiceTier_Hours{{Day: 1}}, Holidays: []*date.Date{{Month: 12, Day: 25}}},
	}})
	check("create service tier", err)
	_, err = s.Customers.UpdateCustomer(ctx, &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: parent, ServiceTier: proto.String(tier.GetName())}})
	check("give the tier", err)
	silent := &rapportv1.Case{
		Type: rapportv1.Case_COMPLAINT, Priority: rapportv1.Priority_P1, Category: proto.String("c"), Item: proto.String("i"), Description: proto.String("d"),
		Channel: rapportv1.Channel_EMAIL, Assignee: proto.String("7"), Verified: true, ReceiveTime: timestamppb.New(time.Now().Add(-48 * time.Hour)),
		Resolution: proto.String("r"), ResolutionType: rapportv1.Case_FIXED, FeedbackTime: timestamppb.New(time.Now().Add(-25 * time.Hour)),
		ExternalId: &rapportv1.ExternalId{Source: "desk", Id: "1"},
	}
	made, err := s.Cases.CreateCase(ctx, &rapportv1.CreateCaseRequest{Parent: parent, Case: silent})
	check("create case", err)
	apitest.Eventually(t, 10*time.Second, func() bool {
		got, err := s.Cases.GetCase(ctx, &rapportv1.GetCaseRequest{Name: made.GetName()})
		check("get case", err)
		return got.GetState() == rapportv1.Case_CLOSED
	})
	batch, err := s.Cases.BatchCreateCases(ctx, &rapportv1.BatchCreateCasesRequest{Parent: parent, Requests: []*rapportv1.CreateCaseRequest{
		{Case: &rapportv1.Case{Type: rapportv1.Case_STOCK_REQUEST}, CaseId: "0198c0de-0000-7000-8000-000000000088"}, {Case: &rapportv1.Case{Type: rapportv1.Case_NEED}},
	}})
	check("batch create cases", err)
	for _, filter := range []string{
		"", `assignee = "7" AND state = NEW`, `case_number = "` + made.GetCaseNumber() + `"`, "first_response_breached = true OR resolve_breached = true",
	} {
		for _, of := range []string{parent, "customers/-"} {
			req := &rapportv1.ListCasesRequest{Parent: of, Filter: filter, PageSize: 1}
			for page := 0; page == 0 || req.GetPageToken() != ""; page++ {
				resp, err := s.Cases.ListCases(ctx, req)
				check("list cases "+filter, err)
				req.PageToken = resp.GetNextPageToken()
			}
		}
	}
	name := batch.GetCases()[0].GetName()
	_, err = s.Cases.UpdateCase(ctx, &rapportv1.UpdateCaseRequest{Case: &rapportv1.Case{Name: name, Category: proto.String("c"), Priority: 1, Assignee: proto.String("7")}})
	check("update case", err)
	_, err = s.Cases.ResolveCase(ctx, &rapportv1.ResolveCaseRequest{Name: name, Resolution: "r", ResolutionType: 1, FeedbackTime: timestamppb.New(time.Now().Add(time.Minute))})
	check("resolve case", err)
	_, err = s.Cases.CloseCase(ctx, &rapportv1.CloseCaseRequest{Name: name})
	check("close case", err)
	_, err = s.Cases.ReopenCase(ctx, &rapportv1.ReopenCaseRequest{Name: name})
	check("reopen case", err)
	_, err = s.Cases.UpdateServiceTier(ctx, &rapportv1.UpdateServiceTierRequest{ServiceTier: &rapportv1.ServiceTier{Name: tier.GetName(), SilenceDays: proto.Int32(2)}})
	check("update service tier", err)
	_, err = s.Cases.GetServiceTier(ctx, &rapportv1.GetServiceTierRequest{Name: tier.GetName()})
	check("get service tier", err)
	_, err = s.Cases.ListServiceTiers(ctx, &rapportv1.ListServiceTiersRequest{Filter: "silence_days = 2"})
	check("list service tiers", err)
	_, err = s.Customers.UpdateCustomer(ctx, &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: parent}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"service_tier"}}})
	check("take the tier back", err)
	_, err = s.Cases.DeleteServiceTier(ctx, &rapportv1.DeleteServiceTierRequest{Name: tier.GetName()})
	check("delete service tier", err)
}

// workOn calls the RPCs of tasks, with all that one can hold.
func workOn(t *testing.T, s *apitest.Service, parent string) {
	t.Helper()
	ctx := t.Context()
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	interactions, err := s.Interactions.ListInteractions(ctx, &rapportv1.ListInteractionsRequest{Parent: parent, PageSize: 1})
	check("list interactions", err)
	task := func() *rapportv1.Task {
		return &rapportv1.Task{
			Title: "t", Description: proto.String("d"), Kind: rapportv1.Task_VISIT, Assignee: proto.String("7"), DueTime: timestamppb.Now(),
			Promised: true, Interaction: proto.String(interactions.GetInteractions()[0].GetName()),
		}
	}
	first := task()
	first.ExternalId = &rapportv1.ExternalId{Source: "erp", Id: "1"}
	made, err := s.Tasks.CreateTask(ctx, &rapportv1.CreateTaskRequest{Parent: parent, Task: first})
	check("create task", err)
	batch, err := s.Tasks.BatchCreateTasks(ctx, &rapportv1.BatchCreateTasksRequest{Parent: parent, Requests: []*rapportv1.CreateTaskRequest{
		{Task: task(), TaskId: "0198c0de-0000-7000-8000-000000000077"}, {Task: &rapportv1.Task{Title: "u"}}, {Task: &rapportv1.Task{Title: "v"}},
	}})
	check("batch create tasks", err)
	_, err = s.Tasks.UpdateTask(ctx, &rapportv1.UpdateTaskRequest{Task: &rapportv1.Task{Name: made.GetName(), DueTime: timestamppb.Now()}})
	check("update task", err)
	for _, of := range []string{parent, "customers/-"} {
		for _, filter := range []string{"", "NOT due_time:*", `assignee = "7" AND state = OPEN`, `promise_state = OVERDUE OR promise_state = PENDING`, `interaction:*`} {
			for _, orderBy := range []string{"create_time", "due_time desc", "due_time"} {
				req := &rapportv1.ListTasksRequest{Parent: of, Filter: filter, PageSize: 1, OrderBy: orderBy}
				for page := 0; page == 0 || req.GetPageToken() != ""; page++ {
					resp, err := s.Tasks.ListTasks(ctx, req)
					check("list tasks "+filter+" by "+orderBy, err)
					req.PageToken = resp.GetNextPageToken()
				}
			}
		}
	}
	_, err = s.Tasks.CompleteTask(ctx, &rapportv1.CompleteTaskRequest{Name: made.GetName(), NextTask: task()})
	check("complete task", err)
	_, err = s.Tasks.CancelTask(ctx, &rapportv1.CancelTaskRequest{Name: batch.GetTasks()[0].GetName(), CustomerAgreed: true})
	check("cancel task", err)
	_, err = s.Tasks.GetTask(ctx, &rapportv1.GetTaskRequest{Name: made.GetName()})
	check("get task", err)
}
