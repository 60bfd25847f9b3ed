package satisfaction_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func TestCreateAndGet(t *testing.T) {
	s := apitest.Start(t)
	parent, before := customer(t, s), time.Now().Add(-time.Second)
	sent := newRecords(t, s, parent).about(full())
	want := proto.CloneOf(sent)
	sent.SubmitTime.Nanos += 999 // finer than what is kept
	sent.Uid, sent.Etag, sent.CreateTime = "x", `"7"`, timestamppb.New(before.Add(-time.Hour))
	made := create(t, s, parent, sent)
	want.Name, want.Uid, want.Etag = made.GetName(), made.GetUid(), made.GetEtag()
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	apitest.WantEqual(t, made, want)
	if !strings.HasPrefix(made.GetName(), parent+"/satisfactionScores/") || made.GetCreateTime().AsTime().Before(before) || made.GetEtag() == `"7"` {
		t.Errorf("made %v", made)
	}
	apitest.WantEqual(t, get(t, s, made.GetName()), want)

	// What is unset stays unset, but for the source and the time; zero is a rating.
	zero := bare(nps, 0)
	zero.Expectation, zero.Comment, zero.Staff = proto.Int32(0), proto.String(""), proto.String("")
	got := get(t, s, create(t, s, parent, zero).GetName())
	if got.Rating == nil || got.GetRating() != 0 || got.Expectation == nil || got.Comment != nil || got.Staff != nil || got.Contact != nil || len(got.GetFactors()) != 0 {
		t.Errorf("got %v", got)
	}
	if got.GetSource() != rapportv1.SatisfactionScore_CUSTOMER || got.GetSubmitTime().AsTime().Before(before) || got.GetSubmitTime().AsTime().After(time.Now()) {
		t.Errorf("given by %v at %v", got.GetSource(), got.GetSubmitTime().AsTime())
	}
	if got := get(t, s, create(t, s, parent, bare(ces, 7)).GetName()); got.Expectation != nil || got.GetChannel() != 0 {
		t.Errorf("got %v", got)
	}
}

// TestFactorsAlone: who rates some factors and not the whole has a score, which is none of the
// customer's latest, however new it is.
func TestFactorsAlone(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	whole, parts := at(1, csat, 2), at(2, csat, 0)
	parts.Rating, parts.Factors = nil, full().GetFactors()
	first := create(t, s, parent, whole)
	second := create(t, s, parent, parts)
	if got := get(t, s, second.GetName()); got.Rating != nil || len(got.GetFactors()) != len(parts.GetFactors()) {
		t.Errorf("got %v", got)
	}
	if latest := getCustomer(t, s, parent).GetSatisfaction().GetCsat(); latest.GetSatisfactionScore() != first.GetName() {
		t.Errorf("the customer shows %v", latest)
	}
	if _, err := s.Satisfaction.DeleteSatisfactionScore(t.Context(), &rapportv1.DeleteSatisfactionScoreRequest{Name: first.GetName()}); err != nil {
		t.Fatal(err)
	}
	if got := getCustomer(t, s, parent).GetSatisfaction(); got != nil {
		t.Errorf("the customer shows %v", got)
	}
}

// TestScales takes each rating of each metric, and refuses those beside its scale.
func TestScales(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	for metric, scale := range map[rapportv1.SatisfactionScore_Metric][2]int32{nps: {0, 10}, csat: {1, 5}, ces: {1, 7}, intent: {1, 5}} {
		for rating := scale[0] - 1; rating <= scale[1]+1; rating++ {
			score := bare(metric, rating)
			score.Expectation = &rating
			made, err := s.Satisfaction.CreateSatisfactionScore(t.Context(), &rapportv1.CreateSatisfactionScoreRequest{Parent: parent, SatisfactionScore: score})
			if rating < scale[0] || rating > scale[1] {
				apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "satisfaction_score.rating", "satisfaction_score.expectation")
			} else if err != nil || made.GetRating() != rating || made.GetExpectation() != rating || made.GetMetric() != metric {
				t.Errorf("%v of %d: %v, %v", metric, rating, made, err)
			}
		}
	}
}

// TestExtremes takes what is just allowed.
func TestExtremes(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	huge := full()
	huge.SubmitTime = timestamppb.New(time.Now().Add(4 * time.Minute).Truncate(time.Microsecond))
	huge.Comment, huge.Competitor, huge.Staff = proto.String(strings.Repeat("😀", 20000)), proto.String(strings.Repeat("茶", 200)), proto.String(strings.Repeat("\u202e", 200))
	huge.Factors = nil
	for i := range 50 {
		huge.Factors = append(huge.Factors, &rapportv1.SatisfactionScore_Factor{Factor: fmt.Sprintf("%063d", i), Satisfaction: 5, Importance: proto.Int32(1)})
	}
	old := bare(nps, 10)
	old.SubmitTime = &timestamppb.Timestamp{Seconds: -62135596800}
	for _, test := range []*rapportv1.SatisfactionScore{huge, old} {
		made := create(t, s, parent, test)
		want := proto.CloneOf(test)
		want.Name, want.Uid, want.Etag, want.CreateTime, want.UpdateTime, want.Source = made.GetName(), made.GetUid(), made.GetEtag(), made.GetCreateTime(), made.GetUpdateTime(), made.GetSource()
		apitest.WantEqual(t, get(t, s, made.GetName()), want)
	}
	// The customer shows a score of the year 1 too.
	if latest := getCustomer(t, s, parent).GetSatisfaction().GetNps(); !proto.Equal(latest.GetSubmitTime(), old.GetSubmitTime()) || latest.GetRating() != 10 {
		t.Errorf("the customer shows %v", latest)
	}
}

