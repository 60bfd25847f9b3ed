package inproc

import (
	"context"
	"time"

	"google.golang.org/grpc"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/bench/dataset"
)

// Call makes one call; the serial makes what must be new.
type Call func(ctx context.Context, serial int) error

// call returns the call of a method with what the function asks.
func call[Q, A any](method func(context.Context, Q, ...grpc.CallOption) (A, error), ask func(serial int) Q) Call {
	return func(ctx context.Context, serial int) error {
		_, err := method(ctx, ask(serial))
		return err
	}
}

// CustomerCalls are the calls about customers that are measured against pgbench, each about
// the last one of the fill.
func (s *Service) CustomerCalls(size dataset.Size) map[string]Call {
	n := size.Customers - 1
	return map[string]Call{
		"get": call(s.Customers.GetCustomer, func(int) *rapportv1.GetCustomerRequest {
			return &rapportv1.GetCustomerRequest{Name: dataset.Name(n)}
		}),
		"list": call(s.Customers.ListCustomers, func(int) *rapportv1.ListCustomersRequest {
			return &rapportv1.ListCustomersRequest{PageSize: 50, PageToken: dataset.PageToken(n)}
		}),
		"create": call(s.Customers.CreateCustomer, func(serial int) *rapportv1.CreateCustomerRequest {
			return &rapportv1.CreateCustomerRequest{Customer: dataset.New(n, serial)}
		}),
		"update": call(s.Customers.UpdateCustomer, func(serial int) *rapportv1.UpdateCustomerRequest {
			return &rapportv1.UpdateCustomerRequest{Customer: dataset.Assigned(n, serial)}
		}),
	}
}

// HistoryCalls are those about histories.
func (s *Service) HistoryCalls(size dataset.Size) map[string]Call {
	return map[string]Call{
		"interaction": call(s.Interactions.CreateInteraction, func(int) *rapportv1.CreateInteractionRequest {
			return dataset.CreateInteraction(size.Customers-1, time.Now())
		}),
		"score": call(s.Satisfaction.CreateSatisfactionScore, func(int) *rapportv1.CreateSatisfactionScoreRequest {
			return dataset.CreateScore(size.Customers-1, time.Now())
		}),
		"satisfaction-report": call(s.Insight.GetSatisfactionReport, func(int) *rapportv1.GetSatisfactionReportRequest {
			return dataset.SatisfactionByMonth()
		}),
		"driver-report": call(s.Insight.GetDriverReport, func(int) *rapportv1.GetDriverReportRequest {
			return &rapportv1.GetDriverReportRequest{}
		}),
		"timeline-20": call(s.Customers.ListTimeline, func(int) *rapportv1.ListTimelineRequest {
			n, _ := size.Shorts()
			return dataset.ShortTimeline(n)
		}),
		"timeline-20000": call(s.Customers.ListTimeline, func(int) *rapportv1.ListTimelineRequest {
			first, _ := dataset.LongTimes()
			return dataset.LongTimeline(first)
		}),
		"follow-ups": call(s.Tasks.ListFollowUps, func(int) *rapportv1.ListFollowUpsRequest {
			return dataset.FollowUps("")
		}),
		"follow-ups-staff": call(s.Tasks.ListFollowUps, func(int) *rapportv1.ListFollowUpsRequest {
			return dataset.FollowUps(dataset.Staff(17))
		}),
	}
}

// BatchInteractions records so many with all customers by turns. It sends a thousand
// statements with as many ids, so pgbench does not repeat it.
func (s *Service) BatchInteractions(size dataset.Size) Call {
	return call(s.Interactions.BatchCreateInteractions, func(int) *rapportv1.BatchCreateInteractionsRequest {
		batch := &rapportv1.BatchCreateInteractionsRequest{Parent: "customers/-"}
		for n := range dataset.Batch {
			batch.Requests = append(batch.Requests, dataset.CreateInteraction(n%size.Customers, time.Now()))
		}
		return batch
	})
}
