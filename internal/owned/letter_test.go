package owned_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"go.opentelemetry.io/otel/metric/noop"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/inprocess"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
	"github.com/rapport-crm/rapport/internal/rpc"
)

// A letter is a resource of the tests, with all that not every resource has. It speaks
// the messages of interactions, and its table has another name. A letter is signed with
// the customer's display name, a sealed one cannot be changed, and each is late by itself.
type letter struct {
	owned.Head

	Subject   string
	Answers   pgtype.UUID
	External  db.ExternalID
	Signature string

	name string // loaded
}

const lettersSQL = `
CREATE TABLE paper_letter (lane smallint, customer_id uuid, interaction_id uuid, revision bigint, create_time timestamptz, update_time timestamptz,
    delete_time timestamptz, purge_time timestamptz, subject text, answers uuid, source text COLLATE "C", id text COLLATE "C", signature text,
    CONSTRAINT paper_letter_pkey PRIMARY KEY (lane, customer_id, interaction_id));
CREATE UNIQUE INDEX paper_letter_external_id_key ON paper_letter (lane, customer_id, source, id);
CREATE TABLE followed (call bigint GENERATED ALWAYS AS IDENTITY, subjects text[])`

func (l *letter) Targets() []any {
	return []any{&l.Subject, &l.Answers, &l.External.Source, &l.External.ID, &l.Signature}
}

func (l *letter) Proto(now time.Time) *rapportv1.Interaction {
	i := &rapportv1.Interaction{
		Subject: proto.String(l.Subject), Staff: proto.String(l.Signature),
		Channel: rapportv1.Channel_EMAIL, Direction: rapportv1.Interaction_INBOUND, OccurTime: timestamppb.New(l.CreateTime),
		Campaign: proto.String(now.Sub(l.CreateTime).Truncate(time.Hour).String()),
	}
	if l.Answers.Valid {
		i.Contact = proto.String(aip.Interactions.Name(l.CustomerID, l.Answers.Bytes))
	}
	i.ExternalId = l.External.Proto()
	return i
}

func (l *letter) Set(i *rapportv1.Interaction) error {
	l.Subject, l.Answers, l.Signature = i.GetSubject(), owned.IDIn(i.GetContact()), l.name
	l.External = db.ExternalIDOf(i.GetExternalId())
	return nil
}

type letters struct {
	rapportv1.UnimplementedInteractionServiceServer
	owned.Resource[*rapportv1.Interaction, letter, *letter]

	now time.Time
}

func (s *letters) CreateInteraction(ctx context.Context, req *rapportv1.CreateInteractionRequest) (*rapportv1.Interaction, error) {
	return s.Create(ctx, req, req.GetInteractionId(), req.GetInteraction())
}

func (s *letters) GetInteraction(ctx context.Context, req *rapportv1.GetInteractionRequest) (*rapportv1.Interaction, error) {
	return s.Get(ctx, req)
}

func (s *letters) UpdateInteraction(ctx context.Context, req *rapportv1.UpdateInteractionRequest) (*rapportv1.Interaction, error) {
	return s.Update(ctx, req, req.GetInteraction())
}

func (s *letters) BatchCreateInteractions(ctx context.Context, req *rapportv1.BatchCreateInteractionsRequest) (*rapportv1.BatchCreateInteractionsResponse, error) {
	entries := owned.Entries(req.GetRequests(), (*rapportv1.CreateInteractionRequest).GetInteractionId, (*rapportv1.CreateInteractionRequest).GetInteraction)
	return owned.BatchCreate(ctx, &s.Resource, req, entries, func(made []*rapportv1.Interaction, failed owned.Failed) *rapportv1.BatchCreateInteractionsResponse {
		return &rapportv1.BatchCreateInteractionsResponse{Interactions: made, FailedRequests: failed}
	})
}

