package aip_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
)

func TestUnsetEmpty(t *testing.T) {
	got := &rapportv1.Interaction{
		Subject: proto.String(""), Body: proto.String("b"),
		Concession: &rapportv1.Interaction_Concession{Reason: proto.String(""), InReturnFor: proto.String("r")},
		Attributes: map[string]*rapportv1.AttributeValue{"plan": text1("")},
		ExternalId: &rapportv1.ExternalId{Source: "crm"},
	}
	want := &rapportv1.Interaction{
		Body:       proto.String("b"),
		Concession: &rapportv1.Interaction_Concession{InReturnFor: proto.String("r")},
		// An attribute may well be an empty text.
		Attributes: map[string]*rapportv1.AttributeValue{"plan": text1("")},
		ExternalId: &rapportv1.ExternalId{Source: "crm"},
	}
	aip.UnsetEmpty(got)
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	bought := &rapportv1.Purchase{Items: []*rapportv1.Purchase_Item{{Sku: "a", Category: proto.String("")}, {Category: proto.String("c")}}}
	if aip.UnsetEmpty(bought); bought.GetItems()[0].Category != nil || bought.GetItems()[1].GetCategory() != "c" {
		t.Error(bought)
	}
	if allocations := testing.AllocsPerRun(100, func() { aip.UnsetEmpty(want) }); allocations > 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func TestNormalisePast(t *testing.T) {
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	for name, test := range map[string]struct {
		at   *timestamppb.Timestamp
		want bool
	}{
		"unset":             {nil, true},
		"past":              {timestamppb.New(now.Add(-time.Hour)), true},
		"clocks differ":     {timestamppb.New(now.Add(5 * time.Minute)), true},
		"to come":           {timestamppb.New(now.Add(5*time.Minute + time.Microsecond)), false},
		"beyond all years":  {&timestamppb.Timestamp{Seconds: math.MaxInt64}, false},
		"no time at all":    {&timestamppb.Timestamp{Nanos: -1}, false},
		"below microsecond": {&timestamppb.Timestamp{Seconds: 1, Nanos: 1_999}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var wrong apierr.Violations
			if got := aip.NormalisePast(&wrong, "x_time", test.at, now); got != test.want || got != (wrong.Err() == nil) {
				t.Errorf("%v, %v", got, wrong.Err())
			}
			if test.want && test.at.GetNanos()%1000 != 0 {
				t.Errorf("%v is not cut to the microsecond", test.at)
			}
		})
	}
}

func TestNormaliseDuration(t *testing.T) {
	for name, test := range map[string]struct {
		in, want *durationpb.Duration
	}{
		"unset":    {nil, nil},
		"cut":      {&durationpb.Duration{Seconds: 1, Nanos: 1_999}, &durationpb.Duration{Seconds: 1, Nanos: 1_000}},
		"negative": {&durationpb.Duration{Seconds: -1}, nil},
		"too long": {&durationpb.Duration{Seconds: math.MaxInt64}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var wrong apierr.Violations
			aip.NormaliseDuration(&wrong, "duration", test.in)
			if refused := wrong.Err() != nil; refused != (test.in != nil && test.want == nil) {
				t.Errorf("%v", wrong.Err())
			}
			if test.want != nil && !proto.Equal(test.in, test.want) {
				t.Errorf("%v, want %v", test.in, test.want)
			}
		})
	}
}
