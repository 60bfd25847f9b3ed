package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/dayofweek"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/genproto/googleapis/type/timeofday"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// The ids of the examples. They are typed messages, not JSON text, so that a
// renamed field breaks the build and not the reader.
const (
	exampleCustomerID      = "0198c0de-0000-7000-8000-000000000001"
	exampleContactID       = "0198c0de-0000-7000-8000-000000000002"
	exampleChangeID        = "0198c0de-0000-7000-8000-000000000003"
	examplePurchaseID      = "0198c0de-0000-7000-8000-000000000005"
	exampleInteractionID   = "0198c0de-0000-7000-8000-000000000004"
	exampleTaskID          = "0198c0de-0000-7000-8000-000000000007"
	exampleCaseID          = "0198c0de-0000-7000-8000-000000000008"
	exampleTierID          = "0198c0de-0000-7000-8000-000000000009"
	exampleScoreID         = "0198c0de-0000-7000-8000-00000000000a"
	exampleSurveyID        = "0198c0de-0000-7000-8000-00000000000b"
	exampleInvitationID    = "0198c0de-0000-7000-8000-00000000000c"
	exampleRequestID       = "6f1b1c1e-6d0c-4a1e-9d39-6f1b1c1e6d0c"
	exampleEtag            = `"1"`
	exampleCustomerName    = "customers/" + exampleCustomerID
	exampleContactName     = exampleCustomerName + "/contacts/" + exampleContactID
	exampleInteractionName = exampleCustomerName + "/interactions/" + exampleInteractionID
)

var exampleIDs = map[string]string{
	"customer": exampleCustomerID, "contact": exampleContactID, "interaction": exampleInteractionID,
	"purchase": examplePurchaseID, "change": exampleChangeID, "task": exampleTaskID,
	"case": exampleCaseID, "serviceTier": exampleTierID, "satisfactionScore": exampleScoreID,
	"survey": exampleSurveyID, "invitation": exampleInvitationID,
}

// exampleOccurTime is when the example's call was, a little before it was recorded.
var exampleOccurTime = timestamppb.New(time.Date(2026, 11, 2, 9, 15, 0, 0, time.UTC))

var exampleDueTime = timestamppb.New(time.Date(2026, 11, 4, 17, 0, 0, 0, time.UTC))

var exampleTime = timestamppb.New(time.Date(2026, 11, 2, 9, 30, 0, 123456000, time.UTC))

const exampleInterval = 60 * 24 * time.Hour

// newCustomer is what a client sends; customer is what the service answers.
func newCustomer() *rapportv1.Customer {
	return &rapportv1.Customer{
		Type:        rapportv1.Customer_ORGANIZATION,
		DisplayName: "Jade Tea House",
		Emails:      []*rapportv1.EmailAddress{{Address: "hello@jade-tea.example", Primary: true}},
		Phones:      []*rapportv1.PhoneNumber{{Number: "020 7183 8750"}},
		PostalAddresses: []*postaladdress.PostalAddress{{
			RegionCode: "GB", PostalCode: "W1D 5PA", Locality: "London", AddressLines: []string{"12 Gerrard Street"},
		}},
		LanguageCode:    proto.String("en-GB"),
		TimeZone:        proto.String("Europe/London"),
		ExternalIds:     map[string]string{"erp": "C-1042"},
		Tags:            []string{"tea", "vip"},
		Attributes:      map[string]*rapportv1.AttributeValue{"plan": {Kind: &rapportv1.AttributeValue_StringValue{StringValue: "gold"}}},
		AcquisitionCost: &money.Money{CurrencyCode: "GBP", Units: 120},
		Occasions: []*rapportv1.Occasion{{
			Type: rapportv1.Occasion_ANNIVERSARY, Date: &date.Date{Year: 2014, Month: 2, Day: 28}, Label: proto.String("Opening of the tea house"),
		}},
		Membership: &rapportv1.Membership{
			Number: proto.String("T-2207"), Level: proto.String("gold"),
			ExpireTime: timestamppb.New(time.Date(2027, 3, 31, 23, 0, 0, 0, time.UTC)),
		},
		ContactPreference: &rapportv1.ContactPreference{
			PreferredChannel: rapportv1.Channel_PHONE, DoNotContact: proto.Bool(false),
			Consents: []*rapportv1.ContactPreference_Consent{{
				Channel: rapportv1.Channel_EMAIL, Purpose: "newsletter", Granted: true, Evidence: proto.String("Form of the spring fair"),
				ConsentTime: timestamppb.New(time.Date(2026, 4, 18, 10, 0, 0, 0, time.UTC)),
			}},
		},
		ContactInterval: durationpb.New(exampleInterval),
	}
}

