package customer_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// model is what the service must know of customers, kept in plain maps.
type model struct {
	s         *apitest.Service
	customers map[string]*rapportv1.Customer
	names     []string // in the order of their making
	changes   map[string][]rapportv1.Change_Type
}

// TestModel runs random sequences of calls beside the model and compares what Get, List
// and ListChanges answer.
func TestModel(t *testing.T) {
	s := apitest.Start(t)
	if err := flag.Set("rapid.checks", "20"); err != nil { // of about 30 calls
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		if _, err := s.DB.Exec(t.Context(), `TRUNCATE customer, external_id CASCADE`); err != nil {
			rt.Fatal(err)
		}
		m := &model{s: s, customers: map[string]*rapportv1.Customer{}, changes: map[string][]rapportv1.Change_Type{}}
		rt.Repeat(map[string]func(*rapid.T){
			"create":   m.create,
			"update":   m.update,
			"delete":   m.delete,
			"undelete": m.undelete,
			"list":     m.list,
			"changes":  m.log,
			"":         func(*rapid.T) {},
		})
	})
}

// draw returns random values for what the model changes.
func draw(rt *rapid.T) *rapportv1.Customer {
	c := &rapportv1.Customer{DisplayName: rapid.SampledFrom([]string{"A", "B", "名"}).Draw(rt, "display name")}
	if rapid.Bool().Draw(rt, "has an owner") {
		c.Owner = proto.String(rapid.SampledFrom([]string{"o1", "o2"}).Draw(rt, "owner"))
	}
	c.Tags = slices.Sorted(maps.Keys(rapid.MapOfN(rapid.SampledFrom([]string{"x", "y", "z"}), rapid.Bool(), 0, 2).Draw(rt, "tags")))
	if id := rapid.IntRange(0, 4).Draw(rt, "external id"); id > 0 {
		c.ExternalIds = map[string]string{"erp": fmt.Sprint(id)}
	}
	if n := rapid.IntRange(0, 2).Draw(rt, "attribute"); n > 0 {
		c.Attributes = map[string]*rapportv1.AttributeValue{"n": number(float64(n))}
	}
	if rapid.Bool().Draw(rt, "is a member") {
		c.Membership = &rapportv1.Membership{Level: proto.String(rapid.SampledFrom([]string{"gold", "basic"}).Draw(rt, "level"))}
	}
	if silent := rapid.IntRange(0, 2).Draw(rt, "do not contact"); silent > 0 {
		c.ContactPreference = &rapportv1.ContactPreference{DoNotContact: proto.Bool(silent == 2)}
	}
	if n := rapid.IntRange(0, 2).Draw(rt, "interval"); n > 0 {
		c.ContactInterval = days(int64(n))
	}
	return c
}

// taken reports whether another customer than this has the external id.
func (m *model) taken(name, id string) bool {
	for other, c := range m.customers {
		if other != name && id != "" && c.GetExternalIds()["erp"] == id {
			return true
		}
	}
	return false
}

