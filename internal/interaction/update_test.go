package interaction_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

// TestUpdateEachFieldAlone sets each field by a mask of its own and clears it again.
func TestUpdateEachFieldAlone(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	contact := newContact(t, s, parent)
	required := map[string]bool{"channel": true, "direction": true, "occur_time": true}
	for _, name := range []string{
		"channel", "direction", "purpose", "occur_time", "duration", "subject", "body", "staff", "contact", "campaign",
		"customer_reaction", "concession", "attributes", "external_id",
	} {
		t.Run(name, func(t *testing.T) {
			made := create(t, s, parent, note())
			source := full()
			source.Name, source.Contact = made.GetName(), &contact
			fd := made.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(name))
			got := update(t, s, source, name)
			want := proto.CloneOf(made)
			want.ProtoReflect().Set(fd, source.ProtoReflect().Get(fd))
			want.Etag, want.UpdateTime = `"2"`, got.GetUpdateTime()
			apitest.WantEqual(t, got, want)
			apitest.WantEqual(t, get(t, s, made.GetName()), want)
			cleared := &rapportv1.Interaction{Name: made.GetName()}
			if required[name] {
				_, err := tryUpdate(t, s, cleared, name)
				apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "interaction."+name)
				return
			}
			got = update(t, s, cleared, name)
			want = proto.CloneOf(made)
			want.Etag, want.UpdateTime = `"3"`, got.GetUpdateTime()
			apitest.WantEqual(t, got, want)
			apitest.WantEqual(t, get(t, s, made.GetName()), want)
		})
	}
}

func TestUpdateOfParts(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, customer(t, s), full())
	patch := &rapportv1.Interaction{
		Name: made.GetName(), Concession: &rapportv1.Interaction_Concession{Reason: proto.String("asked")},
		ExternalId: &rapportv1.ExternalId{Source: "shop", Id: "call-2"},
		Attributes: map[string]*rapportv1.AttributeValue{"plan": {Kind: &rapportv1.AttributeValue_StringValue{StringValue: "silver"}}},
	}
	got := update(t, s, patch, "concession.reason", "external_id.id", "attributes.plan", "attributes.sold")
	want := proto.CloneOf(made)
	want.Concession.Reason, want.ExternalId.Id, want.Attributes["plan"] = proto.String("asked"), "call-2", patch.GetAttributes()["plan"]
	delete(want.GetAttributes(), "sold")
	want.Etag, want.UpdateTime = `"2"`, got.GetUpdateTime()
	apitest.WantEqual(t, got, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	apitest.WantEqual(t, update(t, s, proto.CloneOf(want), "*"), want) // nothing to change
	for _, path := range []string{"external_id.id", "external_id.source"} {
		_, err := tryUpdate(t, s, &rapportv1.Interaction{Name: made.GetName()}, path)
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "interaction.external_id")
	}
	_, err := tryUpdate(t, s, &rapportv1.Interaction{Name: made.GetName()}, "concession.reason", "concession.amount")
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "interaction.concession")
	// There are three, and 64 in all can be.
	for n := range 62 {
		key := fmt.Sprint("k", n)
		_, err = tryUpdate(t, s, &rapportv1.Interaction{
			Name: made.GetName(), Attributes: map[string]*rapportv1.AttributeValue{key: {Kind: &rapportv1.AttributeValue_BoolValue{}}},
		}, "attributes."+key)
		if n < 61 && err != nil {
			t.Fatal(err)
		}
	}
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "interaction.attributes")
}

