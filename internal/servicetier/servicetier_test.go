package servicetier_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/dayofweek"
	"google.golang.org/genproto/googleapis/type/timeofday"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

func TestCreateAndGet(t *testing.T) {
	s := apitest.Start(t)
	sent := full()
	sent.Uid, sent.Etag, sent.CreateTime = "x", `"7"`, timestamppb.Now()
	made := create(t, s, sent)
	want := full()
	want.Name, want.Uid, want.Etag = made.GetName(), made.GetUid(), made.GetEtag()
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	apitest.WantEqual(t, made, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	if made.GetName() != "serviceTiers/"+made.GetUid() || made.GetEtag() == `"7"` {
		t.Errorf("made %v", made)
	}

	bare := create(t, s, &rapportv1.ServiceTier{DisplayName: "Bare"})
	if got := get(t, s, bare.GetName()); got.GetCalendar() != nil || got.SilenceDays != nil || got.GetContactInterval() != nil || len(got.GetTargets()) != 0 {
		t.Errorf("got %v", got)
	}
}

// TestNormalForm takes what means the same for the same.
func TestNormalForm(t *testing.T) {
	s := apitest.Start(t)
	monday, tuesday := dayofweek.DayOfWeek_MONDAY, dayofweek.DayOfWeek_TUESDAY
	tier := &rapportv1.ServiceTier{
		DisplayName: "Gold",
		Targets: []*rapportv1.ServiceTier_Target{
			{Priority: rapportv1.Priority_P3, Resolve: hours(1)}, {Priority: rapportv1.Priority_P1, Resolve: hours(1)},
		},
		Calendar: &rapportv1.ServiceTier_Calendar{
			TimeZone: "UTC",
			Hours: []*rapportv1.ServiceTier_Hours{
				{Day: tuesday}, span(monday, 13, 18), span(monday, 8, 12), span(monday, 12, 13), span(monday, 9, 10), span(monday, 20, 21), span(monday, 20, 22),
			},
			Holidays: []*date.Date{{Year: 2027, Month: 1, Day: 2}, {Month: 12, Day: 25}, {Year: 2027, Month: 1, Day: 2}},
		},
	}
	made := create(t, s, tier)
	want := proto.CloneOf(made)
	want.Targets = []*rapportv1.ServiceTier_Target{
		{Priority: rapportv1.Priority_P1, Resolve: hours(1)}, {Priority: rapportv1.Priority_P3, Resolve: hours(1)},
	}
	want.Calendar.Hours = []*rapportv1.ServiceTier_Hours{span(monday, 8, 18), span(monday, 20, 22), span(tuesday, 0, 24)}
	want.Calendar.Holidays = []*date.Date{{Month: 12, Day: 25}, {Year: 2027, Month: 1, Day: 2}}
	apitest.WantEqual(t, get(t, s, made.GetName()), want)

	// The same in another order changes nothing.
	again, err := s.Cases.UpdateServiceTier(t.Context(), &rapportv1.UpdateServiceTierRequest{
		ServiceTier: &rapportv1.ServiceTier{Name: made.GetName(), Calendar: tier.GetCalendar(), Targets: tier.GetTargets()},
	})
	if err != nil || again.GetEtag() != made.GetEtag() {
		t.Errorf("got %v, %v", again, err)
	}
}

func TestCreateRefusals(t *testing.T) {
	s := apitest.Start(t)
	first := create(t, s, full())
	monday := dayofweek.DayOfWeek_MONDAY
	with := func(change func(*rapportv1.ServiceTier)) *rapportv1.ServiceTier {
		tier := full()
		change(tier)
		return tier
	}
	calendar := func(c *rapportv1.ServiceTier_Calendar) *rapportv1.ServiceTier {
		return with(func(tier *rapportv1.ServiceTier) { tier.Calendar = c })
	}
	in := func(h *rapportv1.ServiceTier_Hours) *rapportv1.ServiceTier {
		return calendar(&rapportv1.ServiceTier_Calendar{TimeZone: "UTC", Hours: []*rapportv1.ServiceTier_Hours{h}})
	}
	off := func(d *date.Date) *rapportv1.ServiceTier {
		return calendar(&rapportv1.ServiceTier_Calendar{TimeZone: "UTC", Holidays: []*date.Date{{Month: 12, Day: 25}, d}})
	}
	target := func(all ...*rapportv1.ServiceTier_Target) *rapportv1.ServiceTier {
		return with(func(tier *rapportv1.ServiceTier) { tier.Targets = all })
	}
	p1 := rapportv1.Priority_P1
	var always []*date.Date
	for d := time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() == 2028; d = d.AddDate(0, 0, 1) {
		always = append(always, &date.Date{Month: int32(d.Month()), Day: int32(d.Day())})
	}
	for name, test := range map[string]struct {
		tier   *rapportv1.ServiceTier
		fields []string
	}{
		"nothing":     {nil, []string{"service_tier"}},
		"empty":       {&rapportv1.ServiceTier{}, []string{"service_tier.display_name"}},
		"long name":   {with(func(tier *rapportv1.ServiceTier) { tier.DisplayName = strings.Repeat("x", 201) }), []string{"service_tier.display_name"}},
		"NUL":         {with(func(tier *rapportv1.ServiceTier) { tier.DisplayName = "a\x00" }), []string{"service_tier.display_name"}},
		"no silence":  {with(func(tier *rapportv1.ServiceTier) { tier.SilenceDays = proto.Int32(0) }), []string{"service_tier.silence_days"}},
		"silence":     {with(func(tier *rapportv1.ServiceTier) { tier.SilenceDays = proto.Int32(366) }), []string{"service_tier.silence_days"}},
		"half a day":  {with(func(tier *rapportv1.ServiceTier) { tier.ContactInterval = hours(12) }), []string{"service_tier.contact_interval"}},
		"no interval": {with(func(tier *rapportv1.ServiceTier) { tier.ContactInterval = hours(0) }), []string{"service_tier.contact_interval"}},
		"ten years":   {with(func(tier *rapportv1.ServiceTier) { tier.ContactInterval = hours(3651 * 24) }), []string{"service_tier.contact_interval"}},
		"backwards":   {with(func(tier *rapportv1.ServiceTier) { tier.ContactInterval = hours(-24) }), []string{"service_tier.contact_interval"}},
		"no duration": {
			with(func(tier *rapportv1.ServiceTier) { tier.ContactInterval = &durationpb.Duration{Seconds: 1 << 62} }),
			[]string{"service_tier.contact_interval"},
		},
		"no priority":   {target(&rapportv1.ServiceTier_Target{Resolve: hours(1)}), []string{"service_tier.targets[0].priority"}},
		"no target":     {target(&rapportv1.ServiceTier_Target{Priority: p1}), []string{"service_tier.targets[0]"}},
		"at once":       {target(&rapportv1.ServiceTier_Target{Priority: p1, Resolve: hours(0)}), []string{"service_tier.targets[0].resolve"}},
		"in two years":  {target(&rapportv1.ServiceTier_Target{Priority: p1, FirstResponse: hours(10001)}), []string{"service_tier.targets[0].first_response"}},
		"a nanosecond":  {target(&rapportv1.ServiceTier_Target{Priority: p1, FirstResponse: durationpb.New(1)}), []string{"service_tier.targets[0].first_response"}},
		"twice":         {target(&rapportv1.ServiceTier_Target{Priority: p1, Resolve: hours(1)}, &rapportv1.ServiceTier_Target{Priority: p1, Resolve: hours(1)}), []string{"service_tier.targets[1].priority"}},
		"no zone":       {calendar(&rapportv1.ServiceTier_Calendar{}), []string{"service_tier.calendar.time_zone"}},
		"local":         {calendar(&rapportv1.ServiceTier_Calendar{TimeZone: "Local"}), []string{"service_tier.calendar.time_zone"}},
		"Atlantis":      {calendar(&rapportv1.ServiceTier_Calendar{TimeZone: "Europe/Atlantis"}), []string{"service_tier.calendar.time_zone"}},
		"a path":        {calendar(&rapportv1.ServiceTier_Calendar{TimeZone: "../etc/passwd"}), []string{"service_tier.calendar.time_zone"}},
		"no day":        {in(span(0, 9, 17)), []string{"service_tier.calendar.hours[0].day"}},
		"over midnight": {in(span(monday, 22, 6)), []string{"service_tier.calendar.hours[0]"}},
		"no time":       {in(span(monday, 9, 9)), []string{"service_tier.calendar.hours[0]"}},
		"25 o'clock":    {in(span(monday, 9, 25)), []string{"service_tier.calendar.hours[0].end"}},
		"below zero":    {in(span(monday, -1, 9)), []string{"service_tier.calendar.hours[0].start"}},
		"half a minute": {in(&rapportv1.ServiceTier_Hours{Day: monday, Start: &timeofday.TimeOfDay{Seconds: 30}}), []string{"service_tier.calendar.hours[0].start"}},
		"24:01":         {in(&rapportv1.ServiceTier_Hours{Day: monday, End: &timeofday.TimeOfDay{Hours: 24, Minutes: 1}}), []string{"service_tier.calendar.hours[0].end"}},
		"a month":       {off(&date.Date{Year: 2026, Month: 2}), []string{"service_tier.calendar.holidays[1]"}},
		"no leap year":  {off(&date.Date{Year: 2026, Month: 2, Day: 29}), []string{"service_tier.calendar.holidays[1]"}},
		"31 April":      {off(&date.Date{Month: 4, Day: 31}), []string{"service_tier.calendar.holidays[1]"}},
		"year 10000":    {off(&date.Date{Year: 10000, Month: 4, Day: 1}), []string{"service_tier.calendar.holidays[1]"}},
		"never at work": {calendar(&rapportv1.ServiceTier_Calendar{TimeZone: "UTC", Holidays: always}), []string{"service_tier.calendar.holidays"}},
		"all at once": {
			&rapportv1.ServiceTier{ContactInterval: hours(1), Targets: []*rapportv1.ServiceTier_Target{{Priority: p1}}, Calendar: &rapportv1.ServiceTier_Calendar{TimeZone: "x"}},
			[]string{"service_tier.display_name", "service_tier.targets[0]", "service_tier.contact_interval", "service_tier.calendar.time_zone"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Cases.CreateServiceTier(t.Context(), &rapportv1.CreateServiceTierRequest{ServiceTier: test.tier})
			apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, test.fields...)
		})
	}
	_, err := s.Cases.CreateServiceTier(t.Context(), &rapportv1.CreateServiceTierRequest{ServiceTier: full(), ServiceTierId: "-"})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "service_tier_id")
	_, err = s.Cases.CreateServiceTier(t.Context(), &rapportv1.CreateServiceTierRequest{ServiceTier: full(), ServiceTierId: first.GetUid()})
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_SERVICE_TIER_ALREADY_EXISTS)
	for name, want := range map[string]rapportv1.ErrorReason{
		unknown: rapportv1.ErrorReason_SERVICE_TIER_NOT_FOUND, "customers/" + first.GetUid(): rapportv1.ErrorReason_INVALID_FIELD,
	} {
		code := codes.NotFound
		if want == rapportv1.ErrorReason_INVALID_FIELD {
			code = codes.InvalidArgument
		}
		_, err := s.Cases.GetServiceTier(t.Context(), &rapportv1.GetServiceTierRequest{Name: name})
		apitest.WantReason(t, err, code, want)
		_, err = s.Cases.DeleteServiceTier(t.Context(), &rapportv1.DeleteServiceTierRequest{Name: name})
		apitest.WantReason(t, err, code, want)
		_, err = s.Cases.UpdateServiceTier(t.Context(), &rapportv1.UpdateServiceTierRequest{ServiceTier: &rapportv1.ServiceTier{Name: name, DisplayName: "x"}})
		apitest.WantReason(t, err, code, want)
	}
}

