package customer_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// settable are the fields of a customer that an update can set.
var settable = []string{
	"display_name", "emails", "phones", "postal_addresses", "language_code", "time_zone", "external_ids", "tags",
	"attributes", "owner", "acquisition_source", "acquisition_cost", "referrer", "prospect_time",
}

func field(c *rapportv1.Customer, name string) protoreflect.FieldDescriptor {
	return c.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(name))
}

// TestUpdateEachFieldAlone sets each field by a mask of its own and clears it again.
// Only it changes, and the change says so.
func TestUpdateEachFieldAlone(t *testing.T) {
	s := apitest.Start(t)
	referrer := create(t, s, ada())
	source := full()
	source.Referrer = proto.String(referrer.GetName())
	source.Type = 0
	for _, name := range settable {
		t.Run(name, func(t *testing.T) {
			made := create(t, s, ada())
			source.Name = made.GetName()
			got := update(t, s, &rapportv1.UpdateCustomerRequest{Customer: proto.CloneOf(source), UpdateMask: mask(name)})
			want := proto.CloneOf(made)
			fd := field(want, name)
			want.ProtoReflect().Set(fd, source.ProtoReflect().Get(fd))
			want = proto.CloneOf(want)
			want.Etag, want.UpdateTime = `"2"`, got.GetUpdateTime()
			if name == "phones" {
				want.Phones[0].E164, want.Phones[1].E164 = "", "+861065529988" // no address says the region
			}
			apitest.WantEqual(t, got, want)
			apitest.WantEqual(t, get(t, s, made.GetName()), want)
			if !got.GetUpdateTime().AsTime().After(made.GetUpdateTime().AsTime()) {
				t.Error("the update time did not move")
			}
			wantChanged(t, s, made.GetName(), name)
			if name == "display_name" {
				return // it cannot be cleared
			}
			empty := &rapportv1.Customer{Name: made.GetName()}
			got = update(t, s, &rapportv1.UpdateCustomerRequest{Customer: empty, UpdateMask: mask(name)})
			want = proto.CloneOf(made)
			want.Etag, want.UpdateTime = `"3"`, got.GetUpdateTime()
			apitest.WantEqual(t, got, want)
			apitest.WantEqual(t, get(t, s, made.GetName()), want)
			wantChanged(t, s, made.GetName(), name)
		})
	}
}

// wantChanged fails the test unless the newest change of the resource is an update of
// this field, or of elements of it, alone.
func wantChanged(t *testing.T, s *apitest.Service, resource, name string) {
	t.Helper()
	changes := changesOf(t, s, resource)
	if changes[0].GetType() != rapportv1.Change_UPDATED || len(changes[0].GetFields()) == 0 {
		t.Fatalf("the newest change is %v", changes[0])
	}
	for _, f := range changes[0].GetFields() {
		if base, _, _ := strings.Cut(f.GetPath(), "."); base != name {
			t.Errorf("the change is also one of %s", f.GetPath())
		}
	}
}

