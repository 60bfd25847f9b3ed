package mutation_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/otlptest"
	"github.com/rapport-crm/rapport/internal/server"
	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

const roundTripsDoc = "../../docs/round-trips.md"

func satisfactionReport(req *rapportv1.GetSatisfactionReportRequest) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		c.score(t)
		return func(ctx context.Context) error { _, err := c.Insights.GetSatisfactionReport(ctx, req); return err }
	}
}

// driverReport is one of so many scores.
func driverReport(n int) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		customer := c.customer(t)
		for i := range n {
			score := newScore()
			score.Metric, score.Rating, score.ExternalId = rapportv1.SatisfactionScore_CSAT, proto.Int32(int32(i%5)+1), nil //nolint:gosec // a rating
			c.must(t, &rapportv1.CreateSatisfactionScoreRequest{Parent: customer, SatisfactionScore: score})
		}
		req := &rapportv1.GetDriverReportRequest{Filter: `external_ids.x = "y" OR create_time > "2020-01-01T00:00:00Z"`}
		return func(ctx context.Context) error { _, err := c.Insights.GetDriverReport(ctx, req); return err }
	}
}

// trip is a call whose round trips are counted. It is made ready twice: the first call
// warms the connection, whose first use of a statement adds a trip to prepare it.
type trip struct {
	rpc, what string
	ready     func(t *testing.T, c *caller) func(context.Context) error
}

func mutate(req func(t *testing.T, c *caller) request) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		r := req(t, c)
		return func(ctx context.Context) error { _, _, err := c.call(ctx, r); return err }
	}
}

// made is a scenario of the other tests as a trip.
func made(name string) func(*testing.T, *caller) func(context.Context) error {
	return mutate(func(t *testing.T, c *caller) request { return scenarios[name].make(t, c) })
}

// repeated is a scenario under a request id that was answered before.
func repeated(name string) func(*testing.T, *caller) func(context.Context) error {
	return mutate(func(t *testing.T, c *caller) request {
		req := with(scenarios[name].make(t, c), uuid.NewString())
		c.must(t, req)
		return req
	})
}

func customersPage(filter string, later bool) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		c.customer(t)
		c.customer(t)
		req := &rapportv1.ListCustomersRequest{PageSize: 1, Filter: filter}
		if later {
			resp, err := c.Customers.ListCustomers(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			req.PageToken = resp.GetNextPageToken()
		}
		return func(ctx context.Context) error { _, err := c.Customers.ListCustomers(ctx, req); return err }
	}
}

// imported imports one row; a name that is empty leaves the customer as it is.
func imported(id *rapportv1.ExternalId, name string) func(*testing.T, *caller) func(context.Context) error {
	return func(_ *testing.T, c *caller) func(context.Context) error {
		customer := &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada"}
		if name != "" {
			customer.DisplayName = name + " " + uuid.NewString()
		} else {
			customer = &rapportv1.Customer{Tags: []string{"trip"}}
		}
		req := &rapportv1.ImportCustomersRequest{Rows: []*rapportv1.ImportCustomersRequest_Row{{Customer: customer, ExternalId: id}}}
		return func(ctx context.Context) error {
			stream, err := c.Customers.ImportCustomers(ctx)
			if err != nil {
				return err
			}
			if err := errors.Join(stream.Send(req), stream.CloseSend()); err != nil {
				return err
			}
			resp, err := stream.Recv()
			if err != nil {
				return err
			}
			if resp.GetOutcomes()[0].GetError() != nil {
				return status.ErrorProto(resp.GetOutcomes()[0].GetError())
			}
			if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
				return fmt.Errorf("the stream ended with %w", err)
			}
			return nil
		}
	}
}

func customersSearch(query string, size int32) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		customer := newCustomer()
		customer.DisplayName = "Ada Lovelace"
		c.must(t, &rapportv1.CreateCustomerRequest{Customer: customer})
		req := &rapportv1.ListCustomersRequest{PageSize: size, Query: query}
		return func(ctx context.Context) error { _, err := c.Customers.ListCustomers(ctx, req); return err }
	}
}

func contactsPage(parent func(*testing.T, *caller) string) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.ListContactsRequest{Parent: parent(t, c)}
		return func(ctx context.Context) error { _, err := c.Customers.ListContacts(ctx, req); return err }
	}
}