func TestUpdate(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, full())
	got, err := s.Cases.UpdateServiceTier(t.Context(), &rapportv1.UpdateServiceTierRequest{
		ServiceTier: &rapportv1.ServiceTier{Name: made.GetName(), Etag: made.GetEtag(), DisplayName: "Silver", SilenceDays: proto.Int32(3)},
		UpdateMask:  mask("display_name", "calendar.holidays", "silence_days", "contact_interval"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := proto.CloneOf(made)
	want.DisplayName, want.SilenceDays, want.ContactInterval, want.Calendar.Holidays = "Silver", proto.Int32(3), nil, nil
	want.Etag, want.UpdateTime = got.GetEtag(), got.GetUpdateTime()
	apitest.WantEqual(t, got, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	if got.GetEtag() == made.GetEtag() {
		t.Error("the etag stays")
	}

	for name, test := range map[string]struct {
		req    *rapportv1.UpdateServiceTierRequest
		code   codes.Code
		reason rapportv1.ErrorReason
	}{
		"stale etag":  {&rapportv1.UpdateServiceTierRequest{ServiceTier: made}, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH},
		"empty":       {&rapportv1.UpdateServiceTierRequest{ServiceTier: &rapportv1.ServiceTier{Name: made.GetName()}}, codes.InvalidArgument, rapportv1.ErrorReason_EMPTY_UPDATE_MASK},
		"no field":    {&rapportv1.UpdateServiceTierRequest{ServiceTier: got, UpdateMask: mask("colour")}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_UPDATE_MASK},
		"output only": {&rapportv1.UpdateServiceTierRequest{ServiceTier: got, UpdateMask: mask("uid")}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_UPDATE_MASK},
		"a zone less": {
			&rapportv1.UpdateServiceTierRequest{ServiceTier: &rapportv1.ServiceTier{Name: made.GetName()}, UpdateMask: mask("calendar.time_zone")},
			codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Cases.UpdateServiceTier(t.Context(), test.req)
			apitest.WantReason(t, err, test.code, test.reason)
		})
	}

	upsert := &rapportv1.UpdateServiceTierRequest{ServiceTier: &rapportv1.ServiceTier{Name: unknown, DisplayName: "Made"}, AllowMissing: true}
	if got, err := s.Cases.UpdateServiceTier(t.Context(), upsert); err != nil || got.GetName() != unknown {
		t.Errorf("upsert: %v, %v", got, err)
	}
	if got, err := s.Cases.UpdateServiceTier(t.Context(), upsert); err != nil || got.GetEtag() != `"1"` {
		t.Errorf("upsert again: %v, %v", got, err)
	}
}

// TestWritersWithEtags lets many read and write one tier: each change must build on the one
// before it.
func TestWritersWithEtags(t *testing.T) {
	s := apitest.Start(t)
	made := create(t, s, &rapportv1.ServiceTier{DisplayName: "x", SilenceDays: proto.Int32(1)})
	var done atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				tier, err := s.Cases.GetServiceTier(t.Context(), &rapportv1.GetServiceTierRequest{Name: made.GetName()})
				if err != nil {
					t.Error(err)
					return
				}
				tier.SilenceDays = proto.Int32(tier.GetSilenceDays() + 1)
				switch _, err := s.Cases.UpdateServiceTier(t.Context(), &rapportv1.UpdateServiceTierRequest{ServiceTier: tier}); status.Code(err) {
				case codes.OK:
					done.Add(1)
				case codes.Aborted:
				default:
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := get(t, s, made.GetName()).GetSilenceDays(); got != 1+done.Load() || done.Load() == 0 {
		t.Errorf("%d days after %d updates", got, done.Load())
	}
}

func TestDelete(t *testing.T) {
	s := apitest.Start(t)
	made, used := create(t, s, full()), create(t, s, full())
	give(t, s, used.GetName())
	_, err := s.Cases.DeleteServiceTier(t.Context(), &rapportv1.DeleteServiceTierRequest{Name: used.GetName()})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_SERVICE_TIER_IN_USE)
	_, err = s.Cases.DeleteServiceTier(t.Context(), &rapportv1.DeleteServiceTierRequest{Name: made.GetName(), Etag: `"9"`})
	apitest.WantReason(t, err, codes.Aborted, rapportv1.ErrorReason_ETAG_MISMATCH)

	req := &rapportv1.DeleteServiceTierRequest{Name: made.GetName(), Etag: made.GetEtag(), RequestId: uuid.NewString()}
	for range 2 { // the second is a replay
		if _, err := s.Cases.DeleteServiceTier(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.Cases.GetServiceTier(t.Context(), &rapportv1.GetServiceTierRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_SERVICE_TIER_NOT_FOUND)
	apitest.WantEqual(t, get(t, s, used.GetName()), used)
}

// TestREST deletes over REST: nothing is answered, in the way of HTTP.
func TestREST(t *testing.T) {
	s := apitest.Start(t)
	made := s.Do(t, "POST", "/v1/serviceTiers", `{"displayName":"Gold","targets":[{"priority":"P1","resolve":"3600s"}],"calendar":{"timeZone":"Europe/Berlin","hours":[{"day":"MONDAY","start":{"hours":9},"end":{"hours":17,"minutes":30}}],"holidays":[{"month":12,"day":25}]}}`)
	var tier struct{ Name, Etag string }
	made.JSON(t, &tier)
	if made.Status != 201 || made.Header.Get("Location") != "/v1/"+tier.Name || made.Header.Get("ETag") != tier.Etag {
		t.Fatalf("%d %v %s", made.Status, made.Header, made.Body)
	}
	if got := s.Do(t, "PATCH", "/v1/"+tier.Name, `{"silenceDays":7}`); got.Status != 200 || !strings.Contains(string(got.Body), `"silenceDays":7`) || !strings.Contains(string(got.Body), `"minutes":30`) {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	key := []string{"Idempotency-Key", uuid.NewString()}
	s.Do(t, "DELETE", "/v1/"+tier.Name, "", "If-Match", tier.Etag).WantProblem(t, 412, rapportv1.ErrorReason_ETAG_MISMATCH)
	for _, replayed := range []string{"", "true"} {
		gone := s.Do(t, "DELETE", "/v1/"+tier.Name, "", key...)
		if gone.Status != 204 || len(gone.Body) != 0 || gone.Header.Get("Content-Type") != "" || gone.Header.Get("X-Request-Id") == "" || gone.Header.Get("Idempotent-Replayed") != replayed {
			t.Errorf("%d %v %q", gone.Status, gone.Header, gone.Body)
		}
	}
	s.Do(t, "GET", "/v1/"+tier.Name, "").WantProblem(t, 404, rapportv1.ErrorReason_SERVICE_TIER_NOT_FOUND)
}

func TestList(t *testing.T) {
	s := apitest.Start(t)
	if got, err := s.Cases.ListServiceTiers(t.Context(), &rapportv1.ListServiceTiersRequest{}); err != nil || len(got.GetServiceTiers()) != 0 || got.GetTotalSize() != 0 || got.TotalSize == nil {
		t.Errorf("none: %v, %v", got, err)
	}
	var names []string
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		create(t, s, &rapportv1.ServiceTier{DisplayName: name, SilenceDays: proto.Int32(int32(name[0]))})
	}
	list := func(req *rapportv1.ListServiceTiersRequest) (out []string) {
		for {
			resp, err := s.Cases.ListServiceTiers(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			for _, tier := range resp.GetServiceTiers() {
				out = append(out, tier.GetDisplayName())
				names = append(names, tier.GetName())
			}
			if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
				return out
			}
		}
	}
	for _, test := range []struct {
		req  *rapportv1.ListServiceTiersRequest
		want string
	}{
		{&rapportv1.ListServiceTiersRequest{PageSize: 2}, "EDCBA"},
		{&rapportv1.ListServiceTiersRequest{PageSize: 2, OrderBy: "update_time"}, "ABCDE"},
		{&rapportv1.ListServiceTiersRequest{Filter: `display_name = "C"`}, "C"},
		{&rapportv1.ListServiceTiersRequest{Filter: `silence_days >= 68`, OrderBy: "create_time", PageSize: 1}, "DE"},
	} {
		if diff := cmp.Diff(test.want, strings.Join(list(test.req), "")); diff != "" {
			t.Errorf("%v: %s", test.req, diff)
		}
	}
	for reason, req := range map[rapportv1.ErrorReason]*rapportv1.ListServiceTiersRequest{
		rapportv1.ErrorReason_INVALID_FILTER: {Filter: "colour = 1"}, rapportv1.ErrorReason_INVALID_ORDER_BY: {OrderBy: "display_name"},
		rapportv1.ErrorReason_INVALID_PAGE_TOKEN: {PageToken: "x"}, rapportv1.ErrorReason_INVALID_FIELD: {PageSize: -1},
	} {
		_, err := s.Cases.ListServiceTiers(t.Context(), req)
		apitest.WantReason(t, err, codes.InvalidArgument, reason)
	}
}

// TestChanges tells the history of a tier, which belongs to no customer.
func TestChanges(t *testing.T) {
	s := apitest.Start(t)
	// A customer of the same id must not be taken for the tier's.
	id := uuid.NewString()
	if _, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		CustomerId: id, Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada"},
	}); err != nil {
		t.Fatal(err)
	}
	made, err := s.Cases.CreateServiceTier(t.Context(), &rapportv1.CreateServiceTierRequest{ServiceTierId: id, ServiceTier: &rapportv1.ServiceTier{DisplayName: "Gold"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Cases.DeleteServiceTier(t.Context(), &rapportv1.DeleteServiceTierRequest{Name: made.GetName()}); err != nil {
		t.Fatal(err)
	}
	list := func(filter string) (out []string) {
		resp, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range resp.GetChanges() {
			out = append(out, c.GetType().String()+" "+strings.Split(c.GetResource(), "/")[0]+" of "+c.GetCustomer())
			one, err := s.Changes.GetChange(t.Context(), &rapportv1.GetChangeRequest{Name: c.GetName()})
			if err != nil {
				t.Fatal(err)
			}
			apitest.WantEqual(t, one, c)
		}
		return out
	}
	of := " of customers/" + id
	for filter, want := range map[string][]string{
		`resource = "` + made.GetName() + `"`:              {"DELETED serviceTiers of ", "CREATED serviceTiers of "},
		`resource = "customers/` + id + `"`:                {"CREATED customers" + of},
		`customer = "customers/` + id + `"`:                {"CREATED customers" + of},
		`customer:*`:                                       {"CREATED customers" + of},
		`NOT customer:*`:                                   {"DELETED serviceTiers of ", "CREATED serviceTiers of "},
		`customer != "customers/` + uuid.NewString() + `"`: {"CREATED customers" + of},
	} {
		if diff := cmp.Diff(want, list(filter)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", filter, diff)
		}
	}
}

func TestRequireEtag(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.RequireEtag = true })
	made := create(t, s, full())
	_, err := s.Cases.UpdateServiceTier(t.Context(), &rapportv1.UpdateServiceTierRequest{ServiceTier: &rapportv1.ServiceTier{Name: made.GetName(), DisplayName: "x"}})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
	_, err = s.Cases.DeleteServiceTier(t.Context(), &rapportv1.DeleteServiceTierRequest{Name: made.GetName()})
	apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_ETAG_REQUIRED)
}
