package interaction_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func TestCreateEveryField(t *testing.T) {
	s := apitest.Start(t)
	parent, id := customer(t, s), newID(t)
	in := full()
	in.Contact = proto.String(newContact(t, s, parent))
	// What is finer than a microsecond is cut, and an empty text is none.
	in.OccurTime.Nanos, in.Duration.Nanos = 123456789, 5999
	made, err := s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: in, InteractionId: id})
	if err != nil {
		t.Fatal(err)
	}
	want := full()
	want.Name, want.Uid, want.Etag, want.Contact = parent+"/interactions/"+id, id, `"1"`, in.Contact
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	apitest.WantEqual(t, made, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)

	// Another customer's interaction may have the same id, also in the other system.
	other, err := s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: customer(t, s), Interaction: full(), InteractionId: id})
	if err != nil || other.GetUid() != id {
		t.Errorf("%v, %v", other, err)
	}

	// What only the service sets is ignored.
	i := note()
	i.Name, i.Uid, i.Etag, i.DeleteTime, i.Subject, i.Contact = "x", "x", `"7"`, made.GetCreateTime(), proto.String(""), proto.String("")
	made = create(t, s, parent, i)
	want = note()
	want.Name, want.Uid, want.Etag = made.GetName(), made.GetUid(), `"1"`
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
}

// TestExtremes are kept exactly.
func TestExtremes(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	for name, in := range map[string]*rapportv1.Interaction{
		"year 1": with(func(i *rapportv1.Interaction) { i.OccurTime = &timestamppb.Timestamp{Seconds: -62135596800} }),
		"ahead": with(func(i *rapportv1.Interaction) {
			i.OccurTime = timestamppb.New(time.Now().Add(4 * time.Minute).Truncate(time.Microsecond))
		}),
		"no duration": with(func(i *rapportv1.Interaction) { i.Duration = &durationpb.Duration{} }),
		"10,000 years": with(func(i *rapportv1.Interaction) {
			i.Duration = &durationpb.Duration{Seconds: 315_576_000_000, Nanos: 999_999_000}
		}),
		"longest texts": with(func(i *rapportv1.Interaction) {
			i.Subject, i.Body = proto.String(strings.Repeat("名", 200)), proto.String(strings.Repeat("名", 20_000))
		}),
		"hostile texts": with(func(i *rapportv1.Interaction) {
			i.Subject, i.Body = proto.String("'; DROP TABLE interaction; --"), proto.String("{\"\\u0000\"}\u202e\U0010ffff")
		}),
		"amount alone": with(func(i *rapportv1.Interaction) {
			i.Concession = &rapportv1.Interaction_Concession{Amount: &money.Money{CurrencyCode: "EUR"}}
		}),
		"reason alone": with(func(i *rapportv1.Interaction) {
			i.Concession = &rapportv1.Interaction_Concession{Reason: proto.String("x")}
		}),
		"largest amount": with(func(i *rapportv1.Interaction) {
			i.Concession = &rapportv1.Interaction_Concession{Amount: &money.Money{CurrencyCode: "EUR", Units: 1<<63 - 1, Nanos: 999_999_999}}
		}),
	} {
		made := create(t, s, parent, proto.CloneOf(in))
		want := proto.CloneOf(in)
		want.Name, want.Uid, want.Etag, want.CreateTime, want.UpdateTime = made.GetName(), made.GetUid(), `"1"`, made.GetCreateTime(), made.GetCreateTime()
		t.Run(name, func(t *testing.T) { apitest.WantEqual(t, get(t, s, made.GetName()), want) })
	}
}

type refusal struct {
	req    *rapportv1.CreateInteractionRequest
	code   codes.Code
	reason rapportv1.ErrorReason
	fields []string
}

func TestCreateRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, other, gone := customer(t, s), customer(t, s), customer(t, s)
	first := create(t, s, parent, full())
	deleted, foreign := newContact(t, s, parent), newContact(t, s, other)
	deleteContact(t, s, deleted)
	deleteCustomer(t, s, gone)
	req := func(parent string, i *rapportv1.Interaction) *rapportv1.CreateInteractionRequest {
		return &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: i}
	}
	field := func(change func(*rapportv1.Interaction), names ...string) refusal {
		return refusal{req(parent, with(change)), codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, names}
	}
	named := func(contact string) refusal {
		return field(func(i *rapportv1.Interaction) { i.Contact = &contact }, "interaction.contact")
	}
	invalid := func(r *rapportv1.CreateInteractionRequest, names ...string) refusal {
		return refusal{r, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, names}
	}
	long := func(n int) *string { return proto.String(strings.Repeat("名", n)) }
	for name, test := range map[string]refusal{
		"no interaction": invalid(req(parent, nil), "interaction"),
		"no parent":      invalid(req("", note()), "parent"),
		"all parents":    invalid(req("customers/-", note()), "parent"),
		"wrong id":       invalid(&rapportv1.CreateInteractionRequest{Parent: parent, Interaction: note(), InteractionId: "x"}, "interaction_id"),
		"empty":          invalid(req(parent, &rapportv1.Interaction{}), "interaction.channel", "interaction.direction", "interaction.occur_time"),
		"channel":        field(func(i *rapportv1.Interaction) { i.Channel = 99 }, "interaction.channel"),
		"direction":      field(func(i *rapportv1.Interaction) { i.Direction = -1 }, "interaction.direction"),
		"purpose":        field(func(i *rapportv1.Interaction) { i.Purpose = 99 }, "interaction.purpose"),
		"reaction":       field(func(i *rapportv1.Interaction) { i.CustomerReaction = 99 }, "interaction.customer_reaction"),
		"future":         field(func(i *rapportv1.Interaction) { i.OccurTime = timestamppb.New(time.Now().Add(6 * time.Minute)) }, "interaction.occur_time"),
		"year 0":         field(func(i *rapportv1.Interaction) { i.OccurTime = &timestamppb.Timestamp{Seconds: -62135596801} }, "interaction.occur_time"),
		"year 10000":     field(func(i *rapportv1.Interaction) { i.OccurTime = &timestamppb.Timestamp{Seconds: 1 << 60} }, "interaction.occur_time"),
		"nanos":          field(func(i *rapportv1.Interaction) { i.OccurTime.Nanos = -1 }, "interaction.occur_time"),
		"negative":       field(func(i *rapportv1.Interaction) { i.Duration = durationpb.New(-time.Microsecond) }, "interaction.duration"),
		"too long":       field(func(i *rapportv1.Interaction) { i.Duration = &durationpb.Duration{Seconds: 1 << 62} }, "interaction.duration"),
		"mixed signs":    field(func(i *rapportv1.Interaction) { i.Duration = &durationpb.Duration{Seconds: 1, Nanos: -1} }, "interaction.duration"),
		"long subject":   field(func(i *rapportv1.Interaction) { i.Subject = long(201) }, "interaction.subject"),
		"long body":      field(func(i *rapportv1.Interaction) { i.Body = long(20_001) }, "interaction.body"),
		"NUL":            field(func(i *rapportv1.Interaction) { i.Body, i.Staff = proto.String("a\x00"), proto.String("\x00") }, "interaction.body", "interaction.staff"),
		"long staff":     field(func(i *rapportv1.Interaction) { i.Staff = long(201) }, "interaction.staff"),
		"long campaign":  field(func(i *rapportv1.Interaction) { i.Campaign = long(201) }, "interaction.campaign"),
		"no contact's":   named("x"),
		"a customer":     named(parent),
		"foreign":        named(foreign),
		"unknown":        named(parent + "/contacts/" + newID(t)),
		"deleted":        named(deleted),
		"no concession": field(func(i *rapportv1.Interaction) {
			i.Concession = &rapportv1.Interaction_Concession{InReturnFor: proto.String("x")}
		}, "interaction.concession"),
		"a concession of an empty text": field(func(i *rapportv1.Interaction) {
			i.Concession = &rapportv1.Interaction_Concession{Reason: proto.String("")}
		}, "interaction.concession"),
		"amount": field(func(i *rapportv1.Interaction) {
			i.Concession = &rapportv1.Interaction_Concession{Amount: &money.Money{CurrencyCode: "eur", Units: -1, Nanos: 1e9}}
		}, "interaction.concession.amount.currency_code", "interaction.concession.amount.units", "interaction.concession.amount.nanos"),
		"long reason": field(func(i *rapportv1.Interaction) {
			i.Concession = &rapportv1.Interaction_Concession{Reason: long(1001), InReturnFor: long(1001)}
		}, "interaction.concession.reason", "interaction.concession.in_return_for"),
		"attribute": field(func(i *rapportv1.Interaction) { i.Attributes = map[string]*rapportv1.AttributeValue{"a": {}} }, `interaction.attributes["a"].kind`),
		"external id": field(func(i *rapportv1.Interaction) { i.ExternalId = &rapportv1.ExternalId{Source: "PBX"} },
			"interaction.external_id.source", "interaction.external_id.id"),
		"unknown customer": {req(unknown, note()), codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"deleted customer": {req(gone, note()), codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"taken id": {
			&rapportv1.CreateInteractionRequest{Parent: parent, Interaction: note(), InteractionId: first.GetUid()},
			codes.AlreadyExists, rapportv1.ErrorReason_INTERACTION_ALREADY_EXISTS, nil,
		},
		"taken external id": {req(parent, full()), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Interactions.CreateInteraction(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
		})
	}
	if n := count(t, s, "interaction"); n != 1 {
		t.Errorf("%d interactions: a refused call made something", n)
	}
}

func TestGetRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := create(t, s, parent, note())
	for _, name := range []string{
		"", "x", parent, parent + "/interactions/-", "customers/-/interactions/" + made.GetUid(), strings.ToUpper(made.GetName()),
		parent + "/contacts/" + made.GetUid(),
	} {
		_, err := s.Interactions.GetInteraction(t.Context(), &rapportv1.GetInteractionRequest{Name: name})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "name")
	}
	for _, name := range []string{parent + "/interactions/" + newID(t), customer(t, s) + "/interactions/" + made.GetUid(), unknown + "/interactions/" + made.GetUid()} {
		_, err := s.Interactions.GetInteraction(t.Context(), &rapportv1.GetInteractionRequest{Name: name})
		apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_INTERACTION_NOT_FOUND)
	}
}
