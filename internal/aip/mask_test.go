package aip_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

func text1(s string) *rapportv1.AttributeValue {
	return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_StringValue{StringValue: s}}
}

// full is a customer with a value in every kind of field, those that a client may not
// set included.
func full() *rapportv1.Customer {
	now := timestamppb.New(time.Unix(1, 0))
	return &rapportv1.Customer{
		Name: "customers/" + idA, Uid: idA, Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada",
		Emails:          []*rapportv1.EmailAddress{{Address: "ada@example.com"}},
		Phones:          []*rapportv1.PhoneNumber{{Number: "020 7183 8750", E164: "+442071838750"}},
		PostalAddresses: []*postaladdress.PostalAddress{{RegionCode: "GB"}},
		LanguageCode:    proto.String("en"), ExternalIds: map[string]string{"crm": "1", "erp": "2"}, Tags: []string{"a", "b"},
		Attributes:      map[string]*rapportv1.AttributeValue{"plan": text1("gold"), "since": text1("x")},
		AcquisitionCost: &money.Money{CurrencyCode: "EUR", Units: 5, Nanos: 7},
		ProspectTime:    now, State: rapportv1.Customer_ACTIVE, CreateTime: now, Etag: `"7"`,
	}
}

func TestResolveMask(t *testing.T) {
	for name, tc := range map[string]struct {
		paths []string
		want  []string
	}{
		"proto and JSON names": {[]string{"display_name", "languageCode"}, []string{"display_name", "language_code"}},
		"duplicates":           {[]string{"tags", "tags", "displayName", "display_name"}, []string{"tags", "display_name"}},
		"elements of maps":     {[]string{"attributes.plan", "externalIds.my-source"}, []string{"attributes.plan", "external_ids.my-source"}},
		"inside a message":     {[]string{"acquisitionCost.currencyCode", "acquisition_cost.units"}, []string{"acquisition_cost.currency_code", "acquisition_cost.units"}},
		"etag is a condition":  {[]string{"etag", "owner"}, []string{"owner"}},
		"only an etag":         {[]string{"etag"}, []string{}},
		"populated": {nil, []string{
			"display_name", "emails", "phones", "postal_addresses", "language_code", "external_ids", "tags", "attributes", "acquisition_cost", "prospect_time",
		}},
		"all": {[]string{"*"}, []string{
			"display_name", "emails", "phones", "postal_addresses", "language_code", "time_zone", "external_ids", "tags", "attributes", "owner",
			"acquisition_source", "acquisition_cost", "referrer", "prospect_time", "service_tier", "occasions", "membership",
			"contact_preference", "contact_interval",
		}},
	} {
		mask, err := aip.ResolveMask(&fieldmaskpb.FieldMask{Paths: tc.paths}, full())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, mask.Paths()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if mask.Empty() != (len(tc.want) == 0) {
			t.Errorf("%s: Empty is %v", name, mask.Empty())
		}
	}
	mask, err := aip.ResolveMask(nil, &rapportv1.Customer{Name: "customers/" + idA, Etag: `"7"`, State: rapportv1.Customer_DELETED})
	if err != nil || !mask.Empty() {
		t.Errorf("nothing a client may set: %v, %v", mask.Paths(), err)
	}
}

func TestResolveMaskRefuses(t *testing.T) {
	many := make([]string, 201)
	for i := range many {
		many[i] = "tags"
	}
	for name, tc := range map[string]struct {
		paths []string
		text  string
	}{
		"unknown":            {[]string{"tags", "dispaly_name"}, "did you mean `display_name`?"},
		"unknown inside":     {[]string{"acquisition_cost.unit"}, "did you mean `acquisition_cost.units`?"},
		"star and more":      {[]string{"*", "tags"}, "stands alone"},
		"star inside":        {[]string{"attributes", "acquisition_cost.*"}, "no field"},
		"identifier":         {[]string{"name"}, "never changes"},
		"output only":        {[]string{"createTime"}, "service only"},
		"immutable":          {[]string{"type"}, "never changes"},
		"into a scalar":      {[]string{"display_name.x"}, "inside `display_name`"},
		"into a list":        {[]string{"phones.number"}, "inside `phones`"},
		"into an index":      {[]string{"phones.0"}, "inside `phones`"},
		"into a time":        {[]string{"prospect_time.seconds"}, "inside `prospect_time`"},
		"into an element":    {[]string{"attributes.plan.string_value"}, "one key"},
		"key with a dot":     {[]string{"attributes.a.b"}, "one key"},
		"no key":             {[]string{"attributes."}, "one key"},
		"empty":              {[]string{""}, "no field"},
		"dot":                {[]string{"."}, "no field"},
		"spaces":             {[]string{" tags"}, "no field"},
		"comma":              {[]string{"tags,owner"}, "no field"},
		"other case":         {[]string{"Tags"}, "did you mean `tags`?"},
		"many":               {many, "more than 200"},
		"ten thousand paths": {make([]string, 10_000), "more than 200"},
		"long":               {[]string{"attributes." + strings.Repeat("x", 200)}, "longer than"},
		"etag inside":        {[]string{"etag.x"}, "inside `etag`"},
	} {
		_, err := aip.ResolveMask(&fieldmaskpb.FieldMask{Paths: tc.paths}, full())
		if text := wantViolation(t, name, err, rapportv1.ErrorReason_INVALID_UPDATE_MASK, "update_mask"); !strings.Contains(text, tc.text) {
			t.Errorf("%s: %q, want %q", name, text, tc.text)
		}
	}
}