func invitationsPage(parent func(*testing.T, *caller) string) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.ListSurveyInvitationsRequest{Parent: parent(t, c)}
		return func(ctx context.Context) error { _, err := c.Satisfaction.ListSurveyInvitations(ctx, req); return err }
	}
}

// submitted is an answer, perhaps one that was given already.
func submitted(again bool) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.SubmitResponseRequest{Token: c.invitation(t).GetToken(), Rating: proto.Int32(9)}
		if again {
			if _, err := c.Satisfaction.SubmitResponse(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		}
		return func(ctx context.Context) error { _, err := c.Satisfaction.SubmitResponse(ctx, req); return err }
	}
}

func scoresPage(parent func(*testing.T, *caller) string) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.ListSatisfactionScoresRequest{Parent: parent(t, c)}
		return func(ctx context.Context) error { _, err := c.Satisfaction.ListSatisfactionScores(ctx, req); return err }
	}
}

func purchasesPage(parent func(*testing.T, *caller) string) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.ListPurchasesRequest{Parent: parent(t, c)}
		return func(ctx context.Context) error { _, err := c.Purchases.ListPurchases(ctx, req); return err }
	}
}

func interactionsPage(parent func(*testing.T, *caller) string) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.ListInteractionsRequest{Parent: parent(t, c)}
		return func(ctx context.Context) error { _, err := c.Interactions.ListInteractions(ctx, req); return err }
	}
}

func followUpsPage(parent func(*testing.T, *caller) string, filter string) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.ListFollowUpsRequest{Parent: parent(t, c), Filter: filter}
		return func(ctx context.Context) error { _, err := c.Tasks.ListFollowUps(ctx, req); return err }
	}
}

func tasksPage(parent func(*testing.T, *caller) string) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.ListTasksRequest{Parent: parent(t, c)}
		return func(ctx context.Context) error { _, err := c.Tasks.ListTasks(ctx, req); return err }
	}
}

func casesPage(parent func(*testing.T, *caller) string) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.ListCasesRequest{Parent: parent(t, c)}
		return func(ctx context.Context) error { _, err := c.Cases.ListCases(ctx, req); return err }
	}
}

