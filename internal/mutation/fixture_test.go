package mutation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// request is the request of a mutating RPC.
type request = mutation.Request

// rpc is a mutating RPC of the service.
type rpc struct {
	path   string
	output protoreflect.MessageType
}

// mutating returns the RPCs whose request has a request_id, by the name of the request.
func mutating(t testing.TB) map[protoreflect.FullName]rpc {
	t.Helper()
	all := map[protoreflect.FullName]rpc{}
	protoregistry.GlobalFiles.RangeFilesByPackage("rapport.v1", func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			service := f.Services().Get(i)
			for j := range service.Methods().Len() {
				m := service.Methods().Get(j)
				if m.Input().Fields().ByName("request_id") == nil {
					continue
				}
				output, err := protoregistry.GlobalTypes.FindMessageByName(m.Output().FullName())
				if err != nil {
					t.Fatal(err)
				}
				all[m.Input().FullName()] = rpc{"/" + string(service.FullName()) + "/" + string(m.Name()), output}
			}
		}
		return true
	})
	return all
}

// caller calls mutating RPCs by their request.
type caller struct {
	*apitest.Service
	rpcs map[protoreflect.FullName]rpc
}

func newCaller(t testing.TB, s *apitest.Service) *caller {
	t.Helper()
	return &caller{s, mutating(t)}
}

// call makes the call and returns the answer and whether it was marked as replayed.
func (c *caller) call(ctx context.Context, req request) (proto.Message, bool, error) {
	r := c.rpcs[req.ProtoReflect().Descriptor().FullName()]
	resp := r.output.New().Interface()
	var header metadata.MD
	err := c.Conn.Invoke(ctx, r.path, req, resp, grpc.Header(&header))
	replayed := header.Get(mutation.ReplayedHeader)
	return resp, len(replayed) == 1 && replayed[0] == "true", err
}

func (c *caller) must(t testing.TB, req request) proto.Message {
	t.Helper()
	resp, _, err := c.call(t.Context(), req)
	if err != nil {
		t.Fatalf("%T: %v", req, err)
	}
	return resp
}

// with returns the request under the request id.
func with(req request, id string) request {
	out := proto.Clone(req).(request)
	m := out.ProtoReflect()
	m.Set(m.Descriptor().Fields().ByName("request_id"), protoreflect.ValueOfString(id))
	return out
}

// only returns the request with validate_only.
func only(req request) request {
	out := proto.Clone(req).(request)
	m := out.ProtoReflect()
	m.Set(m.Descriptor().Fields().ByName("validate_only"), protoreflect.ValueOfBool(true))
	return out
}

func newCustomer() *rapportv1.Customer {
	return &rapportv1.Customer{
		Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada", Tags: []string{"a"},
		Attributes: map[string]*rapportv1.AttributeValue{
			"plan":  {Kind: &rapportv1.AttributeValue_StringValue{StringValue: "gold"}},
			"trial": {Kind: &rapportv1.AttributeValue_BoolValue{BoolValue: true}},
		},
	}
}

func (c *caller) customer(t testing.TB) string {
	t.Helper()
	return c.must(t, &rapportv1.CreateCustomerRequest{Customer: newCustomer()}).(*rapportv1.Customer).GetName()
}

// known makes a customer with an id in another system, and returns that.
func (c *caller) known(t testing.TB) *rapportv1.ExternalId {
	t.Helper()
	customer, id := newCustomer(), uuid.NewString()
	customer.ExternalIds = map[string]string{"erp": id}
	c.must(t, &rapportv1.CreateCustomerRequest{Customer: customer})
	return &rapportv1.ExternalId{Source: "erp", Id: id}
}

// tier makes a service tier with a contact interval, in the table alone.
func (c *caller) tier(t testing.TB) string {
	t.Helper()
	id := uuid.NewString()
	if _, err := c.DB.Exec(t.Context(), `INSERT INTO service_tier (service_tier_id, revision, display_name, targets, contact_interval_days,
		create_time, update_time) VALUES ($1, 1, 'Gold', '[]', 30, now(), now())`, id); err != nil {
		t.Fatal(err)
	}
	return "serviceTiers/" + id
}

