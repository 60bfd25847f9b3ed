package aip

import (
	"strings"

	"github.com/google/uuid"
)

const (
	surveysPrefix      = "surveys/"
	invitationsSegment = "/invitations/"
)

// ParseSurveyName returns the id in `surveys/{survey}`, or INVALID_FIELD.
func ParseSurveyName(field, name string) (uuid.UUID, error) {
	rest, ok := strings.CutPrefix(name, surveysPrefix)
	if ok {
		if id, ok := parseID(rest); ok {
			return id, nil
		}
	}
	return uuid.Nil, invalidName(field, "surveys/{survey}")
}

// SurveyName returns `surveys/{survey}`.
func SurveyName(id uuid.UUID) string { return surveysPrefix + id.String() }

// ParseSurveyParent returns the id in `surveys/{survey}`, or all where the parent is
// `surveys/-`, or INVALID_FIELD.
func ParseSurveyParent(field, parent string) (id uuid.UUID, all bool, err error) {
	if parent == surveysPrefix+anyID {
		return uuid.Nil, true, nil
	}
	id, err = ParseSurveyName(field, parent)
	return id, false, err
}

// ParseInvitationName returns the ids in `surveys/{survey}/invitations/{invitation}`, or
// INVALID_FIELD.
func ParseInvitationName(field, name string) (survey, id uuid.UUID, err error) {
	if parent, last, ok := strings.Cut(name, invitationsSegment); ok {
		survey, err := ParseSurveyName(field, parent)
		id, valid := parseID(last)
		if err == nil && valid {
			return survey, id, nil
		}
	}
	return uuid.Nil, uuid.Nil, invalidName(field, "surveys/{survey}/invitations/{invitation}")
}

// InvitationName returns `surveys/{survey}/invitations/{invitation}`.
func InvitationName(survey, id uuid.UUID) string {
	return surveysPrefix + survey.String() + invitationsSegment + id.String()
}