// TestContacts are checked when they are named, and stay named when they go.
func TestContacts(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	first, second, gone := newContact(t, s, parent), newContact(t, s, parent), newContact(t, s, parent)
	made := create(t, s, parent, with(func(i *rapportv1.Interaction) { i.Contact = &first }))
	deleteContact(t, s, gone)
	for _, name := range []string{gone, parent + "/contacts/" + newID(t), newContact(t, s, customer(t, s)), "x"} {
		_, err := tryUpdate(t, s, &rapportv1.Interaction{Name: made.GetName(), Contact: &name})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "interaction.contact")
	}
	// Another customer's contact of the same id is another one.
	_, id, _ := strings.Cut(second, "/contacts/")
	twin, err := s.Customers.CreateContact(t.Context(), &rapportv1.CreateContactRequest{
		Parent: customer(t, s), ContactId: id, Contact: &rapportv1.Contact{DisplayName: "Twin"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = tryUpdate(t, s, &rapportv1.Interaction{Name: made.GetName(), Contact: &twin.Name})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "interaction.contact")
	deleteContact(t, s, first)
	if got := update(t, s, &rapportv1.Interaction{Name: made.GetName(), Contact: &first, Body: proto.String("x")}); got.GetContact() != first {
		t.Errorf("%v, want the contact that was deleted since", got)
	}
	remove(t, s, made.GetName())
	back, err := s.Interactions.UndeleteInteraction(t.Context(), &rapportv1.UndeleteInteractionRequest{Name: made.GetName()})
	if err != nil || back.GetContact() != first {
		t.Errorf("%v, %v", back, err)
	}
	update(t, s, &rapportv1.Interaction{Name: made.GetName(), Contact: &second})
	_, err = tryUpdate(t, s, &rapportv1.Interaction{Name: made.GetName(), Contact: &first})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "interaction.contact")
	// Also where the contact is purged.
	if _, err := s.DB.Exec(t.Context(), `DELETE FROM contact`); err != nil {
		t.Fatal(err)
	}
	if got := update(t, s, &rapportv1.Interaction{Name: made.GetName(), Body: proto.String("y")}); got.GetContact() != second {
		t.Errorf("%v, want the contact that was purged since", got)
	}
}

func TestUpdateRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, dead := customer(t, s), customer(t, s)
	live, taken, orphan := create(t, s, parent, note()), create(t, s, parent, full()), create(t, s, dead, note())
	gone := remove(t, s, create(t, s, parent, note()).GetName())
	deleteCustomer(t, s, dead)
	patch := func(name string) *rapportv1.Interaction {
		return &rapportv1.Interaction{Name: name, Body: proto.String("x")}
	}
	stale, clash, future := patch(live.GetName()), patch(live.GetName()), patch(live.GetName())
	stale.Etag, clash.ExternalId, future.OccurTime = `"0"`, taken.GetExternalId(), timestamppb.New(time.Now().Add(6*time.Minute))
	missing := with(func(i *rapportv1.Interaction) { i.Name = unknown + "/interactions/" + newID(t) })
	invalid := codes.InvalidArgument
	for name, test := range map[string]struct {
		in      *rapportv1.Interaction
		missing bool
		code    codes.Code
		reason  rapportv1.ErrorReason
		fields  []string
	}{
		"no interaction": {nil, false, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"interaction"}},
		"no name":        {patch(""), false, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"interaction.name"}},
		"any parent":     {patch("customers/-/interactions/" + live.GetUid()), false, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"interaction.name"}},
		"nothing":        {&rapportv1.Interaction{Name: live.GetName()}, false, invalid, rapportv1.ErrorReason_EMPTY_UPDATE_MASK, []string{"update_mask"}},
		"future":         {future, false, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"interaction.occur_time"}},
		"unknown":        {patch(parent + "/interactions/" + newID(t)), false, codes.NotFound, rapportv1.ErrorReason_INTERACTION_NOT_FOUND, nil},
		"incomplete":     {patch(parent + "/interactions/" + newID(t)), true, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"interaction.channel", "interaction.direction", "interaction.occur_time"}},
		"no customer":    {missing, true, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"dead customer":  {patch(orphan.GetName()), false, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"deleted":        {patch(gone.GetName()), true, codes.FailedPrecondition, rapportv1.ErrorReason_INTERACTION_DELETED, nil},
		"stale":          {stale, false, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"external id":    {clash, false, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Interactions.UpdateInteraction(t.Context(), &rapportv1.UpdateInteractionRequest{Interaction: test.in, AllowMissing: test.missing})
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
			for _, was := range []*rapportv1.Interaction{live, taken, gone, orphan} {
				apitest.WantEqual(t, get(t, s, was.GetName()), was)
			}
		})
	}
	for _, path := range []string{"name", "uid", "delete_time", "cases", "occur_time.seconds"} {
		_, err := tryUpdate(t, s, patch(live.GetName()), path)
		apitest.WantFields(t, err, invalid, rapportv1.ErrorReason_INVALID_UPDATE_MASK, "update_mask")
	}
}