func customer() *rapportv1.Customer {
	c := newCustomer()
	c.Name, c.Uid, c.Etag, c.State = exampleCustomerName, exampleCustomerID, exampleEtag, rapportv1.Customer_ACTIVE
	c.Phones[0].E164 = "+442071838750"
	c.CreateTime, c.UpdateTime = exampleTime, exampleTime
	c.LastContactTime, c.NextContactTime = exampleOccurTime, timestamppb.New(exampleOccurTime.AsTime().Add(exampleInterval))
	c.ContactOverdueRatio = proto.Float64(0)
	c.Satisfaction = &rapportv1.Satisfaction{Csat: &rapportv1.Satisfaction_LatestScore{
		Rating: 4, SubmitTime: exampleOccurTime, SatisfactionScore: exampleCustomerName + "/satisfactionScores/" + exampleScoreID,
	}}
	return c
}

func newContact() *rapportv1.Contact {
	return &rapportv1.Contact{
		DisplayName: "Wei Chen", Title: proto.String("Head of Purchasing"),
		Role: rapportv1.Contact_DECISION_MAKER, Primary: true, PreferredChannel: rapportv1.Channel_PHONE,
		Emails:    []*rapportv1.EmailAddress{{Address: "wei@jade-tea.example"}},
		Occasions: []*rapportv1.Occasion{{Type: rapportv1.Occasion_BIRTHDAY, Date: &date.Date{Month: 8, Day: 8}}},
	}
}

func contact() *rapportv1.Contact {
	c := newContact()
	c.Name, c.Uid, c.Etag = exampleContactName, exampleContactID, exampleEtag
	c.CreateTime, c.UpdateTime = exampleTime, exampleTime
	return c
}

func newPurchase() *rapportv1.Purchase {
	return &rapportv1.Purchase{
		PurchaseTime: timestamppb.New(time.Date(2026, 10, 30, 15, 4, 5, 0, time.UTC)),
		Amount:       &money.Money{CurrencyCode: "GBP", Units: 84, Nanos: 500_000_000},
		Discount:     &money.Money{CurrencyCode: "GBP", Units: 9},
		Items: []*rapportv1.Purchase_Item{
			{Sku: "oolong-250", Quantity: 3, Category: proto.String("tea")}, {Sku: "teapot-1l", Quantity: 1, Category: proto.String("ware")},
		},
		Channel: rapportv1.Channel_STORE, Staff: proto.String("staff-7"),
		ExternalId: &rapportv1.ExternalId{Source: "till", Id: "R-20261030-17"},
	}
}

func purchase() *rapportv1.Purchase {
	p := newPurchase()
	p.Name, p.Uid, p.Etag = exampleCustomerName+"/purchases/"+examplePurchaseID, examplePurchaseID, exampleEtag
	p.CreateTime, p.UpdateTime = exampleTime, exampleTime
	return p
}

func newInteraction() *rapportv1.Interaction {
	return &rapportv1.Interaction{
		Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_OUTBOUND, Purpose: rapportv1.Interaction_RENEWAL,
		OccurTime: exampleOccurTime, Duration: durationpb.New(12 * time.Minute),
		Subject: proto.String("Renewal for another year"), Body: proto.String("Wei renews if the delivery stays free of charge."),
		Staff: proto.String("staff-7"), Contact: proto.String(exampleContactName), Campaign: proto.String("autumn-renewals"),
		CustomerReaction: rapportv1.Interaction_POSITIVE,
		Concession: &rapportv1.Interaction_Concession{
			Amount: &money.Money{CurrencyCode: "GBP", Units: 60}, Reason: proto.String("Free delivery"), InReturnFor: proto.String("One more year"),
		},
		Attributes: map[string]*rapportv1.AttributeValue{"attempt": {Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: 2}}},
		ExternalId: &rapportv1.ExternalId{Source: "phone", Id: "call-88213"},
	}
}

func interaction() *rapportv1.Interaction {
	i := newInteraction()
	i.Name, i.Uid, i.Etag = exampleInteractionName, exampleInteractionID, exampleEtag
	i.CreateTime, i.UpdateTime = exampleTime, exampleTime
	return i
}