// TestUpdateMasks runs masks on the full customer; the change says what is left.
func TestUpdateMasks(t *testing.T) {
	s := apitest.Start(t)
	in := func(change func(*rapportv1.Customer)) *rapportv1.Customer {
		c := &rapportv1.Customer{}
		change(c)
		return c
	}
	for name, test := range map[string]struct {
		paths  []string
		in     *rapportv1.Customer
		change func(*rapportv1.Customer)
	}{
		"no mask": {nil, in(func(c *rapportv1.Customer) { c.DisplayName, c.Tags = "B", []string{"x"} }),
			func(c *rapportv1.Customer) { c.DisplayName, c.Tags = "B", []string{"x"} }},
		"no mask, output-only fields": {nil, in(func(c *rapportv1.Customer) {
			c.DisplayName, c.Uid, c.State, c.CreateTime = "B", "x", rapportv1.Customer_DELETED, c.GetProspectTime()
		}), func(c *rapportv1.Customer) { c.DisplayName = "B" }},
		"JSON name": {[]string{"displayName"}, in(func(c *rapportv1.Customer) { c.DisplayName = "B" }),
			func(c *rapportv1.Customer) { c.DisplayName = "B" }},
		"twice the same": {[]string{"display_name", "display_name"}, in(func(c *rapportv1.Customer) { c.DisplayName = "B" }),
			func(c *rapportv1.Customer) { c.DisplayName = "B" }},
		"etag beside": {[]string{"etag", "display_name"}, in(func(c *rapportv1.Customer) { c.DisplayName = "B" }),
			func(c *rapportv1.Customer) { c.DisplayName = "B" }},
		"nested": {[]string{"acquisition_cost.units"}, in(func(c *rapportv1.Customer) { c.AcquisitionCost = &money.Money{Units: 7, Nanos: 9} }),
			func(c *rapportv1.Customer) { c.AcquisitionCost.Units = 7 }},
		"nested, cleared": {[]string{"acquisition_cost.nanos"}, in(func(*rapportv1.Customer) {}),
			func(c *rapportv1.Customer) { c.AcquisitionCost.Nanos = 0 }},
		"attribute set": {[]string{"attributes.plan"}, in(func(c *rapportv1.Customer) {
			c.Attributes = map[string]*rapportv1.AttributeValue{"plan": yes(true), "seats": number(1)}
		}), func(c *rapportv1.Customer) { c.Attributes["plan"] = yes(true) }},
		"attribute added": {[]string{"attributes.fresh"}, in(func(c *rapportv1.Customer) {
			c.Attributes = map[string]*rapportv1.AttributeValue{"fresh": instant(1, 0)}
		}), func(c *rapportv1.Customer) { c.Attributes["fresh"] = instant(1, 0) }},
		"attribute cleared": {[]string{"attributes.plan"}, in(func(*rapportv1.Customer) {}),
			func(c *rapportv1.Customer) { delete(c.GetAttributes(), "plan") }},
		"external id set": {[]string{"external_ids.erp"}, in(func(c *rapportv1.Customer) { c.ExternalIds = map[string]string{"erp": "9", "x": "1"} }),
			func(c *rapportv1.Customer) { c.ExternalIds["erp"] = "9" }},
		"external id cleared": {[]string{"external_ids.erp"}, in(func(*rapportv1.Customer) {}),
			func(c *rapportv1.Customer) { delete(c.GetExternalIds(), "erp") }},
		"map replaced": {[]string{"external_ids"}, in(func(c *rapportv1.Customer) { c.ExternalIds = map[string]string{"x": "1"} }),
			func(c *rapportv1.Customer) { c.ExternalIds = map[string]string{"x": "1"} }},
		"everything": {[]string{"*"}, in(func(c *rapportv1.Customer) { c.DisplayName = "B" }), func(c *rapportv1.Customer) {
			keep := proto.CloneOf(c)
			proto.Reset(c)
			c.Name, c.Uid, c.Type, c.State, c.CreateTime = keep.GetName(), keep.GetUid(), keep.GetType(), keep.GetState(), keep.GetCreateTime()
			c.DisplayName = "B"
		}},
		"region of the phones": {[]string{"postal_addresses"}, in(func(*rapportv1.Customer) {}), func(c *rapportv1.Customer) {
			c.PostalAddresses, c.Phones[0].E164 = nil, ""
		}},
	} {
		t.Run(name, func(t *testing.T) {
			made := create(t, s, full())
			req := proto.CloneOf(test.in)
			req.Name = made.GetName()
			if name == "no mask, output-only fields" {
				req.CreateTime = made.GetProspectTime()
			}
			got := update(t, s, &rapportv1.UpdateCustomerRequest{Customer: req, UpdateMask: mask(test.paths...)})
			want := proto.CloneOf(made)
			test.change(want)
			want.Etag, want.UpdateTime = `"2"`, got.GetUpdateTime()
			apitest.WantEqual(t, got, want)
			apitest.WantEqual(t, get(t, s, made.GetName()), want)
			// The next subtest makes a customer of the same external ids.
			update(t, s, &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: made.GetName()}, UpdateMask: mask("external_ids")})
		})
	}
}

