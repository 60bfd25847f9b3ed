package server

import (
	"fmt"
	"net/http"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apidocs"
	"github.com/rapport-crm/rapport/internal/caseclock"
	"github.com/rapport-crm/rapport/internal/cases"
	"github.com/rapport-crm/rapport/internal/change"
	"github.com/rapport-crm/rapport/internal/contact"
	"github.com/rapport-crm/rapport/internal/customer"
	"github.com/rapport-crm/rapport/internal/followup"
	"github.com/rapport-crm/rapport/internal/inprocess"
	"github.com/rapport-crm/rapport/internal/insight"
	"github.com/rapport-crm/rapport/internal/interaction"
	"github.com/rapport-crm/rapport/internal/invitation"
	"github.com/rapport-crm/rapport/internal/lease"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
	"github.com/rapport-crm/rapport/internal/purchase"
	"github.com/rapport-crm/rapport/internal/rest"
	"github.com/rapport-crm/rapport/internal/rpc"
	"github.com/rapport-crm/rapport/internal/satisfaction"
	"github.com/rapport-crm/rapport/internal/servicetier"
	"github.com/rapport-crm/rapport/internal/survey"
	"github.com/rapport-crm/rapport/internal/task"
	"github.com/rapport-crm/rapport/internal/telemetry"
	"github.com/rapport-crm/rapport/internal/telemetry/names"
	"github.com/rapport-crm/rapport/internal/timeline"
)

// customerService is CustomerService: the RPCs of customers, those of contacts and that of
// timelines, each from its package. A method that none has does not compile.
type customerService struct {
	*customers
	*contacts
	*histories
}

type (
	customers = customer.Server
	contacts  = contact.Server
	histories = timeline.Server
)

// caseService is CaseService: the RPCs of cases and those of service tiers.
type caseService struct {
	*supportCases
	*tiers
}

type (
	supportCases = cases.Server
	tiers        = servicetier.Server
)

// taskService is TaskService: the RPCs of tasks and that of follow-ups.
type taskService struct {
	*customerTasks
	*followUps
}

type (
	customerTasks = task.Server
	followUps     = followup.Server
)

// satisfactionService is SatisfactionService: the RPCs of scores, of surveys and of invitations.
type satisfactionService struct {
	*scores
	*surveys
	*invitations
}

type (
	scores      = satisfaction.Server
	surveys     = survey.Server
	invitations = invitation.Server
)

// leaseIntervals is for how many looks a holder of the clock may say nothing before another
// process takes over.
const leaseIntervals = 10

// register makes the services of the API. The rules by which requests are checked are
// compiled once all are registered, so validate is called later only.
func (s *Server) register(r *rpc.Registrar, validate func(proto.Message) error) {
	mutations := &mutation.Runner{Pool: s.pool, Clock: time.Now, RequestTTL: s.config.RequestTTL}
	service := owned.Service{
		DB: s.pool, Mutations: mutations, PurgeAfter: s.config.PurgeAfter, RequireEtag: s.config.RequireEtag,
		Validate: validate,
	}
	interactions, purchases, tasks := interaction.New(service), purchase.New(service), task.New(service)
	allCases, allScores := cases.New(service, tasks), satisfaction.New(service)
	rapportv1.RegisterCustomerServiceServer(r, customerService{
		&customer.Server{
			DB: s.pool, Mutations: mutations, DefaultRegion: s.config.DefaultRegion,
			PurgeAfter: s.config.PurgeAfter, RequireEtag: s.config.RequireEtag, Validate: validate,
		},
		contact.New(service, s.config.DefaultRegion),
		timeline.New(s.pool, mutations.Clock, timeline.Records{
			Interactions: interactions.Reader(), Cases: allCases.Reader(), Tasks: tasks.Reader(), Purchases: purchases.Reader(),
			Scores: allScores.Reader(),
		}),
	})
	rapportv1.RegisterPurchaseServiceServer(r, purchases)
	rapportv1.RegisterInteractionServiceServer(r, interactions)
	rapportv1.RegisterCaseServiceServer(r, caseService{
		allCases, servicetier.New(service),
	})
	s.caseClock = &caseclock.Clock{
		Cases: allCases, Interval: s.config.ClockInterval, Log: s.log,
		Lease: &lease.Lease{DB: s.pool, Name: "cases", TTL: leaseIntervals * s.config.ClockInterval},
	}
	rapportv1.RegisterTaskServiceServer(r, taskService{tasks, &followup.Server{DB: s.pool, Clock: mutations.Clock}})
	allSurveys := survey.New(service)
	s.invitations = &invitation.Server{
		DB: s.pool, Mutations: mutations, Scores: allScores, Surveys: allSurveys, Tokens: s.tokens, Limiter: s.limiter, PublicURL: s.publicURL(),
	}
	rapportv1.RegisterSatisfactionServiceServer(r, satisfactionService{
		allScores, allSurveys, s.invitations,
	})
	rapportv1.RegisterInsightServiceServer(r, &insight.Server{DB: s.reports, Scores: allScores, Clock: mutations.Clock})
	rapportv1.RegisterChangeServiceServer(r, &change.Server{DB: s.pool})
}

// serveRPCs puts the services behind gRPC and, through a channel that runs the same
// interceptors and stats handler, behind REST.
func (s *Server) serveRPCs(t *telemetry.Telemetry) error {
	var (
		services rpc.Registrar
		chain    *rpc.Chain
		err      error
	)
	s.register(&services, func(m proto.Message) error { return chain.Validate(m) })
	chain, err = rpc.NewChain(t.Logger, t.Meter.Meter(names.Scope), &services)
	if err != nil {
		return fmt.Errorf("interceptors: %w", err)
	}
	stats := t.ServerHandler(services.Known, s.config.PublicEndpoint)
	limits := rpc.DefaultLimits()
	limits.StreamWorkers = s.config.StreamWorkers
	s.drains = newDrains()
	s.grpc = grpc.NewServer(append(rpc.ServerOptions(limits, chain, stats), grpc.ChainStreamInterceptor(s.drains.stream))...)
	services.RegisterWith(s.grpc)
	healthpb.RegisterHealthServer(s.grpc, s.readiness.health)
	if s.config.Reflection {
		reflection.Register(s.grpc)
	}

	channel := inprocess.New(chain.Unary, s.drains.within(chain.Stream), stats)
	for _, service := range services.Services() {
		channel.RegisterService(service.Desc, service.Impl)
		s.readiness.services = append(s.readiness.services, service.Desc.ServiceName)
	}
	handler, err := rest.New(rest.Options{
		Conn: channel, Docs: apidocs.Handler(), Log: t.Logger, AllowedOrigins: s.config.CORSOrigins,
	})
	if err != nil {
		return fmt.Errorf("REST: %w", err)
	}
	s.http = rest.NewServer(t.HTTPMiddleware(s.withAnswerPage(handler, channel)), t.Logger)
	s.admin = &http.Server{
		Handler:           adminHandler(s.readiness.state, t.MetricsHandler()),
		ReadHeaderTimeout: 5 * time.Second,
	}
	return nil
}
