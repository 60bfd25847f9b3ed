package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/load"
)

// TestComplaints: each complaint is a case of a consumer of its own, with what the file tells
// of its end; by channel they are as many as the data set's notes say.
func TestComplaints(t *testing.T) {
	c := importFlags{File: file(t, "cfpb_complaints/cfpb_complaints_sample.csv"), Map: examples + "cfpb_complaints.yaml"}
	s := apitest.Start(t)
	wantImport(t, s, importFlags{File: c.File, Map: examples + "cfpb_consumers.yaml"}, "2,067 created, 0 updated, 0 unchanged, 0 rejected")
	wantImportAs(t, s, &importing{kind: load.Cases}, c, "2,067 created, 0 updated, 0 unchanged, 0 rejected")
	wantImportAs(t, s, &importing{kind: load.Cases}, c, "0 created, 0 updated, 2,067 unchanged, 0 rejected")

	rows := map[string]map[string]string{}
	for _, row := range rowsOf(t, c.File) {
		rows[row["Complaint ID"]] = row
	}
	channels, states, outcomes, confirmed := map[string]int{}, map[string]int{}, map[string]int{}, 0
	req := &rapportv1.ListCasesRequest{Parent: "customers/-", PageSize: 1000}
	for {
		page, err := s.Cases.ListCases(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range page.GetCases() {
			row := rows[found.GetExternalId().GetId()]
			if found.GetType() != rapportv1.Case_COMPLAINT || found.GetCategory() != row["Product"] || found.GetAssignee() != row["Company"] ||
				found.GetReceiveTime().AsTime().Format("2006-01-02") != row["Date received"] ||
				row["Consumer complaint narrative"] != "" && found.GetDescription() != row["Consumer complaint narrative"] {
				t.Errorf("row %v became %v", row, found)
			}
			channels[found.GetChannel().String()]++
			states[found.GetState().String()]++
			outcomes[found.GetResolutionType().String()]++
			if found.GetCustomerConfirmed() {
				confirmed++
			}
		}
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	if diff := cmp.Diff(map[string]int{"WEB": 2000, "PHONE": 41, "OTHER": 17, "MAIL": 9}, channels); diff != "" {
		t.Errorf("channels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"IN_PROGRESS": 616, "CLOSED": 1451}, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{
		"RESOLUTION_TYPE_UNSPECIFIED": 616, "EXPLAINED": 627, "COMPENSATED": 33, "FIXED": 789, "REJECTED": 2,
	}, outcomes); diff != "" || confirmed != 13 {
		t.Errorf("%d confirmed; outcomes (-want +got):\n%s", confirmed, diff)
	}
}
