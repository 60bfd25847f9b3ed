package invitation_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{20,64}$`)

func TestCreateAndGet(t *testing.T) {
	s := apitest.Start(t)
	asked := survey(t, s, plain)
	who := customer(t, s, func(c *rapportv1.Customer) { c.LanguageCode = proto.String("de-AT") })
	contact, interaction, _, _ := records(t, s, who)
	at := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	req := &rapportv1.CreateSurveyInvitationRequest{
		Parent: asked.GetName(), RequestId: uuid.NewString(),
		SurveyInvitation: &rapportv1.SurveyInvitation{
			Customer: who, Contact: &contact, Interaction: &interaction, SendTime: timestamppb.New(at),
			Token: "mine", AnswerUri: "mine", LanguageCode: "fr", SatisfactionScore: "mine", AnswerTime: timestamppb.Now(), // ignored
		},
	}
	made, err := s.Satisfaction.CreateSurveyInvitation(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	want := &rapportv1.SurveyInvitation{
		Name: asked.GetName() + "/invitations/" + made.GetUid(), Uid: made.GetUid(), Etag: `"1"`, Customer: who, Contact: &contact, Interaction: &interaction,
		SendTime: timestamppb.New(at), ExpireTime: timestamppb.New(at.Add(30 * 24 * time.Hour)), LanguageCode: "de",
		Token: made.GetToken(), AnswerUri: s.URL + "/s/" + made.GetToken(), CreateTime: made.GetCreateTime(), UpdateTime: made.GetCreateTime(),
	}
	apitest.WantEqual(t, made, want)
	apitest.WantEqual(t, get(t, s, made.GetName()), want)
	if !tokenForm.MatchString(made.GetToken()) || made.GetUid() == "" {
		t.Errorf("made %v", made)
	}
	// The stored answer has no token, and yet a replay does.
	again, err := s.Satisfaction.CreateSurveyInvitation(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	apitest.WantEqual(t, again, want)
	wantNowhere(t, s, made.GetToken(), "request", "change", "survey_invitation")
	changes, err := s.Changes.ListChanges(t.Context(), &rapportv1.ListChangesRequest{Filter: `customer = "` + who + `" AND resource = "` + made.GetName() + `"`})
	if err != nil || len(changes.GetChanges()) != 1 || changes.GetChanges()[0].GetCustomer() != who {
		t.Errorf("changes %v, %v", changes, err)
	}
	// It can be sent, and is then answered, in whatever way; what was sent before it was recorded is too.
	past := invite(t, s, asked.GetName(), &rapportv1.SurveyInvitation{Customer: who, SendTime: timestamppb.New(at.AddDate(0, -6, 0))})
	if past.GetToken() != "" || past.GetAnswerUri() != "" || past.GetAnswerTime() != nil {
		t.Errorf("one that is expired: %v", past)
	}
}

func TestCreateRefusals(t *testing.T) {
	s := apitest.Start(t)
	asked := survey(t, s, plain).GetName()
	who, other := customer(t, s, anybody), customer(t, s, anybody)
	contact, interaction, supportCase, purchase := records(t, s, who)
	gone := customer(t, s, anybody)
	if _, err := s.Customers.DeleteCustomer(t.Context(), &rapportv1.DeleteCustomerRequest{Name: gone}); err != nil {
		t.Fatal(err)
	}
	refusing := customer(t, s, func(c *rapportv1.Customer) {
		c.ContactPreference = &rapportv1.ContactPreference{DoNotContact: proto.Bool(true)}
	})
	pausing := customer(t, s, func(c *rapportv1.Customer) {
		c.ContactPreference = &rapportv1.ContactPreference{PauseEndTime: timestamppb.New(time.Now().Add(48 * time.Hour))}
	})
	missingContact := fresh(contact)
	type invitation = rapportv1.SurveyInvitation
	for name, test := range map[string]struct {
		parent string
		in     *invitation
		code   codes.Code
		reason rapportv1.ErrorReason
		fields []string
	}{
		"nothing":            {asked, nil, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"survey_invitation"}},
		"no survey's name":   {"surveys/-", &invitation{Customer: who}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"parent"}},
		"no such survey":     {fresh(asked), &invitation{Customer: who}, codes.NotFound, rapportv1.ErrorReason_SURVEY_NOT_FOUND, nil},
		"nobody":             {asked, &invitation{}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"survey_invitation.customer"}},
		"no such customer":   {asked, &invitation{Customer: fresh(who)}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"a deleted customer": {asked, &invitation{Customer: gone}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"do not contact":     {asked, &invitation{Customer: refusing}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_REFUSES_CONTACT, nil},
		"a pause":            {asked, &invitation{Customer: pausing}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_REFUSES_CONTACT, nil},
		"another's":          {asked, &invitation{Customer: other, Contact: &contact}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"survey_invitation.contact"}},
		"no such contact":    {asked, &invitation{Customer: who, Contact: &missingContact}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"survey_invitation.contact"}},
		"a case as purchase": {asked, &invitation{Customer: who, Purchase: &supportCase}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"survey_invitation.purchase"}},
		"two subjects": {
			asked, &invitation{Customer: who, Purchase: &purchase, Interaction: &interaction}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"survey_invitation"},
		},
		"in a year": {
			asked, &invitation{Customer: who, SendTime: timestamppb.New(time.Now().AddDate(1, 0, 0))}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{"survey_invitation.send_time"},
		},
		"all at once": {
			asked, &invitation{Customer: "x", SendTime: &timestamppb.Timestamp{Seconds: 1 << 60}}, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD,
			[]string{"survey_invitation.customer", "survey_invitation.send_time"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Satisfaction.CreateSurveyInvitation(t.Context(), &rapportv1.CreateSurveyInvitationRequest{Parent: test.parent, SurveyInvitation: test.in})
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
		})
	}
	// The pause is over by then.
	invite(t, s, asked, &invitation{Customer: pausing, SendTime: timestamppb.New(time.Now().Add(49 * time.Hour))})
	for _, name := range []string{asked + "/invitations/" + uuid.NewString(), fresh(asked) + "/invitations/" + uuid.NewString()} {
		_, err := s.Satisfaction.GetSurveyInvitation(t.Context(), &rapportv1.GetSurveyInvitationRequest{Name: name})
		apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_INVITATION_NOT_FOUND)
	}
	_, err := s.Satisfaction.GetSurveyInvitation(t.Context(), &rapportv1.GetSurveyInvitationRequest{Name: asked})
	apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "name")
}

// TestRepeatInterval asks nobody again too soon, in neither direction.
func TestRepeatInterval(t *testing.T) {
	s := apitest.Start(t)
	asked := survey(t, s, func(s *rapportv1.Survey) { s.RepeatInterval = days(30) })
	other := survey(t, s, func(s *rapportv1.Survey) { s.RepeatInterval = days(30) }).GetName()
	who := customer(t, s, anybody)
	first := time.Now().UTC().Truncate(time.Microsecond).Add(24 * time.Hour)
	invite(t, s, asked.GetName(), &rapportv1.SurveyInvitation{Customer: who, SendTime: timestamppb.New(first)})
	at := func(at time.Time) error {
		_, err := s.Satisfaction.CreateSurveyInvitation(t.Context(), &rapportv1.CreateSurveyInvitationRequest{
			Parent: asked.GetName(), SurveyInvitation: &rapportv1.SurveyInvitation{Customer: who, SendTime: timestamppb.New(at)},
		})
		return err
	}
	next := first.Add(30 * 24 * time.Hour)
	for _, soon := range []time.Time{first, next.Add(-time.Microsecond), first.Add(-30*24*time.Hour + time.Microsecond), time.Now()} {
		err := at(soon)
		apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_SURVEY_REPEATED_TOO_SOON)
		told, parseErr := time.Parse(time.RFC3339Nano, apierr.Info(err).GetMetadata()["next_allowed_time"])
		if parseErr != nil || !told.Equal(next) {
			t.Errorf("next is %v (%v), want %v", told, parseErr, next)
		}
	}
	if err := at(next); err != nil {
		t.Errorf("at the time that was told: %v", err)
	}
	// Another survey, another customer, and a survey that has no interval any more are free.
	invite(t, s, other, &rapportv1.SurveyInvitation{Customer: who})
	invite(t, s, asked.GetName(), &rapportv1.SurveyInvitation{Customer: customer(t, s, anybody)})
	asked.RepeatInterval = nil
	if _, err := s.Satisfaction.UpdateSurvey(t.Context(), &rapportv1.UpdateSurveyRequest{Survey: &rapportv1.Survey{Name: asked.GetName()}, UpdateMask: mask("repeat_interval")}); err != nil {
		t.Fatal(err)
	}
	if err := at(first); err != nil {
		t.Errorf("without an interval: %v", err)
	}
}

// TestConcurrentInvitations lets many invite one customer at once: one wins.
func TestConcurrentInvitations(t *testing.T) {
	s := apitest.Start(t)
	asked := survey(t, s, func(s *rapportv1.Survey) { s.RepeatInterval = days(1) }).GetName()
	for range 5 {
		who := customer(t, s, anybody)
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				_, errs[i] = s.Satisfaction.CreateSurveyInvitation(t.Context(), &rapportv1.CreateSurveyInvitationRequest{
					Parent: asked, SurveyInvitation: &rapportv1.SurveyInvitation{Customer: who},
				})
			})
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			apitest.WantReason(t, err, codes.FailedPrecondition, rapportv1.ErrorReason_SURVEY_REPEATED_TOO_SOON)
		}
		if won != 1 {
			t.Errorf("%d invitations won", won)
		}
	}
}

// TestPublicURL makes links of what the settings say.
func TestPublicURL(t *testing.T) {
	s := apitest.StartWith(t, func(c *server.Config) { c.PublicURL = "https://answers.example.com/tea/" })
	made := invite(t, s, survey(t, s, plain).GetName(), &rapportv1.SurveyInvitation{Customer: customer(t, s, anybody)})
	if want := "https://answers.example.com/tea/s/" + made.GetToken(); made.GetAnswerUri() != want {
		t.Errorf("got %s, want %s", made.GetAnswerUri(), want)
	}
}

// TestValidateOnly shows no link, as it would lead nowhere.
func TestValidateOnly(t *testing.T) {
	s := apitest.Start(t)
	made, err := s.Satisfaction.CreateSurveyInvitation(t.Context(), &rapportv1.CreateSurveyInvitationRequest{
		Parent: survey(t, s, plain).GetName(), SurveyInvitation: &rapportv1.SurveyInvitation{Customer: customer(t, s, anybody)}, ValidateOnly: true,
	})
	if err != nil || made.GetToken() != "" || made.GetAnswerUri() != "" || !strings.Contains(made.GetName(), "/invitations/") {
		t.Errorf("got %v, %v", made, err)
	}
}