func TestUpdateRefusedMasks(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, full())
	refuse := func(paths ...string) func(*testing.T) {
		return func(t *testing.T) {
			c := full()
			c.Name = made.GetName()
			_, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c, UpdateMask: mask(paths...)})
			apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_UPDATE_MASK, "update_mask")
		}
	}
	for _, path := range []string{
		"name", "uid", "type", "state", "create_time", "update_time", "delete_time", "purge_time", "createTime",
		"nonsense", "", ".", "display_name.x", "emails.address", "emails[0]", "phones.e164", "attributes.", "attributes.a.b",
		"acquisition_cost.x", "prospect_time.seconds", "tags.0", "customer.display_name", "DISPLAY_NAME", strings.Repeat("a.", 300),
	} {
		t.Run(fmt.Sprintf("%.20q", path), refuse(path))
		t.Run(fmt.Sprintf("%.20q beside a good one", path), refuse("display_name", path))
	}
	t.Run("* and more", refuse("*", "display_name"))
	t.Run("10,000 paths", refuse(times(10_000, func(i int) string { return fmt.Sprintf("attributes.a%d", i) })...))
	apitest.WantEqual(t, get(t, s, made.GetName()), made)
}

func TestUpdateRefusals(t *testing.T) {
	s := apitest.Start(t)
	live, gone := create(t, s, full()), create(t, s, ada())
	gone = remove(t, s, gone.GetName())
	c := func(name string) *rapportv1.Customer { return &rapportv1.Customer{Name: name, DisplayName: "B"} }
	stale := c(live.GetName())
	stale.Etag = `"0"`
	taken := c(live.GetName())
	taken.ExternalIds = map[string]string{"erp": "taken"}
	other := ada()
	other.ExternalIds = map[string]string{"erp": "taken"}
	create(t, s, other)
	erp := &rapportv1.ExternalId{Source: "erp", Id: "4711"}
	for name, test := range map[string]struct {
		req    *rapportv1.UpdateCustomerRequest
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"no customer": {&rapportv1.UpdateCustomerRequest{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"customer"}},
		"no name": {&rapportv1.UpdateCustomerRequest{Customer: c("")}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD,
			[]string{"customer.name"}},
		"wrong name": {&rapportv1.UpdateCustomerRequest{Customer: c("customers/-")}, codes.InvalidArgument,
			rapportv1.ErrorReason_INVALID_FIELD, []string{"customer.name"}},
		"name and external id": {&rapportv1.UpdateCustomerRequest{Customer: c(live.GetName()), ExternalId: erp},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"external_id"}},
		"empty external id": {&rapportv1.UpdateCustomerRequest{Customer: c(""), ExternalId: &rapportv1.ExternalId{}},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"external_id.source", "external_id.id"}},
		"nothing populated": {&rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{Name: live.GetName()}},
			codes.InvalidArgument, rapportv1.ErrorReason_EMPTY_UPDATE_MASK, []string{"update_mask"}},
		"only what cannot be set": {&rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{
			Name: live.GetName(), Type: rapportv1.Customer_INDIVIDUAL, Uid: "x", Etag: live.GetEtag(),
		}}, codes.InvalidArgument, rapportv1.ErrorReason_EMPTY_UPDATE_MASK, []string{"update_mask"}},
		"mask of the etag": {&rapportv1.UpdateCustomerRequest{Customer: c(live.GetName()), UpdateMask: mask("etag")},
			codes.InvalidArgument, rapportv1.ErrorReason_EMPTY_UPDATE_MASK, []string{"update_mask"}},
		"tags both ways": {&rapportv1.UpdateCustomerRequest{Customer: c(live.GetName()), UpdateMask: mask("tags"), AddTags: []string{"x"}},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"add_tags"}},
		"empty tag": {&rapportv1.UpdateCustomerRequest{Customer: c(live.GetName()), RemoveTags: []string{""}},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"remove_tags[0]"}},
		"51 tags": {&rapportv1.UpdateCustomerRequest{Customer: c(live.GetName()), AddTags: tags(51)},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"add_tags"}},
		"unknown":          {&rapportv1.UpdateCustomerRequest{Customer: c(unknown)}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"deleted":          {&rapportv1.UpdateCustomerRequest{Customer: c(gone.GetName())}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"stale etag":       {&rapportv1.UpdateCustomerRequest{Customer: stale}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH, nil},
		"taken id":         {&rapportv1.UpdateCustomerRequest{Customer: taken}, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil},
		"unknown external": {&rapportv1.UpdateCustomerRequest{Customer: c(""), ExternalId: &rapportv1.ExternalId{Source: "erp", Id: "0"}}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Customers.UpdateCustomer(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
			apitest.WantEqual(t, get(t, s, live.GetName()), live)
			apitest.WantEqual(t, get(t, s, gone.GetName()), gone)
		})
	}
}