func (c *caller) contact(t testing.TB) string {
	t.Helper()
	return c.must(t, &rapportv1.CreateContactRequest{
		Parent: c.customer(t), Contact: &rapportv1.Contact{DisplayName: "Bob"},
	}).(*rapportv1.Contact).GetName()
}

func newPurchase(units int64) *rapportv1.Purchase {
	return &rapportv1.Purchase{
		PurchaseTime: &timestamppb.Timestamp{Seconds: 1_767_225_600}, Amount: &money.Money{CurrencyCode: "EUR", Units: units},
		Items: []*rapportv1.Purchase_Item{{Sku: "tea", Quantity: 0.5}},
	}
}

func (c *caller) purchase(t testing.TB) string {
	t.Helper()
	return c.must(t, &rapportv1.CreatePurchaseRequest{Parent: c.customer(t), Purchase: newPurchase(1)}).(*rapportv1.Purchase).GetName()
}

func newScore() *rapportv1.SatisfactionScore {
	return &rapportv1.SatisfactionScore{
		Metric: rapportv1.SatisfactionScore_NPS, Rating: proto.Int32(0), SubmitTime: timestamppb.New(time.Unix(1_750_000_000, 0)),
		Factors:    []*rapportv1.SatisfactionScore_Factor{{Factor: "staff", Satisfaction: 4}},
		ExternalId: &rapportv1.ExternalId{Source: "forms", Id: uuid.NewString()},
	}
}

func (c *caller) score(t testing.TB) string {
	t.Helper()
	return c.must(t, &rapportv1.CreateSatisfactionScoreRequest{Parent: c.customer(t), SatisfactionScore: newScore()}).(*rapportv1.SatisfactionScore).GetName()
}

func newInteraction() *rapportv1.Interaction {
	return &rapportv1.Interaction{
		Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_INBOUND, OccurTime: timestamppb.New(time.Unix(1_750_000_000, 0)),
		Subject: proto.String("Hello"), ExternalId: &rapportv1.ExternalId{Source: "pbx", Id: uuid.NewString()},
	}
}

func (c *caller) interaction(t testing.TB) string {
	t.Helper()
	return c.must(t, &rapportv1.CreateInteractionRequest{Parent: c.customer(t), Interaction: newInteraction()}).(*rapportv1.Interaction).GetName()
}

func newTask() *rapportv1.Task {
	return &rapportv1.Task{
		Title: "Call back", Promised: true, DueTime: timestamppb.New(time.Unix(1_750_000_000, 0)),
		ExternalId: &rapportv1.ExternalId{Source: "erp", Id: uuid.NewString()},
	}
}

func (c *caller) task(t testing.TB) string {
	t.Helper()
	return c.must(t, &rapportv1.CreateTaskRequest{Parent: c.customer(t), Task: newTask()}).(*rapportv1.Task).GetName()
}

func newCase() *rapportv1.Case {
	return &rapportv1.Case{
		Type: rapportv1.Case_SERVICE_REQUEST, Priority: rapportv1.Priority_P1, Category: proto.String("repair"), Assignee: proto.String("grace"),
		ReceiveTime: timestamppb.New(time.Unix(1_750_000_000, 0)), ExternalId: &rapportv1.ExternalId{Source: "desk", Id: uuid.NewString()},
	}
}

func (c *caller) supportCase(t testing.TB) string {
	t.Helper()
	return c.must(t, &rapportv1.CreateCaseRequest{Parent: c.customer(t), Case: newCase()}).(*rapportv1.Case).GetName()
}

// told is the name of a case whose customer was told what came of it.
func (c *caller) told(t testing.TB) string {
	t.Helper()
	told := newCase()
	told.Resolution, told.ResolutionType, told.FeedbackTime = proto.String("Done"), rapportv1.Case_FIXED, told.GetReceiveTime()
	return c.must(t, &rapportv1.CreateCaseRequest{Parent: c.customer(t), Case: told}).(*rapportv1.Case).GetName()
}

func newSurvey() *rapportv1.Survey {
	return &rapportv1.Survey{
		DisplayName: "After a visit", Metric: rapportv1.SatisfactionScore_NPS, Factors: []string{"staff"},
		Texts: []*rapportv1.Survey_Text{{LanguageCode: "en", Question: "How likely?", FactorLabels: map[string]string{"staff": "Our people"}}},
	}
}