// UndeleteInteraction seals a letter and makes the reply, whose external id is reply/NAME
// where the letter is to be given one too.
func (s *letters) UndeleteInteraction(ctx context.Context, req *rapportv1.UndeleteInteractionRequest) (*rapportv1.Interaction, error) {
	var reply *rapportv1.Interaction
	return owned.AlterTo(ctx, &s.Resource, req, func(tx *mutation.Tx, l *letter, _ time.Time) error {
		id, err := tx.NewID()
		if err != nil {
			return err
		}
		made := &rapportv1.Interaction{
			Subject: proto.String("reply to " + l.Subject), Contact: proto.String(aip.Interactions.Name(l.CustomerID, l.Own().ID)),
			ExternalId: &rapportv1.ExternalId{Source: "reply", Id: l.Subject},
		}
		l.Subject = "sealed"
		reply, err = s.Make(ctx, tx, l.CustomerID, id, made)
		return err
	}, func(*rapportv1.Interaction) *rapportv1.Interaction { return reply })
}

func check(_ *letter, before, after *rapportv1.Interaction) error {
	if before.GetSubject() == "sealed" || before == nil && after.GetSubject() == "sealed" {
		return apierr.FailedPrecondition(rapportv1.ErrorReason_INTERACTION_DELETED, after.GetName(), "is sealed")
	}
	return nil
}

func load(tx *mutation.Tx, customer uuid.UUID, l *letter) {
	tx.Queue("SELECT display_name FROM customer WHERE lane = $1 AND customer_id = $2", db.Lane(customer), db.UUID(customer)).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&l.name}, func() error { return nil })
		return err
	})
}

func follow(tx *mutation.Tx, moved []owned.Moved[*rapportv1.Interaction, *letter]) {
	var subjects []string
	for _, m := range moved {
		subjects = append(subjects, m.Before.GetSubject()+">"+m.After.GetSubject()+"/"+m.Row.Subject)
	}
	tx.Queue("INSERT INTO followed (subjects) VALUES ($1)", subjects)
}

// startLetters serves letters beside the real service, on its database.
func startLetters(t *testing.T, s *apitest.Service) (rapportv1.InteractionServiceClient, *letters) {
	t.Helper()
	if _, err := s.DB.Exec(t.Context(), lettersSQL); err != nil {
		t.Fatal(err)
	}
	pool, err := db.Open(t.Context(), db.Options{
		URL: s.DatabaseURL, MaxConns: 4, AcquireTimeout: 5 * time.Second, StatementTimeout: 5 * time.Second, LockTimeout: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	var (
		services rpc.Registrar
		chain    *rpc.Chain
	)
	server := &letters{now: time.Now()}
	server.Resource = owned.Resource[*rapportv1.Interaction, letter, *letter]{
		Service: owned.Service{
			DB: pool, PurgeAfter: time.Hour, Validate: func(m proto.Message) error { return chain.Validate(m) },
			Mutations: &mutation.Runner{Pool: pool, RequestTTL: time.Hour, Clock: func() time.Time { return server.now }},
		},
		Collection: aip.Interactions, Singular: "Letter", Plural: "Letters", Table: "paper_letter", Noun: "interaction",
		Columns: []string{"subject", "answers", "source", "id", "signature"}, ExternalColumns: [2]string{"source", "id"},
		References: []owned.Reference[*rapportv1.Interaction]{{
			Field: "interaction.contact", Name: (*rapportv1.Interaction).GetContact,
			Collection: aip.Interactions, Table: "paper_letter", IDColumn: "interaction_id", Deletable: true,
		}},
		Normalise: func(*rapportv1.Interaction) error { return nil }, Load: load, Check: check, Follow: follow,
		NotFound: rapportv1.ErrorReason_INTERACTION_NOT_FOUND, Exists: rapportv1.ErrorReason_INTERACTION_ALREADY_EXISTS,
		Deleted: rapportv1.ErrorReason_INTERACTION_DELETED, Orders: owned.ByTime(),
	}
	server.Ready()
	rapportv1.RegisterInteractionServiceServer(&services, server)
	if chain, err = rpc.NewChain(slog.New(slog.DiscardHandler), noop.NewMeterProvider().Meter(""), &services); err != nil {
		t.Fatal(err)
	}
	channel := inprocess.New(chain.Unary, nil, nil)
	for _, service := range services.Services() {
		channel.RegisterService(service.Desc, service.Impl)
	}
	return rapportv1.NewInteractionServiceClient(channel), server
}