// exportCustomers exports so many customers, which it makes in the table alone.
func exportCustomers(n int) func(*testing.T, *caller) func(context.Context) error {
	return func(t *testing.T, c *caller) func(context.Context) error {
		owner := uuid.NewString()
		if _, err := c.DB.Exec(t.Context(), `
			INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses,
				external_ids, tags, attributes, owner, create_time, update_time)
			SELECT 0, gen_random_uuid(), 1, 'INDIVIDUAL', 'x', '[]', '[]', '[]', '{}', '{}', '{}', $1, now(), now()
			FROM generate_series(1, $2)`, owner, n); err != nil {
			t.Fatal(err)
		}
		return func(ctx context.Context) error {
			stream, err := c.Customers.ExportCustomers(ctx, &rapportv1.ExportCustomersRequest{Filter: `owner = "` + owner + `"`})
			for err == nil {
				_, err = stream.Recv()
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return err
		}
	}
}

var trips = []trip{
	{"CreateCustomer", "", made("CreateCustomer")},
	{"CreateCustomer", "with a referrer", made("CreateCustomer with a referrer")},
	{"CreateCustomer", "with a service tier", made("CreateCustomer with a service tier")},
	{"CreateCustomer", "repeated under its request id", repeated("CreateCustomer")},
	{"GetCustomer", "", func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.GetCustomerRequest{Name: c.customer(t)}
		return func(ctx context.Context) error { _, err := c.Customers.GetCustomer(ctx, req); return err }
	}},
	{"ListCustomers", "first page, counted", customersPage("", false)},
	{"ListCustomers", "later page", customersPage("", true)},
	{"ListCustomers", "filtered", customersPage(`tags:"a" AND display_name = "A*"`, false)},
	{"ListCustomers", "with a query", customersSearch("lovelace", 1)},
	{"ListCustomers", "with a query that finds few, and nothing near it", customersSearch("lovelace", 50)},
	{"ListCustomers", "with a query that finds few, and names near it", customersSearch("lovelcae", 50)},
	{"UpdateCustomer", "", made("UpdateCustomer")},
	{"UpdateCustomer", "that changes nothing", made("UpdateCustomer that changes nothing")},
	{"UpdateCustomer", "that makes one", made("UpdateCustomer that makes one")},
	{"UpdateCustomer", "with a referrer, by name", mutate(func(t *testing.T, c *caller) request {
		return &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: c.customer(t), Referrer: proto.String(c.customer(t))}}
	})},
	{"UpdateCustomer", "with a referrer, by external id", mutate(func(t *testing.T, c *caller) request {
		id := &rapportv1.ExternalId{Source: "erp", Id: uuid.NewString()}
		c.must(t, &rapportv1.UpdateCustomerRequest{Customer: newCustomer(), ExternalId: id, AllowMissing: true})
		return &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Referrer: proto.String(c.customer(t))}, ExternalId: id}
	})},
	{"UpdateCustomer", "with a service tier", made("UpdateCustomer with a service tier")},
	{"UpdateCustomer", "that makes one with a service tier", made("UpdateCustomer that makes one with a service tier")},
	{"UpdateCustomer", "repeated under its request id", repeated("UpdateCustomer")},
	{"DeleteCustomer", "", made("DeleteCustomer")},
	{"UndeleteCustomer", "", made("UndeleteCustomer")},
	{"BatchGetCustomers", "", func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.BatchGetCustomersRequest{Names: []string{c.customer(t), c.customer(t)}}
		return func(ctx context.Context) error { _, err := c.Customers.BatchGetCustomers(ctx, req); return err }
	}},
	{"BatchUpdateCustomers", "", made("BatchUpdateCustomers")},
	{"BatchUpdateCustomers", "with a referrer", made("BatchUpdateCustomers with a referrer")},
	{"BatchUpdateCustomers", "with a service tier", made("BatchUpdateCustomers with a service tier")},
	{"BatchUpdateCustomers", "repeated under its request id", repeated("BatchUpdateCustomers")},
	{"ImportCustomers", "a message", imported(&rapportv1.ExternalId{Source: "erp", Id: "trip"}, "Ada")},
	{"ImportCustomers", "a message that changes nothing", imported(&rapportv1.ExternalId{Source: "erp", Id: "trip"}, "")},
	{"ExportCustomers", "of up to 1,000", exportCustomers(1000)},
	{"ExportCustomers", "of 2,001", exportCustomers(2001)},
	{"ListAttributeKeys", "", func(_ *testing.T, c *caller) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Customers.ListAttributeKeys(ctx, &rapportv1.ListAttributeKeysRequest{})
			return err
		}
	}},
	{"CreateContact", "", made("CreateContact")},
	{"CreateContact", "with an occasion", made("CreateContact with an occasion")},
	{"GetContact", "", func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.GetContactRequest{Name: c.contact(t)}
		return func(ctx context.Context) error { _, err := c.Customers.GetContact(ctx, req); return err }
	}},
	{"ListContacts", "of one customer", contactsPage(func(t *testing.T, c *caller) string {
		customer, _, _ := strings.Cut(c.contact(t), "/contacts/")
		return customer
	})},
	{"ListContacts", "of one customer who has none", contactsPage(func(t *testing.T, c *caller) string { return c.customer(t) })},
	{"ListContacts", "of all customers", contactsPage(func(*testing.T, *caller) string { return "customers/-" })},
	{"UpdateContact", "", made("UpdateContact")},
	{"UpdateContact", "that makes one", made("UpdateContact that makes one")},
	{"DeleteContact", "", made("DeleteContact")},
	{"UndeleteContact", "", made("UndeleteContact")},
	{"CreatePurchase", "", made("CreatePurchase")},
	{"CreatePurchase", "by the customer's external id", made("CreatePurchase by external id")},
	{"BatchCreatePurchases", "", made("BatchCreatePurchases")},
	{"BatchCreatePurchases", "by customers' external ids", made("BatchCreatePurchases by external ids")},
	{"GetPurchase", "", func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.GetPurchaseRequest{Name: c.purchase(t)}
		return func(ctx context.Context) error { _, err := c.Purchases.GetPurchase(ctx, req); return err }
	}},
	{"ListPurchases", "of one customer", purchasesPage(func(t *testing.T, c *caller) string {
		customer, _, _ := strings.Cut(c.purchase(t), "/purchases/")
		return customer
	})},
	{"ListPurchases", "of one customer who has none", purchasesPage(func(t *testing.T, c *caller) string { return c.customer(t) })},
	{"ListPurchases", "of all customers", purchasesPage(func(*testing.T, *caller) string { return "customers/-" })},
	{"VoidPurchase", "", made("VoidPurchase")},
	{"CreateInteraction", "", made("CreateInteraction")},
	{"CreateInteraction", "by the customer's external id", made("CreateInteraction by external id")},
	{"BatchCreateInteractions", "", made("BatchCreateInteractions")},
	{"BatchCreateInteractions", "by customers' external ids", made("BatchCreateInteractions by external ids")},
	{"GetInteraction", "", func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.GetInteractionRequest{Name: c.interaction(t)}
		return func(ctx context.Context) error { _, err := c.Interactions.GetInteraction(ctx, req); return err }
	}},
	{"ListInteractions", "of one customer", interactionsPage(func(t *testing.T, c *caller) string {
		customer, _, _ := strings.Cut(c.interaction(t), "/interactions/")
		return customer
	})},
	{"ListInteractions", "of one customer who has none", interactionsPage(func(t *testing.T, c *caller) string { return c.customer(t) })},
	{"ListInteractions", "of all customers", interactionsPage(func(*testing.T, *caller) string { return "customers/-" })},
	{"UpdateInteraction", "", made("UpdateInteraction")},
	{"UpdateInteraction", "that makes one", made("UpdateInteraction that makes one")},
	{"DeleteInteraction", "", made("DeleteInteraction")},
	{"UndeleteInteraction", "", made("UndeleteInteraction")},
	{"CreateCase", "", made("CreateCase")},
	{"CreateCase", "that promises to tell", made("CreateCase that promises to tell")},
	{"CreateCase", "by the customer's external id", made("CreateCase by external id")},
	{"BatchCreateCases", "", made("BatchCreateCases")},
	{"GetCase", "", func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.GetCaseRequest{Name: c.supportCase(t)}
		return func(ctx context.Context) error { _, err := c.Cases.GetCase(ctx, req); return err }
	}},
	{"ListCases", "of one customer", casesPage(func(t *testing.T, c *caller) string {
		customer, _, _ := strings.Cut(c.supportCase(t), "/cases/")
		return customer
	})},
	{"ListCases", "of one customer who has none", casesPage(func(t *testing.T, c *caller) string { return c.customer(t) })},
	{"ListCases", "of all customers", casesPage(func(*testing.T, *caller) string { return "customers/-" })},
	{"UpdateCase", "", made("UpdateCase")},
	{"UpdateCase", "that makes one", made("UpdateCase that makes one")},
	{"ResolveCase", "", made("ResolveCase")},
	{"CloseCase", "", made("CloseCase")},
	{"ReopenCase", "", made("ReopenCase")},
	{"CreateServiceTier", "", made("CreateServiceTier")},
	{"GetServiceTier", "", func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.GetServiceTierRequest{Name: c.tier(t)}
		return func(ctx context.Context) error { _, err := c.Cases.GetServiceTier(ctx, req); return err }
	}},
	{"ListServiceTiers", "", func(_ *testing.T, c *caller) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Cases.ListServiceTiers(ctx, &rapportv1.ListServiceTiersRequest{})
			return err
		}
	}},
	{"UpdateServiceTier", "", made("UpdateServiceTier")},
	{"UpdateServiceTier", "that makes one", made("UpdateServiceTier that makes one")},
	{"DeleteServiceTier", "", made("DeleteServiceTier")},
	{"CreateTask", "", made("CreateTask")},
	{"CreateTask", "by the customer's external id", made("CreateTask by external id")},
	{"BatchCreateTasks", "", made("BatchCreateTasks")},
	{"BatchCreateTasks", "by customers' external ids", made("BatchCreateTasks by external ids")},
	{"GetTask", "", func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.GetTaskRequest{Name: c.task(t)}
		return func(ctx context.Context) error { _, err := c.Tasks.GetTask(ctx, req); return err }
	}},
	{"ListTasks", "of one customer", tasksPage(func(t *testing.T, c *caller) string {
		customer, _, _ := strings.Cut(c.task(t), "/tasks/")
		return customer
	})},
	{"ListTasks", "of one customer who has none", tasksPage(func(t *testing.T, c *caller) string { return c.customer(t) })},
	{"ListTasks", "of all customers", tasksPage(func(*testing.T, *caller) string { return "customers/-" })},
	{"ListFollowUps", "of all customers", followUpsPage(func(*testing.T, *caller) string { return "customers/-" }, "")},
	{"ListFollowUps", "of one customer who has none", followUpsPage(func(t *testing.T, c *caller) string { return c.customer(t) }, "")},
	{"ListFollowUps", "with a filter", followUpsPage(func(*testing.T, *caller) string { return "customers/-" }, `customer.tags:"vip"`)},
	{"ListTimeline", "of one who has a history", func(t *testing.T, c *caller) func(context.Context) error {
		parent := c.customer(t)
		c.must(t, &rapportv1.CreateTaskRequest{Parent: parent, Task: &rapportv1.Task{Title: "Call back"}})
		req := &rapportv1.ListTimelineRequest{Parent: parent}
		return func(ctx context.Context) error { _, err := c.Customers.ListTimeline(ctx, req); return err }
	}},
	{"GetSatisfactionReport", "", satisfactionReport(&rapportv1.GetSatisfactionReportRequest{})},
	{"GetSatisfactionReport", "by month since the first score", satisfactionReport(&rapportv1.GetSatisfactionReportRequest{Granularity: rapportv1.Granularity_MONTH})},
	{"GetDriverReport", "", driverReport(1)},
	{"GetDriverReport", "with weights", driverReport(20)},
	{"UpdateTask", "", made("UpdateTask")},
	{"UpdateTask", "that makes one", made("UpdateTask that makes one")},
	{"CompleteTask", "", made("CompleteTask")},
	{"CompleteTask", "that makes the next", made("CompleteTask that makes the next")},
	{"CancelTask", "", made("CancelTask")},
	{"CreateSatisfactionScore", "", made("CreateSatisfactionScore")},
	{"CreateSatisfactionScore", "by the customer's external id", made("CreateSatisfactionScore by external id")},
	{"BatchCreateSatisfactionScores", "", made("BatchCreateSatisfactionScores")},
	{"BatchCreateSatisfactionScores", "by customers' external ids", made("BatchCreateSatisfactionScores by external ids")},
	{"GetSatisfactionScore", "", func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.GetSatisfactionScoreRequest{Name: c.score(t)}
		return func(ctx context.Context) error { _, err := c.Satisfaction.GetSatisfactionScore(ctx, req); return err }
	}},
	{"ListSatisfactionScores", "of one customer", scoresPage(func(t *testing.T, c *caller) string {
		customer, _, _ := strings.Cut(c.score(t), "/satisfactionScores/")
		return customer
	})},
	{"ListSatisfactionScores", "of one customer who has none", scoresPage(func(t *testing.T, c *caller) string { return c.customer(t) })},
	{"ListSatisfactionScores", "of all customers", scoresPage(func(*testing.T, *caller) string { return "customers/-" })},
	{"DeleteSatisfactionScore", "", made("DeleteSatisfactionScore")},
	{"CreateSurvey", "", made("CreateSurvey")},
	{"GetSurvey", "", func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.GetSurveyRequest{Name: c.survey(t)}
		return func(ctx context.Context) error { _, err := c.Satisfaction.GetSurvey(ctx, req); return err }
	}},
	{"ListSurveys", "", func(_ *testing.T, c *caller) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Satisfaction.ListSurveys(ctx, &rapportv1.ListSurveysRequest{})
			return err
		}
	}},
	{"UpdateSurvey", "", made("UpdateSurvey")},
	{"UpdateSurvey", "that makes one", made("UpdateSurvey that makes one")},
	{"DeleteSurvey", "", made("DeleteSurvey")},
	{"CreateSurveyInvitation", "", made("CreateSurveyInvitation")},
	{"GetSurveyInvitation", "", func(t *testing.T, c *caller) func(context.Context) error {
		req := &rapportv1.GetSurveyInvitationRequest{Name: c.invitation(t).GetName()}
		return func(ctx context.Context) error { _, err := c.Satisfaction.GetSurveyInvitation(ctx, req); return err }
	}},
	{"ListSurveyInvitations", "to one survey", invitationsPage(func(t *testing.T, c *caller) string {
		survey, _, _ := strings.Cut(c.invitation(t).GetName(), "/invitations/")
		return survey
	})},
	{"ListSurveyInvitations", "to one survey that has none", invitationsPage(func(t *testing.T, c *caller) string { return c.survey(t) })},
	{"ListSurveyInvitations", "to all surveys", invitationsPage(func(*testing.T, *caller) string { return "surveys/-" })},
	{"SubmitResponse", "", submitted(false)},
	{"SubmitResponse", "again", submitted(true)},
	{"GetChange", "", func(t *testing.T, c *caller) func(context.Context) error {
		c.customer(t)
		list, err := c.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{PageSize: 1})
		if err != nil {
			t.Fatal(err)
		}
		req := &rapportv1.GetChangeRequest{Name: list.GetChanges()[0].GetName()}
		return func(ctx context.Context) error { _, err := c.Changes.GetChange(ctx, req); return err }
	}},
	{"ListChanges", "", func(_ *testing.T, c *caller) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Changes.ListChanges(ctx, &rapportv1.ListChangesRequest{})
			return err
		}
	}},
}

