package customer_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestListFilters finds the full customer among others by each of its fields.
func TestListFilters(t *testing.T) {
	s := apitest.Start(t)
	before := time.Now().UTC().Format(time.RFC3339Nano)
	referrer := create(t, s, ada())
	c := full()
	gold, other := tier(t, s, 0), tier(t, s, 0)
	c.Referrer, c.ServiceTier = proto.String(referrer.GetName()), proto.String(gold)
	made := create(t, s, c)
	for _, test := range []struct {
		filter     string
		full, lean bool
	}{
		{`type = ORGANIZATION`, true, false},
		{`type != ORGANIZATION`, false, true},
		{`display_name = "株式会社 Ada & Söhne"`, true, false},
		{`display_name = "株式会社*"`, true, false},
		{`display_name = "*Ada*"`, true, true},
		{`emails.address = "ADA@example.com"`, true, false},
		{`emails.address:*`, true, false},
		{`NOT emails.address = "ada@example.com"`, false, true},
		{`phones.number = "020 7183 8750"`, true, false},
		{`phones.e164 = "+442071838750"`, true, false},
		{`phones.e164 = "+44"`, false, false},
		{`language_code = "zh-Hans-CN"`, true, false},
		{`time_zone = "Asia/Shanghai"`, true, false},
		{`time_zone:*`, true, false},
		{`external_ids.erp = "4711"`, true, false},
		{`external_ids.shop = "4711"`, false, false},
		{`NOT external_ids.erp = "4711"`, false, true},
		{`tags:"vip"`, true, false},
		{`tags:"vip" AND tags:"new"`, true, false},
		{`tags:"vip" AND tags:"old"`, false, false},
		{`NOT tags:*`, false, true},
		{`attributes.plan = "gold"`, true, false},
		{`attributes.plan = "silver"`, false, false},
		{`attributes.plan > "go"`, true, false},
		{`attributes.seats = 12.5`, true, false},
		{`attributes.seats >= 12 AND attributes.seats < 13`, true, false},
		{`attributes.seats = "12.5"`, false, false},
		{`attributes.trial = false`, true, false},
		{`attributes.trial = true`, false, false},
		{`attributes.trial = "false"`, false, false},
		{`attributes.since = 2023-11-14T22:13:20.123456Z`, true, false},
		{`attributes.since < "2024-01-01T00:00:00Z"`, true, false},
		{`attributes.since > 2024-01-01T00:00:00+08:00`, false, false},
		{`attributes.plan:*`, true, false},
		{`NOT attributes.plan:*`, false, true},
		{`owner = "staff-7"`, true, false},
		{`owner = "*7"`, true, false},
		{`owner != "x"`, true, false},
		{`acquisition_source = REFERRAL`, true, false},
		{`acquisition_source = ACQUISITION_SOURCE_UNSPECIFIED`, false, true},
		{`referrer = "` + referrer.GetName() + `"`, true, false},
		{`referrer:*`, true, false},
		{`prospect_time = "2020-09-13T12:26:40.000001Z"`, true, false},
		{`prospect_time < "2020-09-13T12:26:40.000001Z"`, false, false},
		{`service_tier = "` + gold + `"`, true, false},
		{`service_tier = "` + other + `"`, false, false},
		{`service_tier != "` + other + `"`, true, false},
		{`service_tier:*`, true, false},
		{`NOT service_tier:*`, false, true},
		{`membership.level = "gold"`, true, false},
		{`membership.level = "g*"`, true, false},
		{`membership.number = "K-7"`, true, false},
		{`NOT membership.number:*`, false, true},
		{`membership.expire_time < "2031-01-01T00:00:00Z"`, true, false},
		{`membership.expire_time:*`, true, false},
		{`contact_preference.do_not_contact = true`, true, false},
		{`contact_preference.do_not_contact = false`, false, true},
		{`contact_preference.preferred_channel = PHONE`, true, false},
		{`contact_preference.preferred_channel = CHANNEL_UNSPECIFIED`, false, true},
		{`contact_preference.pause_end_time > "2030-01-01T00:00:00Z"`, true, false},
		{`contact_interval = 2592000s`, true, false},
		{`contact_interval >= "86400s"`, true, false},
		{`contact_interval < 2592000.5s`, true, false},
		{`contact_interval > 2592000s`, false, false},
		{`contact_interval:*`, true, false},
		{`last_contact_time:*`, false, false},
		{`NOT last_contact_time:*`, true, true},
		{`satisfaction.nps.rating:*`, false, false},
		{`NOT satisfaction.csat.submit_time:*`, true, true},
		{`create_time >= "` + before + `"`, true, true},
		{`create_time < "` + before + `"`, false, false},
		{`update_time >= "` + made.GetUpdateTime().AsTime().Format(time.RFC3339Nano) + `"`, true, false},
		{`delete_time:*`, false, false},
		{`owner = "staff-7" OR type = INDIVIDUAL`, true, true},
		{`(owner = "x" OR tags:"vip") AND type = ORGANIZATION`, true, false},
		{`owner = "'; DROP TABLE customer; --"`, false, false},
		{`attributes.plan = "\" OR 1=1"`, false, false},
	} {
		resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Filter: test.filter})
		if err != nil {
			t.Errorf("%s: %v", test.filter, err)
			continue
		}
		var gotFull, gotLean bool
		for _, c := range resp.GetCustomers() {
			gotFull = gotFull || c.GetName() == made.GetName()
			gotLean = gotLean || c.GetName() == referrer.GetName()
		}
		if gotFull != test.full || gotLean != test.lean {
			t.Errorf("%s: the full one %t, the lean one %t; want %t, %t", test.filter, gotFull, gotLean, test.full, test.lean)
		}
	}
}