func (c *caller) survey(t testing.TB) string {
	t.Helper()
	return c.must(t, &rapportv1.CreateSurveyRequest{Survey: newSurvey()}).(*rapportv1.Survey).GetName()
}

func (c *caller) invitation(t testing.TB) *rapportv1.SurveyInvitation {
	t.Helper()
	return c.must(t, &rapportv1.CreateSurveyInvitationRequest{
		Parent: c.survey(t), SurveyInvitation: &rapportv1.SurveyInvitation{Customer: c.customer(t)},
	}).(*rapportv1.SurveyInvitation)
}

// scenario is a mutating call that succeeds, and one with another meaning that would
// succeed after it.
type scenario struct {
	make  func(t testing.TB, c *caller) request
	other func(req request)
}

// scenarios has one or more of each mutating RPC; a test fails for an RPC without.
var scenarios = map[string]scenario{
	"CreateCustomer": {
		func(testing.TB, *caller) request {
			customer := newCustomer()
			customer.ExternalIds = map[string]string{"erp": uuid.NewString()}
			return &rapportv1.CreateCustomerRequest{Customer: customer}
		},
		func(req request) { req.(*rapportv1.CreateCustomerRequest).Customer.DisplayName = "Other" },
	},
	"CreateCustomer with a referrer": {
		func(t testing.TB, c *caller) request {
			customer := newCustomer()
			customer.Referrer = proto.String(c.customer(t))
			return &rapportv1.CreateCustomerRequest{Customer: customer, CustomerId: uuid.NewString()}
		},
		func(req request) { req.(*rapportv1.CreateCustomerRequest).CustomerId = uuid.NewString() },
	},
	"CreateCustomer with a service tier": {
		func(t testing.TB, c *caller) request {
			customer := newCustomer()
			customer.ServiceTier = proto.String(c.tier(t))
			return &rapportv1.CreateCustomerRequest{Customer: customer}
		},
		func(req request) { req.(*rapportv1.CreateCustomerRequest).Customer.ServiceTier = nil },
	},
	"UpdateCustomer with a service tier": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: c.customer(t), ServiceTier: proto.String(c.tier(t))}}
		},
		func(req request) { req.(*rapportv1.UpdateCustomerRequest).AddTags = []string{"c"} },
	},
	"UpdateCustomer that makes one with a service tier": {
		func(t testing.TB, c *caller) request {
			customer := newCustomer()
			customer.ServiceTier = proto.String(c.tier(t))
			return &rapportv1.UpdateCustomerRequest{
				Customer: customer, AllowMissing: true, ExternalId: &rapportv1.ExternalId{Source: "erp", Id: uuid.NewString()},
			}
		},
		func(req request) { req.(*rapportv1.UpdateCustomerRequest).ExternalId.Source = "shop" },
	},
	"UpdateCustomer": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.UpdateCustomerRequest{
				Customer: &rapportv1.Customer{Name: c.customer(t), DisplayName: "New", ExternalIds: map[string]string{"erp": uuid.NewString()}},
				AddTags:  []string{"b"},
			}
		},
		func(req request) { req.(*rapportv1.UpdateCustomerRequest).AddTags = []string{"c"} },
	},
	"UpdateCustomer that changes nothing": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: c.customer(t), DisplayName: "Ada"}}
		},
		func(req request) { req.(*rapportv1.UpdateCustomerRequest).AllowMissing = true },
	},
	"UpdateCustomer that makes one": {
		func(testing.TB, *caller) request {
			return &rapportv1.UpdateCustomerRequest{
				Customer: newCustomer(), AllowMissing: true, ExternalId: &rapportv1.ExternalId{Source: "erp", Id: uuid.NewString()},
			}
		},
		func(req request) { req.(*rapportv1.UpdateCustomerRequest).ExternalId.Source = "shop" },
	},
	"BatchUpdateCustomers": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.BatchUpdateCustomersRequest{Requests: []*rapportv1.UpdateCustomerRequest{
				{Customer: &rapportv1.Customer{Name: c.customer(t), DisplayName: "New"}},
				{Customer: newCustomer(), AllowMissing: true, ExternalId: &rapportv1.ExternalId{Source: "erp", Id: uuid.NewString()}},
				{Customer: &rapportv1.Customer{Name: c.customer(t), ExternalIds: map[string]string{"shop": uuid.NewString()}}},
			}}
		},
		func(req request) {
			req.(*rapportv1.BatchUpdateCustomersRequest).Requests[0].Customer.DisplayName = "Other"
		},
	},
	"BatchUpdateCustomers with a referrer": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.BatchUpdateCustomersRequest{Requests: []*rapportv1.UpdateCustomerRequest{
				{Customer: &rapportv1.Customer{Name: c.customer(t), Referrer: proto.String(c.customer(t))}},
			}}
		},
		func(req request) {
			req.(*rapportv1.BatchUpdateCustomersRequest).Requests[0].AddTags = []string{"other"}
		},
	},
	"BatchUpdateCustomers with a service tier": {
		func(t testing.TB, c *caller) request {
			customer := newCustomer()
			customer.ServiceTier = proto.String(c.tier(t))
			return &rapportv1.BatchUpdateCustomersRequest{Requests: []*rapportv1.UpdateCustomerRequest{
				{Customer: &rapportv1.Customer{Name: c.customer(t), ServiceTier: proto.String(c.tier(t))}},
				{Customer: customer, AllowMissing: true, ExternalId: &rapportv1.ExternalId{Source: "erp", Id: uuid.NewString()}},
			}}
		},
		func(req request) {
			req.(*rapportv1.BatchUpdateCustomersRequest).Requests[0].AddTags = []string{"other"}
		},
	},
	"DeleteCustomer": {
		func(t testing.TB, c *caller) request { return &rapportv1.DeleteCustomerRequest{Name: c.customer(t)} },
		func(req request) { req.(*rapportv1.DeleteCustomerRequest).Etag = "*" },
	},
	"UndeleteCustomer": {
		func(t testing.TB, c *caller) request {
			name := c.customer(t)
			c.must(t, &rapportv1.DeleteCustomerRequest{Name: name})
			return &rapportv1.UndeleteCustomerRequest{Name: name}
		},
		func(req request) { req.(*rapportv1.UndeleteCustomerRequest).Etag = "*" },
	},
	"CreateContact": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.CreateContactRequest{Parent: c.customer(t), Contact: &rapportv1.Contact{DisplayName: "Bob", Primary: true}}
		},
		func(req request) { req.(*rapportv1.CreateContactRequest).Contact.Primary = false },
	},
	"CreateContact with an occasion": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.CreateContactRequest{Parent: c.customer(t), Contact: &rapportv1.Contact{
				DisplayName: "Bob", Occasions: []*rapportv1.Occasion{{Type: rapportv1.Occasion_BIRTHDAY, Date: &date.Date{Month: 12, Day: 24}}},
			}}
		},
		func(req request) { req.(*rapportv1.CreateContactRequest).Contact.Occasions[0].Date.Day = 25 },
	},
	"UpdateContact": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.UpdateContactRequest{Contact: &rapportv1.Contact{Name: c.contact(t), DisplayName: "New"}}
		},
		func(req request) { req.(*rapportv1.UpdateContactRequest).Contact.DisplayName = "Other" },
	},
	"UpdateContact that makes one": {
		func(t testing.TB, c *caller) request {
			name := c.customer(t) + "/contacts/" + uuid.NewString()
			return &rapportv1.UpdateContactRequest{Contact: &rapportv1.Contact{Name: name, DisplayName: "New"}, AllowMissing: true}
		},
		func(req request) { req.(*rapportv1.UpdateContactRequest).Contact.DisplayName = "Other" },
	},
	"DeleteContact": {
		func(t testing.TB, c *caller) request { return &rapportv1.DeleteContactRequest{Name: c.contact(t)} },
		func(req request) { req.(*rapportv1.DeleteContactRequest).Etag = "*" },
	},
	"UndeleteContact": {
		func(t testing.TB, c *caller) request {
			name := c.contact(t)
			c.must(t, &rapportv1.DeleteContactRequest{Name: name})
			return &rapportv1.UndeleteContactRequest{Name: name}
		},
		func(req request) { req.(*rapportv1.UndeleteContactRequest).Etag = "*" },
	},
	"CreatePurchase": {
		func(t testing.TB, c *caller) request {
			purchase := newPurchase(2)
			purchase.ExternalId = &rapportv1.ExternalId{Source: "till", Id: "R-1"}
			return &rapportv1.CreatePurchaseRequest{Parent: c.customer(t), Purchase: purchase}
		},
		func(req request) { req.(*rapportv1.CreatePurchaseRequest).Purchase.Amount.Units = 3 },
	},
	"CreatePurchase by external id": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.CreatePurchaseRequest{Parent: "customers/-", CustomerExternalId: c.known(t), Purchase: newPurchase(2)}
		},
		func(req request) { req.(*rapportv1.CreatePurchaseRequest).Purchase.Amount.Units = 3 },
	},
	"BatchCreatePurchases by external ids": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.BatchCreatePurchasesRequest{Parent: "customers/-", ReturnPartialSuccess: true, Requests: []*rapportv1.CreatePurchaseRequest{
				{CustomerExternalId: c.known(t), Purchase: newPurchase(1), PurchaseId: uuid.NewString()},
				{CustomerExternalId: &rapportv1.ExternalId{Source: "erp", Id: "nobody"}, Purchase: newPurchase(1)},
			}}
		},
		func(req request) { req.(*rapportv1.BatchCreatePurchasesRequest).ReturnPartialSuccess = false },
	},
	"BatchCreatePurchases": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.BatchCreatePurchasesRequest{Parent: "customers/-", Requests: []*rapportv1.CreatePurchaseRequest{
				{Parent: c.customer(t), Purchase: newPurchase(1)},
				{Parent: c.customer(t), Purchase: newPurchase(2), PurchaseId: uuid.NewString()},
			}}
		},
		func(req request) {
			req.(*rapportv1.BatchCreatePurchasesRequest).Requests[0].Purchase.Amount.Units = 3
		},
	},
	"VoidPurchase": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.VoidPurchaseRequest{Name: c.purchase(t), Reason: "returned"}
		},
		func(req request) { req.(*rapportv1.VoidPurchaseRequest).Reason = "other" },
	},
	"CreateInteraction": {
		func(t testing.TB, c *caller) request {
			contact := c.contact(t)
			customer, _, _ := strings.Cut(contact, "/contacts/")
			i := newInteraction()
			i.Contact = &contact
			return &rapportv1.CreateInteractionRequest{Parent: customer, Interaction: i}
		},
		func(req request) { req.(*rapportv1.CreateInteractionRequest).Interaction.Contact = nil },
	},
	"CreateInteraction by external id": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.CreateInteractionRequest{Parent: "customers/-", CustomerExternalId: c.known(t), Interaction: newInteraction()}
		},
		func(req request) {
			req.(*rapportv1.CreateInteractionRequest).Interaction.Subject = proto.String("Other")
		},
	},
	"BatchCreateInteractions by external ids": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.BatchCreateInteractionsRequest{Parent: "customers/-", Requests: []*rapportv1.CreateInteractionRequest{
				{Parent: c.customer(t), Interaction: newInteraction()}, {CustomerExternalId: c.known(t), Interaction: newInteraction()},
			}}
		},
		func(req request) {
			req.(*rapportv1.BatchCreateInteractionsRequest).Requests[1].Interaction.Subject = proto.String("Other")
		},
	},
	"BatchCreateInteractions": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.BatchCreateInteractionsRequest{Parent: "customers/-", Requests: []*rapportv1.CreateInteractionRequest{
				{Parent: c.customer(t), Interaction: newInteraction()}, {Parent: c.customer(t), Interaction: newInteraction()},
			}}
		},
		func(req request) {
			req.(*rapportv1.BatchCreateInteractionsRequest).Requests[1].Interaction.Subject = proto.String("Other")
		},
	},
	"UpdateInteraction": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.UpdateInteractionRequest{Interaction: &rapportv1.Interaction{Name: c.interaction(t), Body: proto.String("New")}}
		},
		func(req request) { req.(*rapportv1.UpdateInteractionRequest).Interaction.Body = proto.String("Other") },
	},
	"UpdateInteraction that makes one": {
		func(t testing.TB, c *caller) request {
			i := newInteraction()
			i.Name = c.customer(t) + "/interactions/" + uuid.NewString()
			return &rapportv1.UpdateInteractionRequest{Interaction: i, AllowMissing: true}
		},
		func(req request) {
			req.(*rapportv1.UpdateInteractionRequest).Interaction.Subject = proto.String("Other")
		},
	},
	"DeleteInteraction": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.DeleteInteractionRequest{Name: c.interaction(t)}
		},
		func(req request) { req.(*rapportv1.DeleteInteractionRequest).Etag = "*" },
	},
	"UndeleteInteraction": {
		func(t testing.TB, c *caller) request {
			name := c.interaction(t)
			c.must(t, &rapportv1.DeleteInteractionRequest{Name: name})
			return &rapportv1.UndeleteInteractionRequest{Name: name}
		},
		func(req request) { req.(*rapportv1.UndeleteInteractionRequest).Etag = "*" },
	},
	"CreateCase": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.CreateCaseRequest{Parent: c.customer(t), Case: newCase()}
		},
		func(req request) { req.(*rapportv1.CreateCaseRequest).Case.Item = proto.String("Other") },
	},
	"CreateCase that promises to tell": {
		func(t testing.TB, c *caller) request {
			wanted := newCase()
			wanted.Type = rapportv1.Case_STOCK_REQUEST
			return &rapportv1.CreateCaseRequest{Parent: c.customer(t), Case: wanted, NotifyDueTime: timestamppb.New(time.Unix(1_760_000_000, 0))}
		},
		func(req request) { req.(*rapportv1.CreateCaseRequest).NotifyDueTime.Seconds++ },
	},
	"CreateCase by external id": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.CreateCaseRequest{Parent: "customers/-", CustomerExternalId: c.known(t), Case: newCase()}
		},
		func(req request) { req.(*rapportv1.CreateCaseRequest).Case.Item = proto.String("Other") },
	},
	"BatchCreateCases": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.BatchCreateCasesRequest{Parent: "customers/-", Requests: []*rapportv1.CreateCaseRequest{
				{Parent: c.customer(t), Case: newCase()}, {Parent: c.customer(t), Case: newCase(), CaseId: uuid.NewString()},
			}}
		},
		func(req request) {
			req.(*rapportv1.BatchCreateCasesRequest).Requests[1].Case.Item = proto.String("Other")
		},
	},
	"UpdateCase": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.UpdateCaseRequest{Case: &rapportv1.Case{Name: c.supportCase(t), WaitingOnCustomer: true}}
		},
		func(req request) { req.(*rapportv1.UpdateCaseRequest).Case.Item = proto.String("Other") },
	},
	"UpdateCase that makes one": {
		func(t testing.TB, c *caller) request {
			made := newCase()
			made.Name = c.customer(t) + "/cases/" + uuid.NewString()
			return &rapportv1.UpdateCaseRequest{Case: made, AllowMissing: true}
		},
		func(req request) { req.(*rapportv1.UpdateCaseRequest).Case.Item = proto.String("Other") },
	},
	"ResolveCase": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.ResolveCaseRequest{Name: c.supportCase(t), Resolution: "Done", ResolutionType: rapportv1.Case_FIXED}
		},
		func(req request) { req.(*rapportv1.ResolveCaseRequest).Resolution = "Other" },
	},
	"CloseCase": {
		func(t testing.TB, c *caller) request { return &rapportv1.CloseCaseRequest{Name: c.told(t)} },
		func(req request) { req.(*rapportv1.CloseCaseRequest).Etag = "*" },
	},
	"ReopenCase": {
		func(t testing.TB, c *caller) request { return &rapportv1.ReopenCaseRequest{Name: c.told(t)} },
		func(req request) { req.(*rapportv1.ReopenCaseRequest).Etag = "*" },
	},
	"CreateSatisfactionScore": {
		func(t testing.TB, c *caller) request {
			contact := c.contact(t)
			customer, _, _ := strings.Cut(contact, "/contacts/")
			score := newScore()
			score.Contact = &contact
			return &rapportv1.CreateSatisfactionScoreRequest{Parent: customer, SatisfactionScore: score}
		},
		func(req request) {
			req.(*rapportv1.CreateSatisfactionScoreRequest).SatisfactionScore.Rating = proto.Int32(1)
		},
	},
	"CreateSatisfactionScore by external id": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.CreateSatisfactionScoreRequest{Parent: "customers/-", CustomerExternalId: c.known(t), SatisfactionScore: newScore()}
		},
		func(req request) {
			req.(*rapportv1.CreateSatisfactionScoreRequest).SatisfactionScore.Comment = proto.String("Other")
		},
	},
	"BatchCreateSatisfactionScores": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.BatchCreateSatisfactionScoresRequest{Parent: "customers/-", Requests: []*rapportv1.CreateSatisfactionScoreRequest{
				{Parent: c.customer(t), SatisfactionScore: newScore()}, {Parent: c.customer(t), SatisfactionScore: newScore(), SatisfactionScoreId: uuid.NewString()},
			}}
		},
		func(req request) {
			req.(*rapportv1.BatchCreateSatisfactionScoresRequest).Requests[1].SatisfactionScore.Rating = proto.Int32(9)
		},
	},
	"BatchCreateSatisfactionScores by external ids": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.BatchCreateSatisfactionScoresRequest{Parent: "customers/-", Requests: []*rapportv1.CreateSatisfactionScoreRequest{
				{Parent: c.customer(t), SatisfactionScore: newScore()}, {CustomerExternalId: c.known(t), SatisfactionScore: newScore()},
			}}
		},
		func(req request) {
			req.(*rapportv1.BatchCreateSatisfactionScoresRequest).Requests[1].SatisfactionScore.Rating = proto.Int32(9)
		},
	},
	"DeleteSatisfactionScore": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.DeleteSatisfactionScoreRequest{Name: c.score(t)}
		},
		func(req request) { req.(*rapportv1.DeleteSatisfactionScoreRequest).Etag = "*" },
	},
	"CreateServiceTier": {
		func(testing.TB, *caller) request {
			return &rapportv1.CreateServiceTierRequest{ServiceTier: &rapportv1.ServiceTier{DisplayName: "Gold"}}
		},
		func(req request) { req.(*rapportv1.CreateServiceTierRequest).ServiceTier.DisplayName = "Other" },
	},
	"UpdateServiceTier": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.UpdateServiceTierRequest{ServiceTier: &rapportv1.ServiceTier{Name: c.tier(t), DisplayName: "Silver"}}
		},
		func(req request) { req.(*rapportv1.UpdateServiceTierRequest).ServiceTier.DisplayName = "Other" },
	},
	"UpdateServiceTier that makes one": {
		func(testing.TB, *caller) request {
			made := &rapportv1.ServiceTier{Name: "serviceTiers/" + uuid.NewString(), DisplayName: "Gold"}
			return &rapportv1.UpdateServiceTierRequest{ServiceTier: made, AllowMissing: true}
		},
		func(req request) { req.(*rapportv1.UpdateServiceTierRequest).ServiceTier.DisplayName = "Other" },
	},
	"CreateSurvey": {
		func(testing.TB, *caller) request { return &rapportv1.CreateSurveyRequest{Survey: newSurvey()} },
		func(req request) { req.(*rapportv1.CreateSurveyRequest).Survey.DisplayName = "Other" },
	},
	"UpdateSurvey": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.UpdateSurveyRequest{Survey: &rapportv1.Survey{Name: c.survey(t), DisplayName: "New"}}
		},
		func(req request) { req.(*rapportv1.UpdateSurveyRequest).Survey.DisplayName = "Other" },
	},
	"UpdateSurvey that makes one": {
		func(testing.TB, *caller) request {
			made := newSurvey()
			made.Name = "surveys/" + uuid.NewString()
			return &rapportv1.UpdateSurveyRequest{Survey: made, AllowMissing: true}
		},
		func(req request) { req.(*rapportv1.UpdateSurveyRequest).Survey.DisplayName = "Other" },
	},
	"DeleteSurvey": {
		func(t testing.TB, c *caller) request { return &rapportv1.DeleteSurveyRequest{Name: c.survey(t)} },
		func(req request) { req.(*rapportv1.DeleteSurveyRequest).Etag = "*" },
	},
	"CreateSurveyInvitation": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.CreateSurveyInvitationRequest{Parent: c.survey(t), SurveyInvitation: &rapportv1.SurveyInvitation{Customer: c.customer(t)}}
		},
		func(req request) {
			req.(*rapportv1.CreateSurveyInvitationRequest).SurveyInvitation.SendTime = timestamppb.New(time.Unix(1_750_000_000, 0))
		},
	},
	"DeleteServiceTier": {
		func(t testing.TB, c *caller) request { return &rapportv1.DeleteServiceTierRequest{Name: c.tier(t)} },
		func(req request) { req.(*rapportv1.DeleteServiceTierRequest).Etag = "*" },
	},
	"CreateTask": {
		func(t testing.TB, c *caller) request {
			interaction := c.interaction(t)
			customer, _, _ := strings.Cut(interaction, "/interactions/")
			task := newTask()
			task.Interaction = &interaction
			return &rapportv1.CreateTaskRequest{Parent: customer, Task: task}
		},
		func(req request) { req.(*rapportv1.CreateTaskRequest).Task.Interaction = nil },
	},
	"CreateTask by external id": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.CreateTaskRequest{Parent: "customers/-", CustomerExternalId: c.known(t), Task: newTask()}
		},
		func(req request) { req.(*rapportv1.CreateTaskRequest).Task.Title = "Other" },
	},
	"BatchCreateTasks": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.BatchCreateTasksRequest{Parent: "customers/-", Requests: []*rapportv1.CreateTaskRequest{
				{Parent: c.customer(t), Task: newTask()}, {Parent: c.customer(t), Task: newTask(), TaskId: uuid.NewString()},
			}}
		},
		func(req request) { req.(*rapportv1.BatchCreateTasksRequest).Requests[1].Task.Title = "Other" },
	},
	"BatchCreateTasks by external ids": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.BatchCreateTasksRequest{Parent: "customers/-", ReturnPartialSuccess: true, Requests: []*rapportv1.CreateTaskRequest{
				{CustomerExternalId: c.known(t), Task: newTask()},
				{CustomerExternalId: &rapportv1.ExternalId{Source: "erp", Id: "nobody"}, Task: newTask()},
			}}
		},
		func(req request) { req.(*rapportv1.BatchCreateTasksRequest).ReturnPartialSuccess = false },
	},
	"UpdateTask": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.UpdateTaskRequest{Task: &rapportv1.Task{Name: c.task(t), DueTime: timestamppb.New(time.Unix(1_760_000_000, 0))}}
		},
		func(req request) { req.(*rapportv1.UpdateTaskRequest).Task.DueTime.Seconds++ },
	},
	"UpdateTask that makes one": {
		func(t testing.TB, c *caller) request {
			task := newTask()
			task.Name = c.customer(t) + "/tasks/" + uuid.NewString()
			return &rapportv1.UpdateTaskRequest{Task: task, AllowMissing: true}
		},
		func(req request) { req.(*rapportv1.UpdateTaskRequest).Task.Title = "Other" },
	},
	"CompleteTask": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.CompleteTaskRequest{Name: c.task(t), CompleteTime: timestamppb.New(time.Unix(1_750_000_000, 999))}
		},
		func(req request) { req.(*rapportv1.CompleteTaskRequest).CompleteTime.Nanos-- },
	},
	"CompleteTask that makes the next": {
		func(t testing.TB, c *caller) request {
			next := newTask()
			next.DueTime.Nanos = 999
			return &rapportv1.CompleteTaskRequest{Name: c.task(t), NextTask: next}
		},
		func(req request) { req.(*rapportv1.CompleteTaskRequest).NextTask.DueTime.Nanos-- },
	},
	"CancelTask": {
		func(t testing.TB, c *caller) request {
			return &rapportv1.CancelTaskRequest{Name: c.task(t), CustomerAgreed: true}
		},
		func(req request) { req.(*rapportv1.CancelTaskRequest).CustomerAgreed = false },
	},
}

// TestEveryMutatingRPCHasAScenario keeps the table above complete.
func TestEveryMutatingRPCHasAScenario(t *testing.T) {
	c := newCaller(t, apitest.Start(t))
	missing := mutating(t)
	for _, s := range scenarios {
		delete(missing, s.make(t, c).ProtoReflect().Descriptor().FullName())
	}
	if len(missing) > 0 {
		t.Errorf("no scenario for %v", missing)
	}
}