// TestConcurrentUpserts makes one interaction of ten callers who all bring it.
func TestConcurrentUpserts(t *testing.T) {
	s := apitest.Start(t)
	name := customer(t, s) + "/interactions/" + newID(t)
	var callers sync.WaitGroup
	for n := range 10 {
		callers.Go(func() {
			i := with(func(i *rapportv1.Interaction) { i.Name, i.Body = name, proto.String(fmt.Sprint(n)) })
			if _, err := s.Interactions.UpdateInteraction(t.Context(), &rapportv1.UpdateInteractionRequest{Interaction: i, AllowMissing: true}); err != nil {
				t.Errorf("upsert %d: %v", n, err)
			}
		})
	}
	callers.Wait()
	if got := get(t, s, name); got.GetEtag() != `"10"` {
		t.Errorf("etag %s after one creation and 9 updates", got.GetEtag())
	}
}

// TestConcurrentExternalIDs lets callers bring one external id at once: one gets it.
func TestConcurrentExternalIDs(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	var callers sync.WaitGroup
	for range 10 {
		callers.Go(func() {
			_, err := s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: full()})
			if err != nil {
				apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
			}
		})
	}
	callers.Wait()
	if n := count(t, s, "interaction"); n != 1 {
		t.Errorf("%d interactions, want one", n)
	}
}

func TestDeleteAndUndelete(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.PurgeAfter = 5 * time.Hour })
	parent := customer(t, s)
	made := create(t, s, parent, full())
	gone := remove(t, s, made.GetName())
	want := proto.CloneOf(made)
	want.Etag, want.UpdateTime, want.DeleteTime = `"2"`, gone.GetUpdateTime(), gone.GetUpdateTime()
	want.PurgeTime = timestamppb.New(gone.GetDeleteTime().AsTime().Add(5 * time.Hour))
	apitest.WantEqual(t, gone, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	// The external id of a deleted one is still taken.
	_, err := s.Interactions.CreateInteraction(t.Context(), &rapportv1.CreateInteractionRequest{Parent: parent, Interaction: full()})
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
	_, err = s.Interactions.DeleteInteraction(t.Context(), &rapportv1.DeleteInteractionRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_INTERACTION_DELETED)
	undelete := func(name, etag string) (*rapportv1.Interaction, error) {
		return s.Interactions.UndeleteInteraction(t.Context(), &rapportv1.UndeleteInteractionRequest{Name: name, Etag: etag})
	}
	_, err = undelete(made.GetName(), made.GetEtag())
	apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH)
	back, err := undelete(made.GetName(), gone.GetEtag())
	if err != nil {
		t.Fatal(err)
	}
	want = proto.CloneOf(made)
	want.Etag, want.UpdateTime = `"3"`, back.GetUpdateTime()
	apitest.WantEqual(t, back, want)
	_, err = undelete(made.GetName(), "")
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_NOT_DELETED)
	_, err = s.Interactions.DeleteInteraction(t.Context(), &rapportv1.DeleteInteractionRequest{Name: made.GetName(), Etag: `"1"`})
	apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH)
	nobody := parent + "/interactions/" + newID(t)
	_, err = s.Interactions.DeleteInteraction(t.Context(), &rapportv1.DeleteInteractionRequest{Name: nobody})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_INTERACTION_NOT_FOUND)
	_, err = undelete(nobody, "")
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_INTERACTION_NOT_FOUND)
	// One of a deleted customer can be read and deleted, not taken back.
	deleteCustomer(t, s, parent)
	remove(t, s, made.GetName())
	_, err = undelete(made.GetName(), "")
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED)
}

func TestRequireEtag(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.RequireEtag = true })
	made := create(t, s, customer(t, s), note())
	_, err := tryUpdate(t, s, &rapportv1.Interaction{Name: made.GetName(), Body: proto.String("C")})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	_, err = s.Interactions.DeleteInteraction(t.Context(), &rapportv1.DeleteInteractionRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	made.Body = proto.String("C")
	update(t, s, made)
}