func TestMaskApply(t *testing.T) {
	forged := &rapportv1.Customer{
		Name: "customers/" + idB, Uid: idB, Type: rapportv1.Customer_ORGANIZATION, DisplayName: "Bob", Etag: `"9"`, State: rapportv1.Customer_DELETED,
		Phones:          []*rapportv1.PhoneNumber{{Number: "1", E164: "+1 forged"}},
		Attributes:      map[string]*rapportv1.AttributeValue{"plan": text1("silver"), "new": text1("n")},
		ExternalIds:     map[string]string{"crm": "9"},
		AcquisitionCost: &money.Money{Units: 9},
	}
	for name, tc := range map[string]struct {
		paths []string
		src   *rapportv1.Customer
		want  func(*rapportv1.Customer)
	}{
		"one field": {[]string{"display_name"}, forged, func(c *rapportv1.Customer) { c.DisplayName = "Bob" }},
		"cleared": {[]string{"tags", "language_code", "acquisition_cost", "prospect_time"}, forged, func(c *rapportv1.Customer) {
			c.Tags, c.LanguageCode, c.AcquisitionCost, c.ProspectTime = nil, nil, &money.Money{Units: 9}, nil
		}},
		"elements": {[]string{"attributes.plan", "attributes.since", "attributes.none", "external_ids.erp"}, forged, func(c *rapportv1.Customer) {
			c.Attributes, c.ExternalIds = map[string]*rapportv1.AttributeValue{"plan": text1("silver")}, map[string]string{"crm": "1"}
		}},
		"element added":   {[]string{"attributes.new"}, forged, func(c *rapportv1.Customer) { c.Attributes["new"] = text1("n") }},
		"whole map":       {[]string{"attributes"}, forged, func(c *rapportv1.Customer) { c.Attributes = forged.GetAttributes() }},
		"map and element": {[]string{"attributes.since", "attributes"}, forged, func(c *rapportv1.Customer) { c.Attributes = forged.GetAttributes() }},
		"inside a message": {[]string{"acquisition_cost.units", "acquisition_cost.nanos"}, forged, func(c *rapportv1.Customer) {
			c.AcquisitionCost.Units, c.AcquisitionCost.Nanos = 9, 0
		}},
		"inside what is not there": {[]string{"acquisition_cost.units"}, &rapportv1.Customer{}, func(c *rapportv1.Customer) { c.AcquisitionCost.Units = 0 }},
		"output only inside a list": {[]string{"phones"}, forged, func(c *rapportv1.Customer) {
			c.Phones = []*rapportv1.PhoneNumber{{Number: "1"}}
		}},
		"all": {[]string{"*"}, forged, func(c *rapportv1.Customer) {
			proto.Reset(c)
			proto.Merge(c, forged)
			old := full()
			c.Name, c.Uid, c.Type, c.Etag, c.State, c.CreateTime = old.GetName(), old.GetUid(), old.GetType(), old.GetEtag(), old.GetState(), old.GetCreateTime()
			c.Phones[0].E164 = ""
		}},
		"populated": {nil, &rapportv1.Customer{Name: "x", Tags: []string{"c"}}, func(c *rapportv1.Customer) { c.Tags = []string{"c"} }},
	} {
		mask, err := aip.ResolveMask(&fieldmaskpb.FieldMask{Paths: tc.paths}, tc.src)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, want, src := full(), full(), proto.Clone(tc.src)
		mask.Apply(got, src)
		tc.want(want)
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(tc.src, src, protocmp.Transform()); diff != "" {
			t.Errorf("%s: the source changed: %s", name, diff)
		}
		before := proto.Clone(got)
		scribble(src.ProtoReflect())
		if !proto.Equal(before, got) {
			t.Errorf("%s: the result shares memory with the source", name)
		}
	}
	empty := &rapportv1.Customer{}
	mask, _ := aip.ResolveMask(&fieldmaskpb.FieldMask{Paths: []string{"acquisition_cost.units", "attributes.plan"}}, empty)
	if mask.Apply(empty, &rapportv1.Customer{}); !proto.Equal(empty, &rapportv1.Customer{}) {
		t.Errorf("clearing nothing made %v", empty)
	}
}

// scribble changes every text and number in place, below the top level.
func scribble(m protoreflect.Message) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsList() && fd.Message() == nil:
			v.List().Set(0, protoreflect.ValueOfString("scribbled"))
		case fd.IsList():
			for i := range v.List().Len() {
				clearAll(v.List().Get(i).Message())
			}
		case fd.IsMap() && fd.MapValue().Message() == nil:
			v.Map().Set(protoreflect.ValueOfString("scribbled").MapKey(), protoreflect.ValueOfString("x"))
		case fd.IsMap():
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool { clearAll(v.Message()); return true })
		case fd.Message() != nil:
			clearAll(v.Message())
		}
		return true
	})
}

