package contact_test

import (
	"fmt"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

// TestUpdateEachFieldAlone sets each field by a mask of its own and clears it again.
func TestUpdateEachFieldAlone(t *testing.T) {
	s := apitest.Start(t)
	for _, name := range []string{"display_name", "title", "role", "emails", "phones", "primary", "preferred_channel", "occasions"} {
		t.Run(name, func(t *testing.T) {
			made := create(t, s, customer(t, s), bob())
			source := full()
			source.Name = made.GetName()
			fd := made.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(name))
			got := update(t, s, source, name)
			want := proto.CloneOf(made)
			want.ProtoReflect().Set(fd, source.ProtoReflect().Get(fd))
			want = proto.CloneOf(want)
			if name == "phones" {
				want.Phones[0].E164 = "+8613800138000"
			}
			want.Etag, want.UpdateTime = `"2"`, got.GetUpdateTime()
			apitest.WantEqual(t, got, want)
			apitest.WantEqual(t, get(t, s, made.GetName()), want)
			if name == "display_name" {
				_, err := s.Customers.UpdateContact(t.Context(), &rapportv1.UpdateContactRequest{
					Contact: &rapportv1.Contact{Name: made.GetName()}, UpdateMask: mask(name),
				})
				apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "contact.display_name")
				return
			}
			got = update(t, s, &rapportv1.Contact{Name: made.GetName()}, name)
			want = proto.CloneOf(made)
			want.Etag, want.UpdateTime = `"3"`, got.GetUpdateTime()
			apitest.WantEqual(t, got, want)
			apitest.WantEqual(t, get(t, s, made.GetName()), want)
		})
	}
}

func TestUpdateWithoutAndWithAFullMask(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, customer(t, s), full())
	got := update(t, s, &rapportv1.Contact{Name: made.GetName(), DisplayName: "B", Uid: "x"})
	want := proto.CloneOf(made)
	want.DisplayName, want.Etag, want.UpdateTime = "B", `"2"`, got.GetUpdateTime()
	apitest.WantEqual(t, got, want)
	got = update(t, s, &rapportv1.Contact{Name: made.GetName(), DisplayName: "C"}, "*")
	want = &rapportv1.Contact{
		Name: made.GetName(), Uid: made.GetUid(), DisplayName: "C", Etag: `"3"`, CreateTime: made.GetCreateTime(), UpdateTime: got.GetUpdateTime(),
	}
	apitest.WantEqual(t, got, want)
	apitest.WantEqual(t, update(t, s, proto.CloneOf(want), "*"), want) // nothing to change
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
}

func TestUpdateRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, dead := customer(t, s), customer(t, s)
	live, second, gone := create(t, s, parent, full()), create(t, s, parent, bob()), create(t, s, parent, bob())
	gone = remove(t, s, gone.GetName())
	orphan := create(t, s, dead, bob())
	deleteCustomer(t, s, dead)
	c := func(name string) *rapportv1.Contact { return &rapportv1.Contact{Name: name, DisplayName: "B"} }
	stale, primary := c(live.GetName()), c(second.GetName())
	stale.Etag, primary.Primary = `"0"`, true
	invalid := codes.InvalidArgument
	for name, test := range map[string]struct {
		req    *rapportv1.UpdateContactRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"no contact": {&rapportv1.UpdateContactRequest{}, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"contact"}},
		"no name":    {&rapportv1.UpdateContactRequest{Contact: c("")}, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"contact.name"}},
		"any parent": {&rapportv1.UpdateContactRequest{Contact: c("customers/-/contacts/" + live.GetUid())}, invalid, rapportv1.ErrorReason_INVALID_FIELD, []string{"contact.name"}},
		"nothing":    {&rapportv1.UpdateContactRequest{Contact: &rapportv1.Contact{Name: live.GetName()}}, invalid, rapportv1.ErrorReason_EMPTY_UPDATE_MASK, []string{"update_mask"}},
		"immutable":  {&rapportv1.UpdateContactRequest{Contact: c(live.GetName()), UpdateMask: mask("name")}, invalid, rapportv1.ErrorReason_INVALID_UPDATE_MASK, []string{"update_mask"}},
		"output":     {&rapportv1.UpdateContactRequest{Contact: c(live.GetName()), UpdateMask: mask("uid")}, invalid, rapportv1.ErrorReason_INVALID_UPDATE_MASK, []string{"update_mask"}},
		"no field":   {&rapportv1.UpdateContactRequest{Contact: c(live.GetName()), UpdateMask: mask("occasions.date")}, invalid, rapportv1.ErrorReason_INVALID_UPDATE_MASK, []string{"update_mask"}},
		"unknown":    {&rapportv1.UpdateContactRequest{Contact: c(parent + "/contacts/" + newID(t))}, codes.NotFound, rapportv1.ErrorReason_CONTACT_NOT_FOUND, nil},
		"unknown customer": {
			&rapportv1.UpdateContactRequest{Contact: c(unknown + "/contacts/" + newID(t)), AllowMissing: true},
			codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil,
		},
		"missing, of a deleted customer": {
			&rapportv1.UpdateContactRequest{Contact: c(dead + "/contacts/" + newID(t)), AllowMissing: true},
			codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil,
		},
		"of a deleted customer": {&rapportv1.UpdateContactRequest{Contact: c(orphan.GetName())}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"deleted":               {&rapportv1.UpdateContactRequest{Contact: c(gone.GetName()), AllowMissing: true}, codes.FailedPrecondition, rapportv1.ErrorReason_CONTACT_DELETED, nil},
		"stale":                 {&rapportv1.UpdateContactRequest{Contact: stale}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"second primary":        {&rapportv1.UpdateContactRequest{Contact: primary}, codes.FailedPrecondition, rapportv1.ErrorReason_PRIMARY_CONTACT_EXISTS, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Customers.UpdateContact(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
			for _, was := range []*rapportv1.Contact{live, second, gone, orphan} {
				apitest.WantEqual(t, get(t, s, was.GetName()), was)
			}
		})
	}
}

// TestConcurrentUpserts makes one contact of twenty callers who all bring it.
func TestConcurrentUpserts(t *testing.T) {
	s := apitest.Start(t)
	for range 5 {
		name := customer(t, s) + "/contacts/" + newID(t)
		var callers sync.WaitGroup
		for i := range 20 {
			callers.Go(func() {
				c := &rapportv1.Contact{Name: name, DisplayName: fmt.Sprint("B", i)}
				if _, err := s.Customers.UpdateContact(t.Context(), &rapportv1.UpdateContactRequest{Contact: c, AllowMissing: true}); err != nil {
					t.Errorf("upsert %d: %v", i, err)
				}
			})
		}
		callers.Wait()
		if got := get(t, s, name); got.GetEtag() != `"20"` {
			t.Errorf("etag %s after one creation and 19 updates", got.GetEtag())
		}
	}
}

func TestUpsert(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	c := full()
	c.Name = parent + "/contacts/" + newID(t)
	made, err := s.Customers.UpdateContact(t.Context(), &rapportv1.UpdateContactRequest{
		Contact: proto.CloneOf(c), AllowMissing: true, UpdateMask: mask("title"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := proto.CloneOf(c)
	want.Uid, want.Etag, want.Phones[0].E164 = made.GetUid(), `"1"`, "+8613800138000"
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	apitest.WantEqual(t, get(t, s, c.GetName()), want)
	c.Name, c.Etag = parent+"/contacts/"+newID(t), `"1"`
	_, err = s.Customers.UpdateContact(t.Context(), &rapportv1.UpdateContactRequest{Contact: c, AllowMissing: true})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_CONTACT_NOT_FOUND)
}

func TestRequireEtag(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.RequireEtag = true })
	made := create(t, s, customer(t, s), bob())
	_, err := s.Customers.UpdateContact(t.Context(), &rapportv1.UpdateContactRequest{Contact: &rapportv1.Contact{Name: made.GetName(), DisplayName: "C"}})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	_, err = s.Customers.DeleteContact(t.Context(), &rapportv1.DeleteContactRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	made.DisplayName = "C"
	update(t, s, made)
}
