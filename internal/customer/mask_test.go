package customer_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// settable are the fields of a customer that an update can set.
var settable = []string{
	"display_name", "emails", "phones", "postal_addresses", "language_code", "time_zone", "external_ids", "tags",
	"attributes", "owner", "acquisition_source", "acquisition_cost", "referrer", "prospect_time", "service_tier", "occasions",
	"membership", "contact_preference", "contact_interval",
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
	source.Referrer, source.ServiceTier = proto.String(referrer.GetName()), proto.String(tier(t, s, 9))
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
			switch name {
			case "service_tier":
				dueIn(want, 9)
			case "contact_interval":
				dueIn(want, 30)
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
		"no mask": {
			nil, in(func(c *rapportv1.Customer) { c.DisplayName, c.Tags = "B", []string{"x"} }),
			func(c *rapportv1.Customer) { c.DisplayName, c.Tags = "B", []string{"x"} },
		},
		"no mask, output-only fields": {nil, in(func(c *rapportv1.Customer) {
			c.DisplayName, c.Uid, c.State, c.CreateTime = "B", "x", rapportv1.Customer_DELETED, c.GetProspectTime()
		}), func(c *rapportv1.Customer) { c.DisplayName = "B" }},
		"JSON name": {
			[]string{"displayName"},
			in(func(c *rapportv1.Customer) { c.DisplayName = "B" }),
			func(c *rapportv1.Customer) { c.DisplayName = "B" },
		},
		"twice the same": {
			[]string{"display_name", "display_name"},
			in(func(c *rapportv1.Customer) { c.DisplayName = "B" }),
			func(c *rapportv1.Customer) { c.DisplayName = "B" },
		},
		"etag beside": {
			[]string{"etag", "display_name"},
			in(func(c *rapportv1.Customer) { c.DisplayName = "B" }),
			func(c *rapportv1.Customer) { c.DisplayName = "B" },
		},
		"nested": {
			[]string{"acquisition_cost.units"},
			in(func(c *rapportv1.Customer) { c.AcquisitionCost = &money.Money{Units: 7, Nanos: 9} }),
			func(c *rapportv1.Customer) { c.AcquisitionCost.Units = 7 },
		},
		"nested, cleared": {
			[]string{"acquisition_cost.nanos"},
			in(func(*rapportv1.Customer) {}),
			func(c *rapportv1.Customer) { c.AcquisitionCost.Nanos = 0 },
		},
		"inside a membership": {
			[]string{"membership.level", "membership.number"},
			in(func(c *rapportv1.Customer) {
				c.Membership = &rapportv1.Membership{Level: proto.String("basic"), ExpireTime: &timestamppb.Timestamp{}}
			}),
			func(c *rapportv1.Customer) { c.Membership.Level, c.Membership.Number = proto.String("basic"), nil },
		},
		"all of a membership": {
			[]string{"membership.level", "membership.number", "membership.startTime", "membership.expire_time"},
			in(func(*rapportv1.Customer) {}),
			func(c *rapportv1.Customer) { c.Membership = nil },
		},
		"contact again": {
			[]string{"contactPreference.doNotContact"},
			in(func(*rapportv1.Customer) {}),
			func(c *rapportv1.Customer) { c.ContactPreference.DoNotContact = proto.Bool(false) },
		},
		"contact again, said": {
			[]string{"contact_preference.do_not_contact"},
			in(func(c *rapportv1.Customer) {
				c.ContactPreference = &rapportv1.ContactPreference{DoNotContact: proto.Bool(false)}
			}),
			func(c *rapportv1.Customer) { c.ContactPreference.DoNotContact = proto.Bool(false) },
		},
		"consents": {[]string{"contact_preference.consents"}, in(func(c *rapportv1.Customer) {
			c.ContactPreference = &rapportv1.ContactPreference{Consents: consents(2)}
		}), func(c *rapportv1.Customer) { c.ContactPreference.Consents = consents(2) }},
		"occasions": {[]string{"occasions"}, in(func(c *rapportv1.Customer) { c.Occasions = full().GetOccasions()[1:] }), func(c *rapportv1.Customer) {
			c.Occasions = c.GetOccasions()[1:]
		}},
		"contact interval": {
			[]string{"contact_interval"},
			in(func(c *rapportv1.Customer) { c.ContactInterval = days(1) }),
			func(c *rapportv1.Customer) { c.ContactInterval = days(1); dueIn(c, 1) },
		},
		"attribute set": {[]string{"attributes.plan"}, in(func(c *rapportv1.Customer) {
			c.Attributes = map[string]*rapportv1.AttributeValue{"plan": yes(true), "seats": number(1)}
		}), func(c *rapportv1.Customer) { c.Attributes["plan"] = yes(true) }},
		"attribute added": {[]string{"attributes.fresh"}, in(func(c *rapportv1.Customer) {
			c.Attributes = map[string]*rapportv1.AttributeValue{"fresh": instant(1, 0)}
		}), func(c *rapportv1.Customer) { c.Attributes["fresh"] = instant(1, 0) }},
		"attribute cleared": {
			[]string{"attributes.plan"},
			in(func(*rapportv1.Customer) {}),
			func(c *rapportv1.Customer) { delete(c.GetAttributes(), "plan") },
		},
		"external id set": {
			[]string{"external_ids.erp"},
			in(func(c *rapportv1.Customer) { c.ExternalIds = map[string]string{"erp": "9", "x": "1"} }),
			func(c *rapportv1.Customer) { c.ExternalIds["erp"] = "9" },
		},
		"external id cleared": {
			[]string{"external_ids.erp"},
			in(func(*rapportv1.Customer) {}),
			func(c *rapportv1.Customer) { delete(c.GetExternalIds(), "erp") },
		},
		"map replaced": {
			[]string{"external_ids"},
			in(func(c *rapportv1.Customer) { c.ExternalIds = map[string]string{"x": "1"} }),
			func(c *rapportv1.Customer) { c.ExternalIds = map[string]string{"x": "1"} },
		},
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
		"last_contact_time", "nextContactTime", "contact_overdue_ratio", "membership.x", "membership.level.x", "membership.start_time.seconds",
		"occasions.date", "occasions.0", "contact_preference.consents.purpose", "contact_preference.", "contact_interval.seconds", "service_tier.x",
		"acquisition_cost.x", "prospect_time.seconds", "tags.0", "customer.display_name", "DISPLAY_NAME", strings.Repeat("a.", 300),
	} {
		t.Run(fmt.Sprintf("%.20q", path), refuse(path))
		t.Run(fmt.Sprintf("%.20q beside a good one", path), refuse("display_name", path))
	}
	t.Run("* and more", refuse("*", "display_name"))
	t.Run("10,000 paths", refuse(times(10_000, func(i int) string { return fmt.Sprintf("attributes.a%d", i) })...))
	apitest.WantEqual(t, get(t, s, made.GetName()), made)
}