func newScore() *rapportv1.SatisfactionScore {
	return &rapportv1.SatisfactionScore{
		Metric: rapportv1.SatisfactionScore_CSAT, Rating: proto.Int32(4), Expectation: proto.Int32(5),
		Factors: []*rapportv1.SatisfactionScore_Factor{
			{Factor: "delivery", Satisfaction: 3, Importance: proto.Int32(5)}, {Factor: "staff", Satisfaction: 5, Importance: proto.Int32(4)},
		},
		Comment: proto.String("Friendly as ever, but two of the tins were dented."), Source: rapportv1.SatisfactionScore_CUSTOMER,
		Channel: rapportv1.Channel_PHONE, Staff: proto.String("staff-7"), Contact: proto.String(exampleContactName),
		SubmitTime: exampleOccurTime, ExternalId: &rapportv1.ExternalId{Source: "forms", Id: "A-3117"},
	}
}

func score() *rapportv1.SatisfactionScore {
	s := newScore()
	s.Name, s.Uid, s.Etag = exampleCustomerName+"/satisfactionScores/"+exampleScoreID, exampleScoreID, exampleEtag
	s.CreateTime, s.UpdateTime = exampleTime, exampleTime
	return s
}

func newTask() *rapportv1.Task {
	return &rapportv1.Task{
		Title: "Send the renewal contract", Description: proto.String("With the free delivery that Wei was promised."),
		Kind: rapportv1.Task_RENEWAL, Assignee: proto.String("staff-7"), DueTime: exampleDueTime, Promised: true,
		ExternalId: &rapportv1.ExternalId{Source: "erp", Id: "job-551"},
	}
}

func task() *rapportv1.Task {
	t := newTask()
	t.Name, t.Uid, t.Etag = exampleCustomerName+"/tasks/"+exampleTaskID, exampleTaskID, exampleEtag
	t.State, t.PromiseState, t.PromiseDueTime = rapportv1.Task_OPEN, rapportv1.Task_PENDING, t.GetDueTime()
	t.CreateTime, t.UpdateTime = exampleTime, exampleTime
	return t
}

func change() *rapportv1.Change {
	return &rapportv1.Change{
		Name: "changes/" + exampleChangeID, Uid: exampleChangeID,
		Resource: exampleCustomerName, Customer: exampleCustomerName, Type: rapportv1.Change_UPDATED,
		Lane: 17, Sequence: 42, Actor: "anonymous", RequestId: exampleRequestID,
		TraceId: "4bf92f3577b34da6a3ce929d0e0e4736", ChangeTime: exampleTime,
		Fields: []*rapportv1.Change_FieldChange{{
			Path: "display_name", Before: structpb.NewStringValue("Jade Tea"), After: structpb.NewStringValue("Jade Tea House"),
		}},
	}
}

func newCase() *rapportv1.Case {
	return &rapportv1.Case{
		Type: rapportv1.Case_COMPLAINT, Priority: rapportv1.Priority_P2, Category: proto.String("delivery"), Item: proto.String("Dragonwell, 1 kg"),
		Description: proto.String("Two of the tins were dented."), Channel: rapportv1.Channel_PHONE, Assignee: proto.String("staff-7"),
		ReceiveTime: exampleOccurTime, ExternalId: &rapportv1.ExternalId{Source: "desk", Id: "T-9031"},
	}
}

func supportCase() *rapportv1.Case {
	c := newCase()
	c.Name, c.Uid, c.Etag = exampleCustomerName+"/cases/"+exampleCaseID, exampleCaseID, exampleEtag
	c.CaseNumber, c.State, c.CreateTime, c.UpdateTime = "7K3M-9QXP", rapportv1.Case_IN_PROGRESS, exampleTime, exampleTime
	c.FirstResponseDueTime = timestamppb.New(exampleOccurTime.AsTime().Add(4 * time.Hour))
	c.ResolveDueTime = timestamppb.New(exampleOccurTime.AsTime().AddDate(0, 0, 2))
	return c
}