func (m *model) create(rt *rapid.T) {
	c := draw(rt)
	c.Type = rapportv1.Customer_INDIVIDUAL
	got, err := m.s.Customers.CreateCustomer(rt.Context(), &rapportv1.CreateCustomerRequest{Customer: c})
	if m.taken("", c.GetExternalIds()["erp"]) {
		wantReason(rt, err, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	want := proto.CloneOf(c)
	want.Name, want.Uid, want.Etag, want.State = got.GetName(), got.GetUid(), `"1"`, rapportv1.Customer_ACTIVE
	want.CreateTime, want.UpdateTime = got.GetCreateTime(), got.GetCreateTime()
	derive(want)
	m.names = append(m.names, got.GetName())
	m.settle(rt, got, want, rapportv1.Change_CREATED)
}

func (m *model) update(rt *rapid.T) {
	name := m.any(rt)
	c, was := draw(rt), m.customers[name]
	c.Name = name
	paths := []string{
		"display_name", "owner", "tags", "external_ids", "external_ids.erp", "attributes", "attributes.n",
		"membership", "membership.level", "contact_preference", "contact_preference.do_not_contact", "contact_interval",
	}
	chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(paths), 1, 3, rapid.ID[string]).Draw(rt, "mask")
	want := proto.CloneOf(was)
	for _, path := range chosen {
		switch path {
		case "display_name":
			want.DisplayName = c.GetDisplayName()
		case "owner":
			want.Owner = c.Owner
		case "tags":
			want.Tags = c.GetTags()
		case "external_ids", "external_ids.erp":
			want.ExternalIds = c.GetExternalIds()
		case "membership", "membership.level":
			want.Membership = c.GetMembership()
		case "contact_preference", "contact_preference.do_not_contact":
			want.ContactPreference = c.GetContactPreference()
		case "contact_interval":
			want.ContactInterval = c.GetContactInterval()
		default:
			want.Attributes = c.GetAttributes()
		}
	}
	derive(want)
	got, err := m.s.Customers.UpdateCustomer(rt.Context(), &rapportv1.UpdateCustomerRequest{Customer: c, UpdateMask: mask(chosen...)})
	switch {
	case was.GetDeleteTime() != nil:
		wantReason(rt, err, rapportv1.ErrorReason_CUSTOMER_DELETED)
	case m.taken(name, want.GetExternalIds()["erp"]):
		wantReason(rt, err, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
	case err != nil:
		rt.Fatal(err)
	case proto.Equal(was, want):
		m.settle(rt, got, want)
	default:
		m.moved(got, want)
		m.settle(rt, got, want, rapportv1.Change_UPDATED)
	}
}

func (m *model) delete(rt *rapid.T) {
	name := m.any(rt)
	got, err := m.s.Customers.DeleteCustomer(rt.Context(), &rapportv1.DeleteCustomerRequest{Name: name})
	if m.customers[name].GetDeleteTime() != nil {
		wantReason(rt, err, rapportv1.ErrorReason_CUSTOMER_DELETED)
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	want := proto.CloneOf(m.customers[name])
	m.moved(got, want)
	want.State, want.DeleteTime, want.PurgeTime = rapportv1.Customer_DELETED, got.GetUpdateTime(), got.GetPurgeTime()
	m.settle(rt, got, want, rapportv1.Change_DELETED)
}

func (m *model) undelete(rt *rapid.T) {
	name := m.any(rt)
	got, err := m.s.Customers.UndeleteCustomer(rt.Context(), &rapportv1.UndeleteCustomerRequest{Name: name})
	if m.customers[name].GetDeleteTime() == nil {
		wantReason(rt, err, rapportv1.ErrorReason_NOT_DELETED)
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	want := proto.CloneOf(m.customers[name])
	m.moved(got, want)
	want.State, want.DeleteTime, want.PurgeTime = rapportv1.Customer_ACTIVE, nil, nil
	m.settle(rt, got, want, rapportv1.Change_UNDELETED)
}

// derive makes of a customer what the service says of it: a preference that says nothing is
// none, and when it is to be contacted follows from its interval.
func derive(c *rapportv1.Customer) {
	if !c.GetContactPreference().GetDoNotContact() {
		c.ContactPreference = nil
	}
	c.NextContactTime, c.ContactOverdueRatio = nil, nil
	if c.GetContactInterval() != nil {
		dueIn(c, int(c.GetContactInterval().GetSeconds()/(24*60*60)))
	}
}

// moved gives want the next etag, and the time of the change, which is the service's.
func (m *model) moved(got, want *rapportv1.Customer) {
	want.Etag = fmt.Sprintf(`"%d"`, len(m.changes[want.GetName()])+1)
	want.UpdateTime = got.GetUpdateTime()
}

// settle compares the answer, and what is stored, with the model's customer.
func (m *model) settle(rt *rapid.T, got, want *rapportv1.Customer, changes ...rapportv1.Change_Type) {
	stored, err := m.s.Customers.GetCustomer(rt.Context(), &rapportv1.GetCustomerRequest{Name: got.GetName()})
	if err != nil || !proto.Equal(got, want) || !proto.Equal(stored, want) {
		rt.Fatalf("answered %v, stored %v, %v, want %v", got, stored, err, want)
	}
	m.customers[want.GetName()] = want
	m.changes[want.GetName()] = append(m.changes[want.GetName()], changes...)
}

func (m *model) any(rt *rapid.T) string {
	if len(m.names) == 0 {
		rt.Skip("there is no customer yet")
	}
	return rapid.SampledFrom(m.names).Draw(rt, "customer")
}

func (m *model) list(rt *rapid.T) {
	show := rapid.Bool().Draw(rt, "show deleted")
	tag := rapid.SampledFrom([]string{"", "x", "y"}).Draw(rt, "tag")
	req := &rapportv1.ListCustomersRequest{ShowDeleted: show, OrderBy: "create_time", PageSize: int32(rapid.IntRange(1, 5).Draw(rt, "size"))}
	if tag != "" {
		req.Filter = fmt.Sprintf("tags:%q", tag)
	}
	var want, got []string
	for _, name := range m.names {
		c := m.customers[name]
		if (show || c.GetDeleteTime() == nil) && (tag == "" || slices.Contains(c.GetTags(), tag)) {
			want = append(want, name)
		}
	}
	for {
		resp, err := m.s.Customers.ListCustomers(rt.Context(), req)
		if err != nil || int(resp.GetTotalSize()) != len(want) {
			rt.Fatalf("total %d, %v, want %d", resp.GetTotalSize(), err, len(want))
		}
		for _, c := range resp.GetCustomers() {
			if !proto.Equal(c, m.customers[c.GetName()]) {
				rt.Fatalf("listed %v, want %v", c, m.customers[c.GetName()])
			}
			got = append(got, c.GetName())
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		rt.Fatalf("listed %q, want %q", got, want)
	}
}

func (m *model) log(rt *rapid.T) {
	name := m.any(rt)
	resp, err := m.s.Changes.ListChanges(rt.Context(), &rapportv1.ListChangesRequest{Filter: `resource = "` + name + `"`, PageSize: 1000})
	if err != nil {
		rt.Fatal(err)
	}
	got := times(len(resp.GetChanges()), func(i int) rapportv1.Change_Type { return resp.GetChanges()[i].GetType() })
	slices.Reverse(got)
	if !slices.Equal(got, m.changes[name]) {
		rt.Fatalf("changes of %s are %v, want %v", name, got, m.changes[name])
	}
}

func wantReason(rt *rapid.T, err error, reason rapportv1.ErrorReason) {
	if apierr.Reason(err) != reason {
		rt.Fatalf("got %v, want %v", err, reason)
	}
}
