package invitation

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/satisfaction"
)

// check returns all that is wrong with an answer to the survey beyond what the annotations state.
func check(req *rapportv1.SubmitResponseRequest, s *rapportv1.Survey) error {
	var wrong apierr.Violations
	low, high := satisfaction.Scale(s.GetMetric())
	onScale := func(field string, value int32) {
		if value < low || value > high {
			wrong.Add(field, "must be %d to %d", low, high)
		}
	}
	if req.Rating == nil {
		wrong.Add("rating", "is required")
	} else {
		onScale("rating", req.GetRating())
	}
	switch {
	case req.Expectation == nil:
	case !s.GetAskExpectation():
		wrong.Add("expectation", "is not asked for")
	default:
		onScale("expectation", req.GetExpectation())
	}
	seen := map[string]bool{}
	for i, f := range req.GetFactors() {
		field := fmt.Sprintf("factors[%d].", i)
		switch {
		case !slices.Contains(s.GetFactors(), f.GetFactor()):
			wrong.Add(field+"factor", "is not asked for")
		case seen[f.GetFactor()]:
			wrong.Add(field+"factor", "is there already; each factor stands once")
		}
		seen[f.GetFactor()] = true
		if f.Importance != nil && !s.GetAskImportance() {
			wrong.Add(field+"importance", "is not asked for")
		}
	}
	if req.Comment != nil && !s.GetAskComment() {
		wrong.Add("comment", "is not asked for")
	}
	return wrong.Err()
}

// normalised is an answer without its token and without texts that are empty.
func normalised(req *rapportv1.SubmitResponseRequest) *rapportv1.SubmitResponseRequest {
	out := proto.CloneOf(req)
	out.Token = ""
	aip.UnsetEmpty(out)
	return out
}

// digest is by what a repeat of a normalised answer is known. It is made of what the fields say
// and not of the message's bytes, which another version of the library may write otherwise; the
// order of factors means nothing.
func digest(answer *rapportv1.SubmitResponseRequest) []byte {
	h := sha256.New()
	number := func(value int32, set bool) { fmt.Fprintf(h, "%t%d;", set, value) }
	number(answer.GetRating(), answer.Rating != nil)
	number(answer.GetExpectation(), answer.Expectation != nil)
	factors := slices.SortedStableFunc(slices.Values(answer.GetFactors()), func(a, b *rapportv1.SatisfactionScore_Factor) int {
		return strings.Compare(a.GetFactor(), b.GetFactor())
	})
	for _, f := range factors {
		fmt.Fprintf(h, "%s=%d,", f.GetFactor(), f.GetSatisfaction())
		number(f.GetImportance(), f.Importance != nil)
	}
	fmt.Fprintf(h, "%d:%s", len(answer.GetComment()), answer.GetComment())
	return h.Sum(nil)
}