func newServiceTier() *rapportv1.ServiceTier {
	hours := func(day dayofweek.DayOfWeek) *rapportv1.ServiceTier_Hours {
		return &rapportv1.ServiceTier_Hours{Day: day, Start: &timeofday.TimeOfDay{Hours: 9}, End: &timeofday.TimeOfDay{Hours: 17, Minutes: 30}}
	}
	return &rapportv1.ServiceTier{
		DisplayName: "Gold", SilenceDays: proto.Int32(14), ContactInterval: durationpb.New(exampleInterval),
		Targets: []*rapportv1.ServiceTier_Target{
			{Priority: rapportv1.Priority_P1, FirstResponse: durationpb.New(time.Hour), Resolve: durationpb.New(8 * time.Hour)},
			{Priority: rapportv1.Priority_P2, FirstResponse: durationpb.New(4 * time.Hour), Resolve: durationpb.New(17 * time.Hour)},
		},
		Calendar: &rapportv1.ServiceTier_Calendar{
			TimeZone: "Europe/London", Hours: []*rapportv1.ServiceTier_Hours{hours(dayofweek.DayOfWeek_MONDAY), hours(dayofweek.DayOfWeek_TUESDAY)},
			Holidays: []*date.Date{{Month: 12, Day: 25}},
		},
	}
}

func serviceTier() *rapportv1.ServiceTier {
	t := newServiceTier()
	t.Name, t.Uid, t.Etag = "serviceTiers/"+exampleTierID, exampleTierID, exampleEtag
	t.CreateTime, t.UpdateTime = exampleTime, exampleTime
	return t
}

// requestExample returns the body of an operation as a client would send it.
func requestExample(operation string) any {
	switch operation {
	case "CustomerService_CreateCustomer", "CustomerService_UpsertCustomer":
		return sent(newCustomer())
	case "CustomerService_UpdateCustomer":
		return sent(&rapportv1.Customer{DisplayName: "Jade Tea House Ltd", TimeZone: proto.String("Europe/London")})
	case "CustomerService_BatchGetCustomersByBody":
		return sent(&rapportv1.BatchGetCustomersRequest{Names: []string{exampleCustomerName}})
	case "CustomerService_BatchUpdateCustomers":
		c := newCustomer()
		c.ExternalIds = nil // the one of the request is added
		return sent(&rapportv1.BatchUpdateCustomersRequest{Requests: []*rapportv1.UpdateCustomerRequest{
			{Customer: &rapportv1.Customer{Name: exampleCustomerName, Owner: proto.String("staff-7")}},
			{Customer: c, ExternalId: &rapportv1.ExternalId{Source: "erp", Id: "C-1043"}, AllowMissing: true},
		}})
	case "CustomerService_CreateContact":
		return sent(newContact())
	case "CustomerService_UpdateContact":
		return sent(&rapportv1.Contact{Role: rapportv1.Contact_BILLING})
	case "PurchaseService_CreatePurchase":
		return sent(newPurchase())
	case "PurchaseService_BatchCreatePurchases":
		p := newPurchase()
		p.ExternalId.Id = "R-20261030-18" // the other example made 17
		return sent(&rapportv1.BatchCreatePurchasesRequest{Requests: []*rapportv1.CreatePurchaseRequest{{Purchase: p}}})
	case "PurchaseService_VoidPurchase":
		return sent(&rapportv1.VoidPurchaseRequest{Reason: "The teapot came back cracked."})
	case "InteractionService_CreateInteraction":
		return sent(newInteraction())
	case "InteractionService_BatchCreateInteractions":
		i := newInteraction()
		i.ExternalId.Id = "call-88214"
		return sent(&rapportv1.BatchCreateInteractionsRequest{Requests: []*rapportv1.CreateInteractionRequest{{Parent: exampleCustomerName, Interaction: i}}})
	case "InteractionService_UpdateInteraction":
		return sent(&rapportv1.Interaction{CustomerReaction: rapportv1.Interaction_NEUTRAL})
	case "InteractionService_UndeleteInteraction":
		return sent(&rapportv1.UndeleteInteractionRequest{RequestId: exampleRequestID})
	case "SatisfactionService_CreateSatisfactionScore":
		return sent(newScore())
	case "SatisfactionService_BatchCreateSatisfactionScores":
		s := newScore()
		s.Metric, s.Rating, s.Expectation, s.Factors, s.ExternalId.Id = rapportv1.SatisfactionScore_NPS, proto.Int32(9), nil, nil, "A-3118"
		return sent(&rapportv1.BatchCreateSatisfactionScoresRequest{Requests: []*rapportv1.CreateSatisfactionScoreRequest{{SatisfactionScore: s}}})
	case "SatisfactionService_CreateSurvey":
		return sent(newSurvey())
	case "SatisfactionService_UpdateSurvey":
		return sent(&rapportv1.Survey{RepeatInterval: durationpb.New(2 * exampleInterval)})
	case "SatisfactionService_CreateSurveyInvitation":
		return sent(newInvitation())
	case "SatisfactionService_SubmitResponse":
		return sent(&rapportv1.SubmitResponseRequest{
			Token: exampleToken, Rating: proto.Int32(9), Comment: proto.String("The tea came a day early."),
			Factors: []*rapportv1.SatisfactionScore_Factor{{Factor: "delivery", Satisfaction: 5}},
		})
	case "TaskService_CreateTask":
		return sent(newTask())
	case "TaskService_BatchCreateTasks":
		t := newTask()
		t.ExternalId.Id = "job-552"
		return sent(&rapportv1.BatchCreateTasksRequest{Requests: []*rapportv1.CreateTaskRequest{{Task: t}}})
	case "TaskService_UpdateTask":
		return sent(&rapportv1.Task{DueTime: timestamppb.New(time.Date(2026, 11, 6, 17, 0, 0, 0, time.UTC))})
	case "TaskService_CompleteTask":
		return sent(&rapportv1.CompleteTaskRequest{
			CompleteTime: exampleTime, NextTask: &rapportv1.Task{Title: "Ask whether the first delivery came in good order", Kind: rapportv1.Task_FOLLOW_UP, DueTime: exampleDueTime},
		})
	case "TaskService_CancelTask":
		return sent(&rapportv1.CancelTaskRequest{CustomerAgreed: true})
	case "CaseService_CreateCase":
		return sent(newCase())
	case "CaseService_BatchCreateCases":
		c := newCase()
		c.ExternalId.Id = "T-9032"
		return sent(&rapportv1.BatchCreateCasesRequest{Requests: []*rapportv1.CreateCaseRequest{{Case: c}}})
	case "CaseService_UpdateCase":
		return sent(&rapportv1.Case{Verified: true, Priority: rapportv1.Priority_P1})
	case "CaseService_ResolveCase":
		return sent(&rapportv1.ResolveCaseRequest{Resolution: "Two new tins went out.", ResolutionType: rapportv1.Case_FIXED})
	case "CaseService_CloseCase":
		return sent(&rapportv1.CloseCaseRequest{RequestId: exampleRequestID})
	case "CaseService_ReopenCase":
		return sent(&rapportv1.ReopenCaseRequest{RequestId: exampleRequestID})
	case "CaseService_CreateServiceTier":
		return sent(newServiceTier())
	case "CaseService_UpdateServiceTier":
		return sent(&rapportv1.ServiceTier{SilenceDays: proto.Int32(7)})
	case "CustomerService_UndeleteCustomer":
		return sent(&rapportv1.UndeleteCustomerRequest{RequestId: exampleRequestID})
	case "CustomerService_UndeleteContact":
		return sent(&rapportv1.UndeleteContactRequest{RequestId: exampleRequestID})
	}
	return nil
}

