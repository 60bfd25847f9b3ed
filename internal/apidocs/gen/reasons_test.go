package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseReason(t *testing.T) {
	for _, tc := range []struct {
		text string
		want *reason
	}{
		{"NOT_FOUND. Gone.", &reason{Name: "X", Code: "NOT_FOUND", Statuses: []int{404}, Meaning: "Gone."}},
		{"NOT_FOUND, REST only. Gone.", &reason{Name: "X", Code: "NOT_FOUND", Statuses: []int{404}, RESTOnly: true, Meaning: "Gone."}},
		{"UNIMPLEMENTED, REST only, 405. No.", &reason{Name: "X", Code: "UNIMPLEMENTED", Statuses: []int{405}, RESTOnly: true, Meaning: "No."}},
		{"ABORTED, REST 412 with If-Match and else 409. Old.", &reason{Name: "X", Code: "ABORTED", Statuses: []int{412, 409}, Meaning: "Old."}},
		{"Gone.", nil},
		{"NOT_A_CODE. Gone.", nil},
	} {
		got, err := parseReason("X", tc.text)
		if (err != nil) != (tc.want == nil) {
			t.Errorf("%q: error %v", tc.text, err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q (- want, + got):\n%s", tc.text, diff)
		}
	}
}

// The generator is the check on the comments: each of these would mislead a caller.
func TestNamedRefusesWrongComments(t *testing.T) {
	api := &api{reasons: []*reason{{Name: "CUSTOMER_NOT_FOUND", Code: "NOT_FOUND"}}}
	if got, err := api.named("NOT_FOUND (CUSTOMER_NOT_FOUND, for the first name that has none)."); err != nil || len(got) != 1 {
		t.Errorf("a right comment: %v, %v", got, err)
	}
	for _, text := range []string{"ABORTED (CUSTOMER_NOT_FOUND).", "NOT_FOUND (CUSTOMER_NOT_FUOND)."} {
		if _, err := api.named(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}
