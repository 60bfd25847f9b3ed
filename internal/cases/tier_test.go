package cases_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// quiet is a service whose clock does not interfere.
func quiet(t testing.TB) *apitest.Service {
	t.Helper()
	return apitest.StartWith(t, slow)
}

func due(c *rapportv1.Case, first, resolve time.Duration) string {
	received := c.GetReceiveTime().AsTime()
	return cmp.Diff([]time.Time{received.Add(first), received.Add(resolve)}, []time.Time{c.GetFirstResponseDueTime().AsTime(), c.GetResolveDueTime().AsTime()})
}

func TestDueTimesFollowTheTier(t *testing.T) {
	s := quiet(t)
	parent, tier := tiered(t, s, gold())
	made := create(t, s, parent, assigned())
	if diff := due(made, time.Hour, 24*time.Hour); diff != "" || made.GetSilenceCloseTime() != nil {
		t.Errorf("%v: %s", made, diff)
	}
	// Another priority has another target at once.
	made = update(t, s, &rapportv1.Case{Name: made.GetName(), Priority: rapportv1.Priority_P2})
	if diff := due(made, 2*time.Hour, 48*time.Hour); diff != "" {
		t.Error(diff)
	}

	// Another tier counts from the next change of the case, and what changes nothing is none.
	other := gold()
	other.Name, other.Targets[1].Resolve, other.SilenceDays = tier, durationpb.New(10*time.Hour), proto.Int32(1)
	if _, err := s.Cases.UpdateServiceTier(t.Context(), &rapportv1.UpdateServiceTierRequest{ServiceTier: other}); err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, get(t, s, made.GetName()), made)
	apitest.WantEqual(t, update(t, s, &rapportv1.Case{Name: made.GetName(), Priority: rapportv1.Priority_P2}), made)
	made = update(t, s, &rapportv1.Case{Name: made.GetName(), Item: proto.String("x")})
	if diff := due(made, 2*time.Hour, 10*time.Hour); diff != "" {
		t.Error(diff)
	}

	// The clock stands still while the company waits, and when it is done.
	made = update(t, s, &rapportv1.Case{Name: made.GetName(), WaitingOnCustomer: true})
	if made.GetResolveDueTime() != nil || made.GetFirstResponseDueTime() == nil {
		t.Errorf("waiting: %v", made)
	}
	made = resolve(t, s, made.GetName())
	made = update(t, s, &rapportv1.Case{Name: made.GetName(), FeedbackTime: made.GetResolveTime()})
	want := made.GetFeedbackTime().AsTime().Add(24 * time.Hour)
	if got := made.GetSilenceCloseTime().AsTime(); !got.Equal(want) || made.GetResolveDueTime() != nil {
		t.Errorf("closes at %s, want %s; %v", got, want, made)
	}
	made = reopen(t, s, made.GetName())
	if made.GetResolveDueTime() == nil || made.GetSilenceCloseTime() != nil || made.GetFirstResponseTime() == nil {
		t.Errorf("reopened: %v", made)
	}
}

func TestBreachesShowAtOnce(t *testing.T) {
	s := quiet(t)
	parent, _ := tiered(t, s, gold())
	c := assigned()
	c.ReceiveTime = ago(25 * time.Hour)
	late := create(t, s, parent, c)
	if !late.GetFirstResponseBreached() || !late.GetResolveBreached() {
		t.Errorf("made late: %v", late)
	}
	// It is in the feed with the case, so the clock has nothing to add.
	if all := history(t, s, late.GetName()); len(all) != 1 {
		t.Errorf("%v", all)
	}
	c = assigned()
	c.ReceiveTime = ago(2 * time.Hour)
	half := create(t, s, parent, c)
	if !half.GetFirstResponseBreached() || half.GetResolveBreached() {
		t.Errorf("made half late: %v", half)
	}
	inTime := create(t, s, parent, assigned())
	for filter, want := range map[string][]string{
		`first_response_breached = true`:                               {late.GetName(), half.GetName()},
		`resolve_breached = true`:                                      {late.GetName()},
		`resolve_breached = false`:                                     {half.GetName(), inTime.GetName()},
		`first_response_breached != true`:                              {inTime.GetName()},
		`NOT resolve_breached = true AND first_response_breached=true`: {half.GetName()},
	} {
		if diff := cmp.Diff(want, list(t, s, parent, filter, "receive_time")); diff != "" {
			t.Errorf("%s: %s", filter, diff)
		}
	}
}
