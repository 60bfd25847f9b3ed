package main

import (
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

// invited returns the token of a new invitation.
func invited(t *testing.T, s *apitest.Service) string {
	t.Helper()
	survey, err := s.Satisfaction.CreateSurvey(t.Context(), &rapportv1.CreateSurveyRequest{Survey: &rapportv1.Survey{
		DisplayName: "x", Metric: rapportv1.SatisfactionScore_NPS, Texts: []*rapportv1.Survey_Text{{LanguageCode: "en", Question: "q"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	customer, err := s.Customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
		Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada"},
	})
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.Satisfaction.CreateSurveyInvitation(t.Context(), &rapportv1.CreateSurveyInvitationRequest{
		Parent: survey.GetName(), SurveyInvitation: &rapportv1.SurveyInvitation{Customer: customer.GetName()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.GetToken()
}

func respond(t *testing.T, s *apitest.Service, token string) error {
	t.Helper()
	_, err := s.Satisfaction.SubmitResponse(t.Context(), &rapportv1.SubmitResponseRequest{Token: token, Rating: proto.Int32(9)})
	return err
}

// TestRotateSurveyKeys rotates the keys that the database or a file keeps. Services started
// before and after it take each other's links, and revoked ones no more.
func TestRotateSurveyKeys(t *testing.T) {
	for where, file := range map[string]string{"database": "", "file": filepath.Join(t.TempDir(), "keys.json")} {
		t.Run(where, func(t *testing.T) {
			command := rotateSurveyKeysCommand{File: file}
			rotate := func() {
				t.Helper()
				if err := command.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if file != "" {
				rotate()
				if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%v, %v", info, err)
				}
			}
			start := func(url string) *apitest.Service {
				return apitest.StartWith(t, func(c *server.Config) { c.SurveyKeysFile, c.DatabaseURL = file, url })
			}
			first := start("")
			before, later := invited(t, first), invited(t, first)
			command.DatabaseURL = first.DatabaseURL
			rotate()
			second := start(first.DatabaseURL)
			if err := respond(t, second, before); err != nil {
				t.Errorf("a link from before the rotation: %v", err)
			}
			command.Revoke = true
			rotate()
			third := start(first.DatabaseURL)
			apitest.WantReason(t, respond(t, third, later), codes.NotFound, rapportv1.ErrorReason_INVITATION_NOT_FOUND)
			if err := respond(t, third, invited(t, third)); err != nil {
				t.Errorf("a link by the newest key: %v", err)
			}
		})
	}
	if err := (&rotateSurveyKeysCommand{}).Run(t.Context()); err == nil {
		t.Error("rotated the keys of nothing")
	}
}
