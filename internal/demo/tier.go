package demo

import (
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/dayofweek"
	"google.golang.org/genproto/googleapis/type/timeofday"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// tierKeys are the company's service tiers.
var tierKeys = []string{"Gold", "Standard"}

// tierName is the name of a tier, which a customer has before it is asked for.
func (c Company) tierName(key string) string {
	p := Persona{company: c}
	return "serviceTiers/" + p.newID("tier "+key, opened).String()
}

// Tiers are the service tiers that the customers have.
func (c Company) Tiers() []*rapportv1.ServiceTier {
	out := make([]*rapportv1.ServiceTier, len(tierKeys))
	for i, key := range tierKeys {
		slow := time.Duration(1 + 2*i)
		target := func(p rapportv1.Priority, response, resolve time.Duration) *rapportv1.ServiceTier_Target {
			return &rapportv1.ServiceTier_Target{Priority: p, FirstResponse: durationpb.New(slow * response), Resolve: durationpb.New(slow * resolve)}
		}
		out[i] = &rapportv1.ServiceTier{
			Name: c.tierName(key), DisplayName: key, SilenceDays: proto.Int32(int32(7 * (i + 1))), //nolint:gosec // a few
			ContactInterval: durationpb.New(time.Duration(60+120*i) * 24 * time.Hour),
			Targets: []*rapportv1.ServiceTier_Target{
				target(rapportv1.Priority_P1, time.Hour, 8*time.Hour), target(rapportv1.Priority_P2, 4*time.Hour, 20*time.Hour),
				target(rapportv1.Priority_P3, 10*time.Hour, 50*time.Hour), target(rapportv1.Priority_P4, 20*time.Hour, 100*time.Hour),
			},
			Calendar: calendar(),
		}
	}
	return out
}

// calendar is when the company works: on weekdays but for the holidays of Bremen that have
// a date of their own.
func calendar() *rapportv1.ServiceTier_Calendar {
	c := &rapportv1.ServiceTier_Calendar{TimeZone: "Europe/Berlin"}
	for day := dayofweek.DayOfWeek_MONDAY; day <= dayofweek.DayOfWeek_FRIDAY; day++ {
		c.Hours = append(c.Hours, &rapportv1.ServiceTier_Hours{Day: day, Start: &timeofday.TimeOfDay{Hours: 8}, End: &timeofday.TimeOfDay{Hours: 18}})
	}
	for _, d := range [][2]int32{{1, 1}, {5, 1}, {10, 3}, {10, 31}, {12, 25}, {12, 26}} {
		c.Holidays = append(c.Holidays, &date.Date{Month: d[0], Day: d[1]})
	}
	return c
}

// tier is the one that the customer has, or empty: most organisations pay for one.
func (p *Persona) tier() string {
	r := p.random("tier")
	gold, some := 0.04, 0.35
	if p.organization {
		gold, some = 0.2, 0.8
	}
	switch how := r.Float64(); {
	case how < gold:
		return p.company.tierName(tierKeys[0])
	case how < some:
		return p.company.tierName(tierKeys[1])
	default:
		return ""
	}
}
