package satisfaction_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// latest is a score as its customer shows it.
func latest(score *rapportv1.SatisfactionScore) *rapportv1.Satisfaction_LatestScore {
	return &rapportv1.Satisfaction_LatestScore{Rating: score.GetRating(), SubmitTime: score.GetSubmitTime(), SatisfactionScore: score.GetName()}
}

// TestCustomerShowsTheLatest of each metric, whatever the order in which scores come and go.
func TestCustomerShowsTheLatest(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	before := getCustomer(t, s, parent)
	if before.GetSatisfaction() != nil {
		t.Errorf("without scores: %v", before.GetSatisfaction())
	}
	want := func(what string, satisfaction *rapportv1.Satisfaction) {
		t.Helper()
		got := getCustomer(t, s, parent)
		if !proto.Equal(got.GetSatisfaction(), satisfaction) {
			t.Errorf("%s: %v, want %v", what, got.GetSatisfaction(), satisfaction)
		}
		if got.GetEtag() != before.GetEtag() || !proto.Equal(got.GetUpdateTime(), before.GetUpdateTime()) {
			t.Errorf("%s: the customer has changed: %v", what, got)
		}
	}
	second := create(t, s, parent, at(2, nps, 0))
	want("the first", &rapportv1.Satisfaction{Nps: latest(second)})
	first := create(t, s, parent, at(1, nps, 10))
	want("an older one", &rapportv1.Satisfaction{Nps: latest(second)})
	hard, again := create(t, s, parent, at(1, ces, 1)), create(t, s, parent, at(3, intent, 5))
	other := create(t, s, parent, at(5, csat, 2))
	all := &rapportv1.Satisfaction{Nps: latest(second), Csat: latest(other), Ces: latest(hard), RepurchaseIntent: latest(again)}
	want("one of each", all)
	third := create(t, s, parent, at(3, nps, 7))
	remove(t, s, third.GetName())
	want("a later one that went", all)
	remove(t, s, second.GetName())
	all.Nps = latest(first)
	want("the one before", all)
	remove(t, s, first.GetName())
	all.Nps = nil
	want("the last of its metric", all)
	for _, score := range []*rapportv1.SatisfactionScore{hard, again, other} {
		remove(t, s, score.GetName())
	}
	want("the last of all", nil)

	// Neither an update of the customer nor the change log knows of it.
	create(t, s, parent, at(1, nps, 3))
	changed, err := s.Customers.UpdateCustomer(t.Context(), &rapportv1.UpdateCustomerRequest{Customer: &rapportv1.Customer{
		Name: parent, Owner: proto.String("ann"), Satisfaction: &rapportv1.Satisfaction{Ces: &rapportv1.Satisfaction_LatestScore{Rating: 7}},
	}})
	if err != nil || changed.GetSatisfaction().GetNps().GetRating() != 3 || changed.GetSatisfaction().GetCes() != nil {
		t.Errorf("%v, %v", changed, err)
	}
	changes, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: `resource = "` + parent + `"`})
	if err != nil || len(changes.GetChanges()) != 2 || len(changes.GetChanges()[0].GetFields()) != 1 {
		t.Errorf("changes %v, %v", changes, err)
	}
}

// TestCustomersByTheirSatisfaction finds customers by what they felt last.
func TestCustomersByTheirSatisfaction(t *testing.T) {
	s := apitest.Start(t)
	critic, fan := customer(t, s), customer(t, s)
	customer(t, s) // who said nothing
	create(t, s, critic, at(1, nps, 10))
	create(t, s, critic, at(2, nps, 3))
	create(t, s, critic, at(1, ces, 2))
	create(t, s, fan, at(1, nps, 9))
	create(t, s, fan, at(1, csat, 5))
	create(t, s, fan, at(3, intent, 4))
	noon := submitted.Add(90 * time.Minute).Format(time.RFC3339Nano)
	for filter, want := range map[string][]string{
		"satisfaction.nps.rating <= 6":                                             {critic},
		"satisfaction.nps.rating = 10":                                             nil,
		"satisfaction.nps.rating >= 9 AND satisfaction.csat.rating = 5":            {fan},
		"satisfaction.ces.rating < 3 OR satisfaction.repurchase_intent.rating = 4": {fan, critic},
		`satisfaction.nps.submit_time > "` + noon + `"`:                            {critic},
		`satisfaction.repurchase_intent.submit_time >= "` + noon + `"`:             {fan},
		`satisfaction.csat.submit_time < "` + noon + `"`:                           {fan},
		`satisfaction.ces.submit_time:*`:                                           {critic},
	} {
		resp, err := s.Customers.ListCustomers(t.Context(), &rapportv1.ListCustomersRequest{Filter: filter})
		if err != nil {
			t.Errorf("%s: %v", filter, err)
		}
		var got []string
		for _, c := range resp.GetCustomers() {
			got = append(got, c.GetName())
		}
		if len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
}