// TestRoundTrips counts the round trips to PostgreSQL of each RPC, as its trace shows
// them, and wants those of the table in the documents.
func TestRoundTrips(t *testing.T) {
	collector := otlptest.Start(t)
	collector.Setenv(t)
	c := newCaller(t, apitest.StartWith(t, func(c *server.Config) { c.PoolSize, c.PoolMinIdle = 1, 1 }))
	got := []string{"| RPC | call | round trips |", "| --- | --- | --- |"}
	for _, trip := range trips {
		var n int
		for range 2 {
			call, id := trip.ready(t, c), uuid.New()
			traceID := hex.EncodeToString(id[:])
			ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-"+traceID+"-00f067aa0ba902b7-01")
			if err := call(ctx); err != nil {
				t.Fatalf("%s %s: %v", trip.rpc, trip.what, err)
			}
			n = countTrips(t, collector, traceID)
		}
		got = append(got, fmt.Sprintf("| %s | %s | %d |", trip.rpc, trip.what, n))
	}
	doc, err := os.ReadFile(roundTripsDoc)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(string(doc)) {
		if strings.HasPrefix(line, "|") {
			want = append(want, strings.TrimSuffix(line, "\n"))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s and what was counted differ (-page +counted):\n%s\nthe table as counted:\n%s", roundTripsDoc, diff, strings.Join(got, "\n"))
	}
}

// TestEveryRPCHasItsRoundTrips keeps the table complete.
func TestEveryRPCHasItsRoundTrips(t *testing.T) {
	for _, file := range []protoreflect.FileDescriptor{
		rapportv1.File_rapport_v1_customer_service_proto, rapportv1.File_rapport_v1_purchase_service_proto,
		rapportv1.File_rapport_v1_interaction_service_proto, rapportv1.File_rapport_v1_case_service_proto, rapportv1.File_rapport_v1_task_service_proto,
		rapportv1.File_rapport_v1_satisfaction_service_proto,
		rapportv1.File_rapport_v1_change_service_proto,
	} {
		methods := file.Services().Get(0).Methods()
		for i := range methods.Len() {
			name := string(methods.Get(i).Name())
			if !slices.ContainsFunc(trips, func(trip trip) bool { return trip.rpc == name }) {
				t.Errorf("the round trips of %s are not counted", name)
			}
		}
	}
}

// countTrips waits until the call's own span has arrived, behind those of its
// statements, and counts those: a statement by itself and a batch as a whole are one
// trip each, the statements in a batch are none.
func countTrips(t *testing.T, collector *otlptest.Receiver, traceID string) (n int) {
	t.Helper()
	var spans []otlptest.Span
	collector.WaitSpans(t, func(all []otlptest.Span) bool {
		spans = spans[:0]
		served := false
		for _, span := range all {
			if span.TraceID == traceID {
				spans = append(spans, span)
				served = served || span.Kind == "SERVER"
			}
		}
		return served
	})
	isSQL := map[string]bool{}
	for _, span := range spans {
		isSQL[span.SpanID] = span.Attributes[names.DBSystem] != ""
	}
	for _, span := range spans {
		if isSQL[span.SpanID] && !isSQL[span.ParentID] {
			n++
		}
	}
	return n
}