func TestUpdateWithEtag(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, ada())
	for i, etag := range []string{made.GetEtag(), "*", `"3"`, ""} {
		c := &rapportv1.Customer{Name: made.GetName(), DisplayName: fmt.Sprint("B", i), Etag: etag}
		if got := update(t, s, &rapportv1.UpdateCustomerRequest{Customer: c}); got.GetEtag() != fmt.Sprintf(`"%d"`, i+2) {
			t.Errorf("update %d with etag %q: etag %s", i, etag, got.GetEtag())
		}
	}
	for _, etag := range []string{made.GetEtag(), "5", `W/"5"`, `"5" `} {
		c := &rapportv1.Customer{Name: made.GetName(), DisplayName: "C", Etag: etag}
		_, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c})
		apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH)
	}
}

// TestUpdateOfNothing leaves no trace: the values are those that are there.
func TestUpdateOfNothing(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, full())
	same := proto.CloneOf(made)
	same.Type = 0
	for _, paths := range [][]string{nil, {"*"}, {"display_name"}, {"attributes.none"}, {"external_ids.none"}} {
		apitest.WantEqual(t, update(t, s, &rapportv1.UpdateCustomerRequest{Customer: proto.CloneOf(same), UpdateMask: mask(paths...)}), made)
	}
	bare := &rapportv1.Customer{Name: made.GetName()}
	apitest.WantEqual(t, update(t, s, &rapportv1.UpdateCustomerRequest{Customer: bare, AddTags: []string{"vip"}, RemoveTags: []string{"x"}}), made)
	if changes := changesOf(t, s, made.GetName()); len(changes) != 1 {
		t.Errorf("%d changes, want the creation alone: %v", len(changes), changes)
	}
}

// TestConcurrentUpdates lets writers read, change and write by etag. Each write that
// succeeded is in the final value, and no other.
func TestConcurrentUpdates(t *testing.T) {
	s := apitest.Start(t)
	c := ada()
	c.Attributes = map[string]*rapportv1.AttributeValue{"n": number(0)}
	name := create(t, s, c).GetName()
	var writers sync.WaitGroup
	wins := make([]int, 12)
	for w := range wins {
		writers.Go(func() {
			for range 10 {
				c, err := s.Customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: name})
				if err != nil {
					t.Error(err)
					return
				}
				c.Attributes["n"] = number(c.GetAttributes()["n"].GetDoubleValue() + 1)
				_, err = s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c, UpdateMask: mask("attributes.n")})
				if err == nil {
					wins[w]++
				} else {
					apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH)
				}
			}
		})
	}
	writers.Wait()
	total := 0
	for _, n := range wins {
		total += n
	}
	if got := get(t, s, name); got.GetAttributes()["n"].GetDoubleValue() != float64(total) || got.GetEtag() != fmt.Sprintf(`"%d"`, total+1) {
		t.Errorf("%d writes succeeded, and the value is %v", total, got)
	}
}