// responseExample returns what the service answers with a message of this name.
func responseExample(message string) any {
	switch message {
	case "Customer":
		return answered(customer())
	case "Contact":
		return answered(contact())
	case "Interaction":
		return answered(interaction())
	case "ListInteractionsResponse":
		return answered(&rapportv1.ListInteractionsResponse{Interactions: []*rapportv1.Interaction{interaction()}, TotalSize: proto.Int32(1)})
	case "BatchCreateInteractionsResponse":
		return answered(&rapportv1.BatchCreateInteractionsResponse{Interactions: []*rapportv1.Interaction{interaction()}})
	case "Change":
		return answered(change())
	case "ListCustomersResponse":
		return answered(&rapportv1.ListCustomersResponse{Customers: []*rapportv1.Customer{customer()}, TotalSize: proto.Int32(1)})
	case "BatchGetCustomersResponse":
		return answered(&rapportv1.BatchGetCustomersResponse{Customers: []*rapportv1.Customer{customer()}})
	case "BatchUpdateCustomersResponse":
		return answered(&rapportv1.BatchUpdateCustomersResponse{Customers: []*rapportv1.Customer{customer()}})
	case "ListContactsResponse":
		return answered(&rapportv1.ListContactsResponse{Contacts: []*rapportv1.Contact{contact()}, TotalSize: proto.Int32(1)})
	case "Purchase":
		return answered(purchase())
	case "ListPurchasesResponse":
		return answered(&rapportv1.ListPurchasesResponse{Purchases: []*rapportv1.Purchase{purchase()}, TotalSize: proto.Int32(1)})
	case "BatchCreatePurchasesResponse":
		return answered(&rapportv1.BatchCreatePurchasesResponse{Purchases: []*rapportv1.Purchase{purchase()}})
	case "SatisfactionScore":
		return answered(score())
	case "ListSatisfactionScoresResponse":
		return answered(&rapportv1.ListSatisfactionScoresResponse{SatisfactionScores: []*rapportv1.SatisfactionScore{score()}, TotalSize: proto.Int32(1)})
	case "BatchCreateSatisfactionScoresResponse":
		return answered(&rapportv1.BatchCreateSatisfactionScoresResponse{SatisfactionScores: []*rapportv1.SatisfactionScore{score()}})
	case "Survey":
		return answered(survey())
	case "ListSurveysResponse":
		return answered(&rapportv1.ListSurveysResponse{Surveys: []*rapportv1.Survey{survey()}, TotalSize: proto.Int32(1)})
	case "SurveyInvitation":
		return answered(invitation())
	case "ListSurveyInvitationsResponse":
		return answered(&rapportv1.ListSurveyInvitationsResponse{SurveyInvitations: []*rapportv1.SurveyInvitation{invitation()}, TotalSize: proto.Int32(1)})
	case "SubmitResponseResponse":
		return answered(&rapportv1.SubmitResponseResponse{Thanks: "Thank you! We read every comment.", LanguageCode: "en"})
	case "Task":
		return answered(task())
	case "ListTasksResponse":
		return answered(&rapportv1.ListTasksResponse{Tasks: []*rapportv1.Task{task()}, TotalSize: proto.Int32(1)})
	case "BatchCreateTasksResponse":
		return answered(&rapportv1.BatchCreateTasksResponse{Tasks: []*rapportv1.Task{task()}})
	case "CompleteTaskResponse":
		t := task()
		t.State, t.PromiseState, t.CompleteTime = rapportv1.Task_COMPLETED, rapportv1.Task_KEPT, exampleTime
		return answered(&rapportv1.CompleteTaskResponse{Task: t})
	case "Case":
		return answered(supportCase())
	case "ListCasesResponse":
		return answered(&rapportv1.ListCasesResponse{Cases: []*rapportv1.Case{supportCase()}, TotalSize: proto.Int32(1)})
	case "BatchCreateCasesResponse":
		return answered(&rapportv1.BatchCreateCasesResponse{Cases: []*rapportv1.Case{supportCase()}})
	case "ServiceTier":
		return answered(serviceTier())
	case "ListServiceTiersResponse":
		return answered(&rapportv1.ListServiceTiersResponse{ServiceTiers: []*rapportv1.ServiceTier{serviceTier()}, TotalSize: proto.Int32(1)})
	case "ListAttributeKeysResponse":
		return answered(&rapportv1.ListAttributeKeysResponse{AttributeKeys: []*rapportv1.AttributeKey{
			{Key: "plan", ValueType: rapportv1.AttributeKey_STRING, CustomerCount: 7043},
		}})
	case "ListChangesResponse":
		return answered(&rapportv1.ListChangesResponse{Changes: []*rapportv1.Change{change()}})
	case "SatisfactionReport":
		return answered(satisfactionReport())
	case "DriverReport":
		return answered(driverReport())
	}
	return nil
}

