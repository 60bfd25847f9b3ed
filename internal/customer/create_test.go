package customer_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func TestCreateEveryField(t *testing.T) {
	s := apitest.Start(t)
	referrer := create(t, s, ada())
	c, id := full(), newID(t)
	c.Referrer, c.ServiceTier = proto.String(referrer.GetName()), proto.String(tier(t, s, 7))
	before := time.Now().Truncate(time.Microsecond)
	made, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: c, CustomerId: id})
	if err != nil {
		t.Fatal(err)
	}
	want := proto.CloneOf(c)
	want.Name, want.Uid, want.Etag, want.State = "customers/"+id, id, `"1"`, rapportv1.Customer_ACTIVE
	want.Phones[0].E164, want.Phones[1].E164 = "+442071838750", "+861065529988"
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	dueIn(want, 30)
	apitest.WantEqual(t, made, want)
	if at := made.GetCreateTime().AsTime(); at.Before(before) || at.After(time.Now()) || at.Nanosecond()%1000 != 0 {
		t.Errorf("create time %s is not now to the microsecond", at)
	}
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
}

func TestCreateNormalises(t *testing.T) {
	s := apitest.Start(t)
	c := ada()
	c.Emails = []*rapportv1.EmailAddress{{Address: "Ada.LOVELACE@Example.COM"}}
	c.LanguageCode, c.TimeZone, c.Owner = proto.String("zh-hans-cn"), proto.String(""), proto.String("")
	c.Tags = []string{"b", "a", "b"}
	c.ProspectTime = &timestamppb.Timestamp{Seconds: 1, Nanos: 1999}
	c.Occasions = []*rapportv1.Occasion{{Type: rapportv1.Occasion_BIRTHDAY, Date: &date.Date{Year: 2000, Month: 2, Day: 29}, Label: proto.String("")}}
	c.Membership = &rapportv1.Membership{Number: proto.String(""), Level: proto.String("gold"), StartTime: &timestamppb.Timestamp{Nanos: 1999}}
	c.ContactPreference = &rapportv1.ContactPreference{
		PauseEndTime: &timestamppb.Timestamp{Nanos: 1999},
		Consents: []*rapportv1.ContactPreference_Consent{
			{Channel: rapportv1.Channel_SMS, Purpose: "a", ConsentTime: &timestamppb.Timestamp{Nanos: 1999}, Evidence: proto.String("")},
			{Channel: rapportv1.Channel_PHONE, Purpose: "b", ConsentTime: &timestamppb.Timestamp{}},
			{Channel: rapportv1.Channel_PHONE, Purpose: "a", ConsentTime: &timestamppb.Timestamp{}},
		},
	}
	c.Attributes = map[string]*rapportv1.AttributeValue{"at": instant(1, 999), "zero": number(negativeZero())}
	made := create(t, s, c)
	want := proto.CloneOf(made)
	want.Emails[0].Address = "ada.lovelace@example.com"
	want.LanguageCode, want.TimeZone, want.Owner = proto.String("zh-Hans-CN"), nil, nil
	want.Tags = []string{"a", "b"}
	want.ProspectTime = &timestamppb.Timestamp{Seconds: 1, Nanos: 1000}
	want.Occasions[0].Label, want.Membership.Number, want.Membership.StartTime = nil, nil, &timestamppb.Timestamp{Nanos: 1000}
	want.ContactPreference = &rapportv1.ContactPreference{
		DoNotContact: proto.Bool(false), PauseEndTime: &timestamppb.Timestamp{Nanos: 1000},
		Consents: []*rapportv1.ContactPreference_Consent{
			{Channel: rapportv1.Channel_PHONE, Purpose: "a", ConsentTime: &timestamppb.Timestamp{}},
			{Channel: rapportv1.Channel_PHONE, Purpose: "b", ConsentTime: &timestamppb.Timestamp{}},
			{Channel: rapportv1.Channel_SMS, Purpose: "a", ConsentTime: &timestamppb.Timestamp{Nanos: 1000}},
		},
	}
	want.Attributes = map[string]*rapportv1.AttributeValue{"at": instant(1, 0), "zero": number(0)}
	apitest.WantEqual(t, made, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	if math.Signbit(made.GetAttributes()["zero"].GetDoubleValue()) {
		t.Error("the answer says -0, which is not what is stored")
	}
}

// A membership and a preference that say nothing are none.
func TestCreateOfNothingSaid(t *testing.T) {
	s := apitest.Start(t)
	c := ada()
	c.Membership = &rapportv1.Membership{Number: proto.String(""), Level: proto.String("")}
	c.ContactPreference = &rapportv1.ContactPreference{DoNotContact: proto.Bool(false)}
	c.ServiceTier = proto.String("")
	made := create(t, s, c)
	want := proto.CloneOf(made)
	want.Membership, want.ContactPreference, want.ServiceTier = nil, nil, nil
	apitest.WantEqual(t, made, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
}

// Somebody born today may be so already where it is tomorrow, but not a day later.
func TestTodayIsNotToCome(t *testing.T) {
	s := apitest.Start(t)
	c := ada()
	c.Occasions = []*rapportv1.Occasion{{Type: rapportv1.Occasion_BIRTHDAY, Date: dayIn(0)}}
	create(t, s, c)
}

func negativeZero() float64 { zero := 0.0; return -1 * zero }

func TestCreateIgnoresOutputOnly(t *testing.T) {
	s := apitest.Start(t)
	c := ada()
	old := timestamppb.New(time.Unix(1, 0))
	c.Name, c.Uid, c.Etag, c.State = unknown, "x", `"9"`, rapportv1.Customer_DELETED
	c.CreateTime, c.UpdateTime, c.DeleteTime, c.PurgeTime = old, old, old, old
	c.LastContactTime, c.NextContactTime, c.ContactOverdueRatio = old, old, proto.Float64(3)
	c.Phones = []*rapportv1.PhoneNumber{{Number: "no number", E164: "+442071838750"}}
	made := create(t, s, c)
	want := ada()
	want.Name, want.Uid, want.Etag, want.State = made.GetName(), made.GetUid(), `"1"`, rapportv1.Customer_ACTIVE
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	want.Phones = []*rapportv1.PhoneNumber{{Number: "no number"}}
	if made.GetName() == unknown || made.GetCreateTime().GetSeconds() == 1 {
		t.Errorf("made with the caller's name or time: %v", made)
	}
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
}

// createRefusals are changes of a good customer and the fields that they make wrong.
var createRefusals = map[string]struct {
	change func(*rapportv1.Customer)
	fields []string
}{
	"nothing":             {func(c *rapportv1.Customer) { proto.Reset(c) }, []string{"customer.type", "customer.display_name"}},
	"no type":             {func(c *rapportv1.Customer) { c.Type = 0 }, []string{"customer.type"}},
	"unknown type":        {func(c *rapportv1.Customer) { c.Type = 77 }, []string{"customer.type"}},
	"unknown source":      {func(c *rapportv1.Customer) { c.AcquisitionSource = 77 }, []string{"customer.acquisition_source"}},
	"no name":             {func(c *rapportv1.Customer) { c.DisplayName = "" }, []string{"customer.display_name"}},
	"long name":           {func(c *rapportv1.Customer) { c.DisplayName = strings.Repeat("名", 201) }, []string{"customer.display_name"}},
	"21 e-mails":          {func(c *rapportv1.Customer) { c.Emails = emails(21) }, []string{"customer.emails"}},
	"no address":          {func(c *rapportv1.Customer) { c.Emails[1].Address = "" }, []string{"customer.emails[1].address"}},
	"name and address":    {func(c *rapportv1.Customer) { c.Emails[0].Address = "Ada <a@b.c>" }, []string{"customer.emails[0].address"}},
	"no domain":           {func(c *rapportv1.Customer) { c.Emails[0].Address = "ada@" }, []string{"customer.emails[0].address"}},
	"long address":        {func(c *rapportv1.Customer) { c.Emails[0].Address = longEmail("a", 255) }, []string{"customer.emails[0].address"}},
	"long in lower case":  {func(c *rapportv1.Customer) { c.Emails[0].Address = longEmail("Ⱥ", 253) }, []string{"customer.emails[0].address"}},
	"address twice":       {func(c *rapportv1.Customer) { c.Emails[1].Address = "ADA@example.com" }, []string{"customer.emails[1].address"}},
	"two primary e-mails": {func(c *rapportv1.Customer) { c.Emails[0].Primary = true }, []string{"customer.emails[1].primary"}},
	"21 phones":           {func(c *rapportv1.Customer) { c.Phones = phones(21) }, []string{"customer.phones"}},
	"no number":           {func(c *rapportv1.Customer) { c.Phones[1].Number = "" }, []string{"customer.phones[1].number"}},
	"long number":         {func(c *rapportv1.Customer) { c.Phones[0].Number = strings.Repeat("1", 65) }, []string{"customer.phones[0].number"}},
	"number twice":        {func(c *rapportv1.Customer) { c.Phones[1].Number = c.GetPhones()[0].GetNumber() }, []string{"customer.phones[1].number"}},
	"two primary phones":  {func(c *rapportv1.Customer) { c.Phones[1].Primary = true }, []string{"customer.phones[1].primary"}},
	"11 addresses": {func(c *rapportv1.Customer) {
		c.PostalAddresses = times(11, func(int) *postaladdress.PostalAddress { return &postaladdress.PostalAddress{RegionCode: "CN"} })
	}, []string{"customer.postal_addresses"}},
	"no region":    {func(c *rapportv1.Customer) { c.PostalAddresses[1].RegionCode = "" }, []string{"customer.postal_addresses[1].region_code"}},
	"lower region": {func(c *rapportv1.Customer) { c.PostalAddresses[0].RegionCode = "gb" }, []string{"customer.postal_addresses[0].region_code"}},
	"revision":     {func(c *rapportv1.Customer) { c.PostalAddresses[0].Revision = 1 }, []string{"customer.postal_addresses[0].revision"}},
	"long line": {
		func(c *rapportv1.Customer) { c.PostalAddresses[0].AddressLines[1] = strings.Repeat("名", 201) },
		[]string{"customer.postal_addresses[0].address_lines[1]"},
	},
	"long locality": {
		func(c *rapportv1.Customer) { c.PostalAddresses[0].Locality = strings.Repeat("x", 201) },
		[]string{"customer.postal_addresses[0].locality"},
	},
	"11 lines": {
		func(c *rapportv1.Customer) { c.PostalAddresses[0].AddressLines = make([]string, 11) },
		[]string{"customer.postal_addresses[0].address_lines"},
	},
	"11 recipients": {
		func(c *rapportv1.Customer) { c.PostalAddresses[0].Recipients = make([]string, 11) },
		[]string{"customer.postal_addresses[0].recipients"},
	},
	"no language":     {func(c *rapportv1.Customer) { c.LanguageCode = proto.String("klingonish") }, []string{"customer.language_code"}},
	"long language":   {func(c *rapportv1.Customer) { c.LanguageCode = proto.String("x-" + strings.Repeat("abcdefgh-", 4)) }, []string{"customer.language_code"}},
	"no zone":         {func(c *rapportv1.Customer) { c.TimeZone = proto.String("Mars/Olympus") }, []string{"customer.time_zone"}},
	"local zone":      {func(c *rapportv1.Customer) { c.TimeZone = proto.String("Local") }, []string{"customer.time_zone"}},
	"zone as path":    {func(c *rapportv1.Customer) { c.TimeZone = proto.String("../../etc/passwd") }, []string{"customer.time_zone"}},
	"21 external ids": {func(c *rapportv1.Customer) { c.ExternalIds = externalIDs(21) }, []string{"customer.external_ids"}},
	"empty id":        {func(c *rapportv1.Customer) { c.ExternalIds = map[string]string{"erp": ""} }, []string{`customer.external_ids["erp"]`}},
	"long id":         {func(c *rapportv1.Customer) { c.ExternalIds = map[string]string{"erp": strings.Repeat("x", 201)} }, []string{`customer.external_ids["erp"]`}},
	"source in caps":  {func(c *rapportv1.Customer) { c.ExternalIds = map[string]string{"ERP": "1"} }, []string{`customer.external_ids["ERP"]`}},
	"source of 64":    {func(c *rapportv1.Customer) { c.ExternalIds = map[string]string{strings.Repeat("e", 64): "1"} }, []string{`customer.external_ids["` + strings.Repeat("e", 64) + `"]`}},
	"51 tags":         {func(c *rapportv1.Customer) { c.Tags = tags(51) }, []string{"customer.tags"}},
	"empty tag":       {func(c *rapportv1.Customer) { c.Tags = []string{"a", ""} }, []string{"customer.tags[1]"}},
	"long tag":        {func(c *rapportv1.Customer) { c.Tags = []string{strings.Repeat("名", 65)} }, []string{"customer.tags[0]"}},
	"65 attributes":   {func(c *rapportv1.Customer) { c.Attributes = attributes(65) }, []string{"customer.attributes"}},
	"key with a dot":  {func(c *rapportv1.Customer) { c.Attributes = map[string]*rapportv1.AttributeValue{"a.b": text("x")} }, []string{`customer.attributes["a.b"]`}},
	"key of a digit":  {func(c *rapportv1.Customer) { c.Attributes = map[string]*rapportv1.AttributeValue{"1a": text("x")} }, []string{`customer.attributes["1a"]`}},
	"no value":        {func(c *rapportv1.Customer) { c.Attributes = map[string]*rapportv1.AttributeValue{"a": {}} }, []string{`customer.attributes["a"].kind`}},
	"long value": {func(c *rapportv1.Customer) {
		c.Attributes = map[string]*rapportv1.AttributeValue{"a": text(strings.Repeat("名", 1001))}
	}, []string{`customer.attributes["a"].string_value`}},
	"infinite value": {func(c *rapportv1.Customer) {
		c.Attributes = map[string]*rapportv1.AttributeValue{"a": number(1 / negativeZero())}
	}, []string{`customer.attributes["a"].double_value`}},
	"year 0 in an attribute": {func(c *rapportv1.Customer) {
		c.Attributes = map[string]*rapportv1.AttributeValue{"a": instant(-62135596801, 0)}
	}, []string{"customer.attributes.a"}},
	"long owner":     {func(c *rapportv1.Customer) { c.Owner = proto.String(strings.Repeat("x", 201)) }, []string{"customer.owner"}},
	"year 10000":     {func(c *rapportv1.Customer) { c.ProspectTime = &timestamppb.Timestamp{Seconds: 253402300800} }, []string{"customer.prospect_time"}},
	"wrong nanos":    {func(c *rapportv1.Customer) { c.ProspectTime = &timestamppb.Timestamp{Nanos: -1} }, []string{"customer.prospect_time"}},
	"currency":       {func(c *rapportv1.Customer) { c.AcquisitionCost.CurrencyCode = "eur" }, []string{"customer.acquisition_cost.currency_code"}},
	"negative cost":  {func(c *rapportv1.Customer) { c.AcquisitionCost.Units = -1 }, []string{"customer.acquisition_cost.units"}},
	"nanos of money": {func(c *rapportv1.Customer) { c.AcquisitionCost.Nanos = 1_000_000_000 }, []string{"customer.acquisition_cost.nanos"}},
	"empty money": {
		func(c *rapportv1.Customer) { c.AcquisitionCost = &money.Money{} },
		[]string{"customer.acquisition_cost.currency_code"},
	},
	"referrer": {func(c *rapportv1.Customer) { c.Referrer = proto.String("customers/x") }, []string{"customer.referrer"}},
	"tier":     {func(c *rapportv1.Customer) { c.ServiceTier = proto.String("serviceTiers/-") }, []string{"customer.service_tier"}},
	"customer as tier": {
		func(c *rapportv1.Customer) { c.ServiceTier = proto.String(unknown) }, []string{"customer.service_tier"},
	},
	"unknown tier": {
		func(c *rapportv1.Customer) { c.ServiceTier = proto.String(unknownTier) }, []string{"customer.service_tier"},
	},
	"21 occasions": {func(c *rapportv1.Customer) {
		c.Occasions = times(21, func(i int) *rapportv1.Occasion {
			return &rapportv1.Occasion{Type: rapportv1.Occasion_BIRTHDAY, Date: &date.Date{Month: 1, Day: int32(i + 1)}}
		})
	}, []string{"customer.occasions"}},
	"no kind":         {func(c *rapportv1.Customer) { c.Occasions[0].Type = 0 }, []string{"customer.occasions[0].type"}},
	"unknown kind":    {func(c *rapportv1.Customer) { c.Occasions[0].Type = 77 }, []string{"customer.occasions[0].type"}},
	"no date":         {func(c *rapportv1.Customer) { c.Occasions[1].Date = nil }, []string{"customer.occasions[1].date"}},
	"no month":        {func(c *rapportv1.Customer) { c.Occasions[0].Date.Month = 0 }, []string{"customer.occasions[0].date"}},
	"no day":          {func(c *rapportv1.Customer) { c.Occasions[0].Date.Day = 0 }, []string{"customer.occasions[0].date"}},
	"30 February":     {func(c *rapportv1.Customer) { c.Occasions[0].Date.Day = 30 }, []string{"customer.occasions[0].date"}},
	"no leap year":    {func(c *rapportv1.Customer) { c.Occasions[0].Date.Year = 1900 }, []string{"customer.occasions[0].date"}},
	"13th month":      {func(c *rapportv1.Customer) { c.Occasions[0].Date.Month = 13 }, []string{"customer.occasions[0].date"}},
	"negative day":    {func(c *rapportv1.Customer) { c.Occasions[0].Date.Day = -1 }, []string{"customer.occasions[0].date"}},
	"negative year":   {func(c *rapportv1.Customer) { c.Occasions[0].Date.Year = -4 }, []string{"customer.occasions[0].date"}},
	"five digits":     {func(c *rapportv1.Customer) { c.Occasions[0].Date.Year = 10_000 }, []string{"customer.occasions[0].date"}},
	"born in 9996":    {func(c *rapportv1.Customer) { c.Occasions[0].Date.Year = 9996 }, []string{"customer.occasions[0].date"}},
	"born in 2 days":  {func(c *rapportv1.Customer) { c.Occasions[0].Date = dayIn(2) }, []string{"customer.occasions[0].date"}},
	"no label":        {func(c *rapportv1.Customer) { c.Occasions[1].Label = proto.String("") }, []string{"customer.occasions[1].label"}},
	"long label":      {func(c *rapportv1.Customer) { c.Occasions[1].Label = proto.String(strings.Repeat("名", 201)) }, []string{"customer.occasions[1].label"}},
	"occasion twice":  {func(c *rapportv1.Customer) { c.Occasions[1] = c.GetOccasions()[0] }, []string{"customer.occasions[1]"}},
	"long number of":  {func(c *rapportv1.Customer) { c.Membership.Number = proto.String(strings.Repeat("1", 201)) }, []string{"customer.membership.number"}},
	"long level":      {func(c *rapportv1.Customer) { c.Membership.Level = proto.String(strings.Repeat("1", 201)) }, []string{"customer.membership.level"}},
	"year 0 of start": {func(c *rapportv1.Customer) { c.Membership.StartTime.Seconds = -62135596801 }, []string{"customer.membership.start_time"}},
	"ends before": {
		func(c *rapportv1.Customer) { c.Membership.ExpireTime = &timestamppb.Timestamp{Seconds: 1_700_000_000} },
		[]string{"customer.membership.expire_time"},
	},
	"preferred":     {func(c *rapportv1.Customer) { c.ContactPreference.PreferredChannel = 77 }, []string{"customer.contact_preference.preferred_channel"}},
	"endless pause": {func(c *rapportv1.Customer) { c.ContactPreference.PauseEndTime.Seconds = 253402300800 }, []string{"customer.contact_preference.pause_end_time"}},
	"51 consents":   {func(c *rapportv1.Customer) { c.ContactPreference.Consents = consents(51) }, []string{"customer.contact_preference.consents"}},
	"no purpose":    {func(c *rapportv1.Customer) { c.ContactPreference.Consents[1].Purpose = "" }, []string{"customer.contact_preference.consents[1].purpose"}},
	"long purpose": {
		func(c *rapportv1.Customer) { c.ContactPreference.Consents[1].Purpose = strings.Repeat("名", 201) },
		[]string{"customer.contact_preference.consents[1].purpose"},
	},
	"channel of one":  {func(c *rapportv1.Customer) { c.ContactPreference.Consents[0].Channel = 77 }, []string{"customer.contact_preference.consents[0].channel"}},
	"no consent time": {func(c *rapportv1.Customer) { c.ContactPreference.Consents[0].ConsentTime = nil }, []string{"customer.contact_preference.consents[0].consent_time"}},
	"consent to come": {
		func(c *rapportv1.Customer) {
			c.ContactPreference.Consents[0].ConsentTime = timestamppb.New(time.Now().Add(6 * time.Minute))
		},
		[]string{"customer.contact_preference.consents[0].consent_time"},
	},
	"year 0 of one": {
		func(c *rapportv1.Customer) { c.ContactPreference.Consents[0].ConsentTime.Seconds = -62135596801 },
		[]string{"customer.contact_preference.consents[0].consent_time"},
	},
	"long evidence": {
		func(c *rapportv1.Customer) {
			c.ContactPreference.Consents[1].Evidence = proto.String(strings.Repeat("名", 1001))
		},
		[]string{"customer.contact_preference.consents[1].evidence"},
	},
	"consent twice": {func(c *rapportv1.Customer) {
		c.ContactPreference.Consents[0].Purpose, c.ContactPreference.Consents[0].Channel = "newsletter", rapportv1.Channel_EMAIL
	}, []string{"customer.contact_preference.consents[1]"}},
	"no interval":       {func(c *rapportv1.Customer) { c.ContactInterval = days(0) }, []string{"customer.contact_interval"}},
	"3,651 days":        {func(c *rapportv1.Customer) { c.ContactInterval = days(3651) }, []string{"customer.contact_interval"}},
	"negative interval": {func(c *rapportv1.Customer) { c.ContactInterval = days(-1) }, []string{"customer.contact_interval"}},
	"a day and an hour": {func(c *rapportv1.Customer) { c.ContactInterval.Seconds += 3600 }, []string{"customer.contact_interval"}},
	"a day and a nano":  {func(c *rapportv1.Customer) { c.ContactInterval.Nanos = 1 }, []string{"customer.contact_interval"}},
	"endless interval":  {func(c *rapportv1.Customer) { c.ContactInterval.Seconds = math.MaxInt64 }, []string{"customer.contact_interval"}},
	"long etag": {
		func(c *rapportv1.Customer) { c.Etag = strings.Repeat("1", 65) },
		[]string{"customer.etag"},
	},
	"several": {func(c *rapportv1.Customer) {
		c.Type, c.DisplayName, c.TimeZone, c.PostalAddresses[1].RegionCode = 0, "", proto.String("x"), "XX1"
	}, []string{"customer.type", "customer.display_name", "customer.time_zone", "customer.postal_addresses[1].region_code"}},
}

const unknownTier = "serviceTiers/0198c0de-0000-7000-8000-00000000dead"

// dayIn returns the day in so many days, of UTC.
func dayIn(days int) *date.Date {
	at := time.Now().UTC().AddDate(0, 0, days)
	return &date.Date{Year: int32(at.Year()), Month: int32(at.Month()), Day: int32(at.Day())}
}

func consents(n int) []*rapportv1.ContactPreference_Consent {
	return times(n, func(i int) *rapportv1.ContactPreference_Consent {
		return &rapportv1.ContactPreference_Consent{Purpose: fmt.Sprintf("p%02d", i), ConsentTime: &timestamppb.Timestamp{Seconds: 1}}
	})
}

func TestCreateRefusals(t *testing.T) {
	s := apitest.Start(t)
	for name, test := range createRefusals {
		t.Run(name, func(t *testing.T) {
			c := full()
			test.change(c)
			_, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: c})
			apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, test.fields...)
			if name == "nothing" {
				return // an update changes nothing then, which is another refusal
			}
			// An update that would leave the same behind is refused alike.
			made := create(t, s, ada())
			c.Name = made.GetName()
			_, err = s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: c, UpdateMask: mask("*")})
			if name == "no type" || name == "several" {
				test.fields = test.fields[1:] // the type is not the update's to set
			}
			if len(test.fields) > 0 {
				apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, test.fields...)
				apitest.WantEqual(t, get(t, s, made.GetName()), made)
			}
		})
	}
	var left int
	if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM external_id`).Scan(&left); err != nil || left != 2 {
		t.Errorf("%d external ids are left, %v: only the update without a type may have left its two", left, err)
	}
}

func TestCreateRefusesRequestFields(t *testing.T) {
	s := apitest.Start(t)
	for name, test := range map[string]struct {
		req   *rapportv1.CreateCustomerRequest
		field string
	}{
		"no customer":   {&rapportv1.CreateCustomerRequest{}, "customer"},
		"short id":      {&rapportv1.CreateCustomerRequest{Customer: ada(), CustomerId: "x"}, "customer_id"},
		"long id":       {&rapportv1.CreateCustomerRequest{Customer: ada(), CustomerId: strings.Repeat("0", 37)}, "customer_id"},
		"id in caps":    {&rapportv1.CreateCustomerRequest{Customer: ada(), CustomerId: "0198C0DE-0000-7000-8000-000000000001"}, "customer_id"},
		"nil id":        {&rapportv1.CreateCustomerRequest{Customer: ada(), CustomerId: "00000000-0000-0000-0000-000000000000"}, "customer_id"},
		"id of a dash":  {&rapportv1.CreateCustomerRequest{Customer: ada(), CustomerId: "-"}, "customer_id"},
		"no request id": {&rapportv1.CreateCustomerRequest{Customer: ada(), RequestId: "x"}, "request_id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Customers.CreateCustomer(t.Context(), test.req)
			apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, test.field)
		})
	}
}

func TestCreateAtTheLimits(t *testing.T) {
	s := apitest.Start(t)
	c := ada()
	c.DisplayName = strings.Repeat("𝔸", 200)
	c.Emails, c.Phones, c.Tags, c.Attributes, c.ExternalIds = emails(20), phones(20), tags(50), attributes(64), externalIDs(20)
	c.Emails[0].Address, c.Phones[0].Number = longEmail("a", 254), strings.Repeat("電", 64)
	c.Tags[0], c.Owner = strings.Repeat("𝔸", 64), proto.String(strings.Repeat("員", 200))
	c.Attributes["a0"], c.ExternalIds["s0"] = text(strings.Repeat("𝔸", 1000)), strings.Repeat("𝔸", 200)
	c.AcquisitionCost = &money.Money{CurrencyCode: "JPY", Units: 1<<63 - 1, Nanos: 999_999_999}
	c.ProspectTime = &timestamppb.Timestamp{Seconds: 253402300799, Nanos: 999_999_000}
	c.Occasions = times(20, func(i int) *rapportv1.Occasion {
		return &rapportv1.Occasion{
			Type: rapportv1.Occasion_CUSTOM, Date: &date.Date{Year: 1, Month: 12, Day: int32(i + 1)}, Label: proto.String(strings.Repeat("𝔸", 200)),
		}
	})
	c.Membership = &rapportv1.Membership{
		Number: proto.String(strings.Repeat("号", 200)), Level: proto.String(strings.Repeat("级", 200)),
		StartTime: &timestamppb.Timestamp{Seconds: -62135596800}, ExpireTime: &timestamppb.Timestamp{Seconds: 253402300799, Nanos: 999_999_000},
	}
	c.ContactPreference = &rapportv1.ContactPreference{Consents: consents(50), PauseEndTime: c.GetMembership().GetStartTime()}
	for _, consent := range c.GetContactPreference().GetConsents() {
		consent.Purpose, consent.Evidence = consent.GetPurpose()+strings.Repeat("𝔸", 197), proto.String(strings.Repeat("証", 1000))
		consent.ConsentTime = c.GetMembership().GetStartTime()
	}
	c.ContactInterval = days(3650)
	c.PostalAddresses = times(10, func(int) *postaladdress.PostalAddress {
		return &postaladdress.PostalAddress{
			RegionCode: "CN", Locality: strings.Repeat("市", 200),
			AddressLines: times(10, func(int) string { return strings.Repeat("路", 200) }),
			Recipients:   times(10, func(int) string { return strings.Repeat("人", 200) }),
		}
	})
	made := create(t, s, proto.CloneOf(c))
	got := get(t, s, made.GetName())
	apitest.WantEqual(t, got, made)
	apitest.WantEqual(t, got.GetMembership(), c.GetMembership())
	apitest.WantEqual(t, &rapportv1.Customer{Occasions: got.GetOccasions()}, &rapportv1.Customer{Occasions: c.GetOccasions()})
	if len(got.GetContactPreference().GetConsents()) != 50 {
		t.Errorf("%d consents", len(got.GetContactPreference().GetConsents()))
	}
	for i, consent := range got.GetContactPreference().GetConsents() {
		apitest.WantEqual(t, consent, c.GetContactPreference().GetConsents()[i])
	}
	if got.GetDisplayName() != c.GetDisplayName() || got.GetAttributes()["a0"].GetStringValue() != c.GetAttributes()["a0"].GetStringValue() ||
		got.GetExternalIds()["s0"] != c.GetExternalIds()["s0"] || got.GetPhones()[0].GetNumber() != c.GetPhones()[0].GetNumber() {
		t.Error("a value at its limit did not come back as it was")
	}
}

func TestCreateTakenIDs(t *testing.T) {
	s := apitest.Start(t)
	id := newID(t)
	first := &rapportv1.CreateCustomerRequest{Customer: full(), CustomerId: id}
	if _, err := s.Customers.CreateCustomer(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	_, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: ada(), CustomerId: id})
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_CUSTOMER_ALREADY_EXISTS)
	remove(t, s, "customers/"+id)
	_, err = s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: ada(), CustomerId: id})
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_CUSTOMER_ALREADY_EXISTS)
	c := ada()
	c.ExternalIds = map[string]string{"erp": "4711"}
	_, err = s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{Customer: c})
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
}