func clearAll(m protoreflect.Message) { proto.Reset(m.Interface()) }

func TestMaskHas(t *testing.T) {
	mask, err := aip.ResolveMask(&fieldmaskpb.FieldMask{Paths: []string{"attributes.plan", "acquisition_cost", "tags"}}, full())
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"tags": true, "acquisition_cost": true, "acquisition_cost.units": true, "attributes": true, "attributes.plan": true,
		"attributes.pla": false, "attributes.planx": false, "attributes.other": false, "acquisition": false, "tag": false, "owner": false, "": false,
	} {
		if got := mask.Has(path); got != want {
			t.Errorf("Has(%q) = %v", path, got)
		}
	}
}

func TestClearUnsettable(t *testing.T) {
	got, want := full(), full()
	aip.ClearUnsettable(got)
	want.Name, want.Uid, want.State, want.CreateTime, want.Phones[0].E164 = "", "", 0, nil, ""
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	change := &rapportv1.Change{Name: "changes/x", Fields: []*rapportv1.Change_FieldChange{{Path: "x"}}}
	if aip.ClearUnsettable(change); proto.Size(change) != 0 {
		t.Errorf("a change keeps %v", change)
	}
}

// TestResolveMergeMask: maps and records are merged, and what is one fact is not.
func TestResolveMergeMask(t *testing.T) {
	c := full()
	c.Membership = &rapportv1.Membership{Level: proto.String("gold"), StartTime: &timestamppb.Timestamp{}}
	c.ContactPreference = &rapportv1.ContactPreference{DoNotContact: proto.Bool(false), Consents: []*rapportv1.ContactPreference_Consent{{Purpose: "x"}}}
	c.ContactInterval = &durationpb.Duration{Seconds: 1}
	mask, err := aip.ResolveMergeMask(nil, c)
	if err != nil {
		t.Fatal(err)
	}
	var records []string
	for _, path := range mask.Paths() {
		if strings.HasPrefix(path, "acq") || strings.HasPrefix(path, "att") || strings.HasPrefix(path, "mem") || strings.HasPrefix(path, "contact_") {
			records = append(records, path)
		}
	}
	if diff := cmp.Diff([]string{
		"attributes.plan", "attributes.since", "acquisition_cost", "membership.level", "membership.start_time",
		"contact_preference.consents", "contact_preference.do_not_contact", "contact_interval",
	}, records); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	given, err := aip.ResolveMergeMask(&fieldmaskpb.FieldMask{Paths: []string{"membership"}}, c)
	if err != nil || len(given.Paths()) != 1 || given.Paths()[0] != "membership" {
		t.Errorf("a mask of the caller's became %v, %v", given.Paths(), err)
	}
}

// FuzzMask checks that no paths make a panic, that what is taken is taken again from
// its own Paths, and that Apply leaves alone what a client may not set.
func FuzzMask(f *testing.F) {
	for _, seed := range []string{
		"", "*", "display_name", "attributes.plan\nexternal_ids.crm", "acquisitionCost.units", "phones", "name", "attributes..", ".", "a.b.c\x00\xff",
		"postal_addresses.0.lines", "prospect_time.seconds", strings.Repeat("a.", 500), "attributes\nattributes.plan\ntags\netag",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, paths string) {
		src := full()
		src.Name, src.Type, src.State = "forged", rapportv1.Customer_ORGANIZATION, rapportv1.Customer_DELETED
		mask, err := aip.ResolveMask(&fieldmaskpb.FieldMask{Paths: strings.Split(paths, "\n")}, src)
		if err != nil {
			wantViolation(t, fmt.Sprintf("%q", paths), err, rapportv1.ErrorReason_INVALID_UPDATE_MASK, "update_mask")
			return
		}
		if !mask.Empty() {
			again, err := aip.ResolveMask(&fieldmaskpb.FieldMask{Paths: mask.Paths()}, src)
			if diff := cmp.Diff(mask.Paths(), again.Paths()); err != nil || diff != "" {
				t.Errorf("%q: %v, %s", paths, err, diff)
			}
		}
		dst := full()
		mask.Apply(dst, src)
		if old := full(); dst.GetName() != old.GetName() || dst.GetType() != old.GetType() || dst.GetState() != old.GetState() || dst.GetEtag() != old.GetEtag() {
			t.Errorf("%q: changed %v", paths, dst)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	b.ReportAllocs()
	src, dst := full(), full()
	paths := &fieldmaskpb.FieldMask{Paths: []string{"display_name", "attributes.plan"}}
	for b.Loop() {
		mask, err := aip.ResolveMask(paths, src)
		if err != nil {
			b.Fatal(err)
		}
		mask.Apply(dst, src)
	}
}