func problemExample(status int, r *reason) any {
	problem := map[string]any{
		"type": "/docs/errors#" + r.Name, "title": title(r.Name), "status": status, "detail": r.Meaning,
		"instance": "urn:uuid:" + exampleRequestID, "code": r.Code, "reason": r.Name, "domain": "rapport.dev",
	}
	switch {
	case r.Name == "INVALID_FIELD":
		problem["violations"] = []any{map[string]any{
			"field": "customer.displayName", "rule": "string.max_len", "message": "must be at most 200 characters",
		}}
	case status == http.StatusServiceUnavailable:
		problem["retry_after"] = 1
	}
	return problem
}

// title turns ETAG_MISMATCH into `Etag mismatch`.
func title(reason string) string {
	words := strings.ToLower(strings.ReplaceAll(reason, "_", " "))
	return strings.ToUpper(words[:1]) + words[1:]
}

func sent(m proto.Message) any { return example(protojson.MarshalOptions{}, m) }

// answered is written as the gateway writes: zero values of what has no presence too.
func answered(m proto.Message) any {
	return example(protojson.MarshalOptions{EmitDefaultValues: true}, m)
}

// example keeps protojson's order, which is that of the fields in the .proto file.
func example(options protojson.MarshalOptions, m proto.Message) any {
	raw, err := options.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("example %s: %v", m.ProtoReflect().Descriptor().Name(), err)) // a fault in this file
	}
	return json.RawMessage(raw)
}