type refusal struct {
	req    *rapportv1.CreateSatisfactionScoreRequest
	code   codes.Code
	reason rapportv1.ErrorReason
	fields []string
}

func TestCreateRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, gone, other := customer(t, s), customer(t, s), customer(t, s)
	first := create(t, s, parent, full())
	foreign := newRecords(t, s, other)
	deleted := newRecords(t, s, parent)
	if _, err := s.Customers.DeleteContact(t.Context(), &rapportv1.DeleteContactRequest{Name: deleted.contact}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Interactions.DeleteInteraction(t.Context(), &rapportv1.DeleteInteractionRequest{Name: deleted.interaction}); err != nil {
		t.Fatal(err)
	}
	deleteCustomer(t, s, gone)
	in := func(change func(*rapportv1.SatisfactionScore)) *rapportv1.CreateSatisfactionScoreRequest {
		score := full()
		score.ExternalId.Id = "other"
		change(score)
		return &rapportv1.CreateSatisfactionScoreRequest{Parent: parent, SatisfactionScore: score}
	}
	field := func(req *rapportv1.CreateSatisfactionScoreRequest, fields ...string) refusal {
		for i, f := range fields {
			fields[i] = "satisfaction_score." + f
		}
		return refusal{req, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, fields}
	}
	factor := func(change func(*rapportv1.SatisfactionScore_Factor)) *rapportv1.CreateSatisfactionScoreRequest {
		return in(func(s *rapportv1.SatisfactionScore) { change(s.GetFactors()[1]) })
	}
	long := func(n int) *string { return proto.String(strings.Repeat("x", n)) }
	request := func(parent, id string) *rapportv1.CreateSatisfactionScoreRequest {
		return &rapportv1.CreateSatisfactionScoreRequest{Parent: parent, SatisfactionScore: bare(nps, 1), SatisfactionScoreId: id}
	}
	invalid := func(req *rapportv1.CreateSatisfactionScoreRequest, field string) refusal {
		return refusal{req, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, []string{field}}
	}
	for name, test := range map[string]refusal{
		"nothing":        invalid(&rapportv1.CreateSatisfactionScoreRequest{Parent: parent}, "satisfaction_score"),
		"no parent":      invalid(request("", ""), "parent"),
		"all parents":    invalid(request("customers/-", ""), "parent"),
		"wrong id":       invalid(request(parent, "x"), "satisfaction_score_id"),
		"empty":          field(in(func(s *rapportv1.SatisfactionScore) { proto.Reset(s) }), "metric", "rating"),
		"no metric":      field(in(func(s *rapportv1.SatisfactionScore) { s.Metric = 0 }), "metric"),
		"no such metric": field(in(func(s *rapportv1.SatisfactionScore) { s.Metric = 99 }), "metric"),
		"no rating":      field(in(func(s *rapportv1.SatisfactionScore) { s.Rating, s.Factors = nil, nil }), "rating"),
		"expected alone": field(in(func(s *rapportv1.SatisfactionScore) { s.Rating = nil }), "rating"),
		"far off": field(in(func(s *rapportv1.SatisfactionScore) {
			s.Rating, s.Expectation = proto.Int32(1<<31-1), proto.Int32(-1<<31)
		}), "rating", "expectation"),
		"no such source":      field(in(func(s *rapportv1.SatisfactionScore) { s.Source = 99 }), "source"),
		"no such channel":     field(in(func(s *rapportv1.SatisfactionScore) { s.Channel = 99 }), "channel"),
		"no factor":           field(factor(func(f *rapportv1.SatisfactionScore_Factor) { f.Factor = "" }), "factors[1].factor"),
		"capital letters":     field(factor(func(f *rapportv1.SatisfactionScore_Factor) { f.Factor = "Staff" }), "factors[1].factor"),
		"a line after it":     field(factor(func(f *rapportv1.SatisfactionScore_Factor) { f.Factor = "staff\n" }), "factors[1].factor"),
		"long factor":         field(factor(func(f *rapportv1.SatisfactionScore_Factor) { f.Factor = *long(64) }), "factors[1].factor"),
		"factor twice":        field(factor(func(f *rapportv1.SatisfactionScore_Factor) { f.Factor = "waiting-time" }), "factors[1].factor"),
		"not rated":           field(factor(func(f *rapportv1.SatisfactionScore_Factor) { f.Satisfaction = 0 }), "factors[1].satisfaction"),
		"too satisfied":       field(factor(func(f *rapportv1.SatisfactionScore_Factor) { f.Satisfaction = 6 }), "factors[1].satisfaction"),
		"unimportant":         field(factor(func(f *rapportv1.SatisfactionScore_Factor) { f.Importance = proto.Int32(0) }), "factors[1].importance"),
		"too important":       field(factor(func(f *rapportv1.SatisfactionScore_Factor) { f.Importance = proto.Int32(6) }), "factors[1].importance"),
		"long comment":        field(in(func(s *rapportv1.SatisfactionScore) { s.Comment = long(20001) }), "comment"),
		"long competitor":     field(in(func(s *rapportv1.SatisfactionScore) { s.Competitor = long(201) }), "competitor"),
		"long staff":          field(in(func(s *rapportv1.SatisfactionScore) { s.Staff = long(201) }), "staff"),
		"NUL":                 field(in(func(s *rapportv1.SatisfactionScore) { s.Comment = proto.String("a\x00") }), "comment"),
		"the future":          field(in(func(s *rapportv1.SatisfactionScore) { s.SubmitTime = timestamppb.New(time.Now().Add(6 * time.Minute)) }), "submit_time"),
		"no such time":        field(in(func(s *rapportv1.SatisfactionScore) { s.SubmitTime = &timestamppb.Timestamp{Nanos: -1} }), "submit_time"),
		"no source of the id": field(in(func(s *rapportv1.SatisfactionScore) { s.ExternalId.Source = "" }), "external_id.source"),
		"all of another's":    field(in(func(s *rapportv1.SatisfactionScore) { foreign.about(s) }), "contact", "interaction", "case", "purchase"),
		"no names": field(in(func(s *rapportv1.SatisfactionScore) {
			records{"x", parent, foreign.contact, "customers/-/purchases/-"}.about(s)
		}),
			"contact", "interaction", "case", "purchase"),
		"deleted contact":     field(in(func(s *rapportv1.SatisfactionScore) { s.Contact = &deleted.contact }), "contact"),
		"deleted interaction": field(in(func(s *rapportv1.SatisfactionScore) { s.Interaction = &deleted.interaction }), "interaction"),
		"no such case":        field(in(func(s *rapportv1.SatisfactionScore) { s.Case = proto.String(parent + "/cases/" + newID(t)) }), "case"),
		"no such purchase":    field(in(func(s *rapportv1.SatisfactionScore) { s.Purchase = proto.String(parent + "/purchases/" + newID(t)) }), "purchase"),
		"unknown customer":    {request(unknown, ""), codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"deleted customer":    {request(gone, ""), codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"taken id":            {request(parent, first.GetUid()), codes.AlreadyExists, rapportv1.ErrorReason_SATISFACTION_SCORE_ALREADY_EXISTS, nil},
		"taken external id":   {in(func(s *rapportv1.SatisfactionScore) { s.ExternalId.Id = "A-1" }), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil},
		"51 factors": field(in(func(s *rapportv1.SatisfactionScore) {
			s.Factors = nil
			for i := range 51 {
				s.Factors = append(s.Factors, &rapportv1.SatisfactionScore_Factor{Factor: fmt.Sprint(i), Satisfaction: 1})
			}
		}), "factors"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Satisfaction.CreateSatisfactionScore(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
		})
	}
	if n := countScores(t, s); n != 1 {
		t.Errorf("%d scores, want the first alone", n)
	}
}

// TestOneOfManyCreates lets callers race for an external id.
func TestOneOfManyCreates(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	create(t, s, customer(t, s), full()) // another customer's may be the same
	var callers sync.WaitGroup
	var won atomic.Int32
	for range 16 {
		callers.Go(func() {
			_, err := s.Satisfaction.CreateSatisfactionScore(t.Context(), &rapportv1.CreateSatisfactionScoreRequest{Parent: parent, SatisfactionScore: full()})
			if err == nil {
				won.Add(1)
				return
			}
			apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
		})
	}
	callers.Wait()
	if n := countScores(t, s); n != 2 || won.Load() != 1 {
		t.Errorf("%d scores, %d callers made one", n, won.Load())
	}
}

func TestGetRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := create(t, s, parent, bare(nps, 3))
	for _, name := range []string{"", "x", parent, parent + "/satisfactionScores/-", "customers/-/satisfactionScores/" + made.GetUid(), strings.ToUpper(made.GetName()), parent + "/contacts/" + made.GetUid()} {
		_, err := s.Satisfaction.GetSatisfactionScore(t.Context(), &rapportv1.GetSatisfactionScoreRequest{Name: name})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "name")
	}
	for _, name := range []string{parent + "/satisfactionScores/" + newID(t), customer(t, s) + "/satisfactionScores/" + made.GetUid(), unknown + "/satisfactionScores/" + made.GetUid()} {
		_, err := s.Satisfaction.GetSatisfactionScore(t.Context(), &rapportv1.GetSatisfactionScoreRequest{Name: name})
		apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_SATISFACTION_SCORE_NOT_FOUND)
	}
}
