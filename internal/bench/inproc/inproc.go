// Package inproc runs the service's calls inside this process, through the same chain
// and the same SQL as `rapport serve`, without a network: to see which statements a
// call sends and what it allocates.
package inproc

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/stats"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/cases"
	"github.com/rapport-crm/rapport/internal/contact"
	"github.com/rapport-crm/rapport/internal/customer"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/followup"
	"github.com/rapport-crm/rapport/internal/inprocess"
	"github.com/rapport-crm/rapport/internal/interaction"
	"github.com/rapport-crm/rapport/internal/invitation"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
	"github.com/rapport-crm/rapport/internal/purchase"
	"github.com/rapport-crm/rapport/internal/rpc"
	"github.com/rapport-crm/rapport/internal/satisfaction"
	"github.com/rapport-crm/rapport/internal/survey"
	"github.com/rapport-crm/rapport/internal/task"
	"github.com/rapport-crm/rapport/internal/telemetry"
	"github.com/rapport-crm/rapport/internal/timeline"
)

// Service is the service without its listeners.
type Service struct {
	Customers    rapportv1.CustomerServiceClient
	Purchases    rapportv1.PurchaseServiceClient
	Interactions rapportv1.InteractionServiceClient
	Tasks        rapportv1.TaskServiceClient
	Satisfaction rapportv1.SatisfactionServiceClient
	// Channel is what REST's gateway would call through.
	Channel *inprocess.Channel

	pool *db.Pool
}

type (
	customers = customer.Server
	contacts  = contact.Server
	histories = timeline.Server
	tasks     = task.Server
	followUps = followup.Server

	scores      = satisfaction.Server
	surveys     = survey.Server
	invitations = invitation.Server
)

type service struct {
	*customers
	*contacts
	*histories
}

type taskService struct {
	*tasks
	*followUps
}

type satisfactionService struct {
	*scores
	*surveys
	*invitations
}

// Start makes the service on a database whose schema is up to date. The tracer sees
// its statements.
func Start(ctx context.Context, url string, tracer pgx.QueryTracer, t *telemetry.Telemetry) (*Service, error) {
	pool, err := db.Open(ctx, db.Options{
		URL: url, MaxConns: 4, MinIdleConns: 1, AcquireTimeout: 5 * time.Second,
		StatementTimeout: 5 * time.Second, LockTimeout: 2 * time.Second, ApplicationName: "bench", Tracer: tracer,
	})
	if err != nil {
		return nil, err
	}
	mutations := &mutation.Runner{Pool: pool, Clock: time.Now, RequestTTL: 24 * time.Hour}
	var services rpc.Registrar
	records := owned.Service{DB: pool, Mutations: mutations, PurgeAfter: 720 * time.Hour}
	interactions, purchases, tasks := interaction.New(records), purchase.New(records), task.New(records)
	allScores := satisfaction.New(records)
	rapportv1.RegisterCustomerServiceServer(&services, service{
		&customer.Server{DB: pool, Mutations: mutations, PurgeAfter: 720 * time.Hour},
		contact.New(records, ""),
		timeline.New(pool, mutations.Clock, timeline.Records{
			Interactions: interactions.Reader(), Cases: cases.New(records, tasks).Reader(), Tasks: tasks.Reader(),
			Purchases: purchases.Reader(), Scores: allScores.Reader(),
		}),
	})
	rapportv1.RegisterPurchaseServiceServer(&services, purchases)
	rapportv1.RegisterInteractionServiceServer(&services, interactions)
	rapportv1.RegisterSatisfactionServiceServer(&services, satisfactionService{allScores, &surveys{}, &invitations{}})
	rapportv1.RegisterTaskServiceServer(&services, taskService{tasks, &followup.Server{DB: pool, Clock: mutations.Clock}})
	s := &Service{pool: pool}
	if s.Channel, err = channel(&services, t); err != nil {
		pool.Close()
		return nil, err
	}
	s.Customers = rapportv1.NewCustomerServiceClient(s.Channel)
	s.Purchases = rapportv1.NewPurchaseServiceClient(s.Channel)
	s.Interactions = rapportv1.NewInteractionServiceClient(s.Channel)
	s.Tasks = rapportv1.NewTaskServiceClient(s.Channel)
	s.Satisfaction = rapportv1.NewSatisfactionServiceClient(s.Channel)
	return s, nil
}

func channel(services *rpc.Registrar, t *telemetry.Telemetry) (*inprocess.Channel, error) {
	chain, err := rpc.NewChain(t.Logger, t.Meter.Meter("rapport"), services)
	if err != nil {
		return nil, err
	}
	var handler stats.Handler = t.ServerHandler(services.Known, false)
	c := inprocess.New(chain.Unary, chain.Stream, handler)
	for _, s := range services.Services() {
		c.RegisterService(s.Desc, s.Impl)
	}
	return c, nil
}

// Close closes the pool.
func (s *Service) Close() { s.pool.Close() }

// Quiet are the settings of a telemetry that writes its log nowhere.
func Quiet(ctx context.Context) (*telemetry.Telemetry, error) {
	return telemetry.Setup(ctx, telemetry.Options{Version: "bench", Log: nowhere{}, LogFormat: "json", LogLevel: slog.LevelInfo})
}

// nowhere takes what is written, as io.Discard does, which slog would know and skip.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
