package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

// Customer returns the customer's record, as a client sends it.
func (p *Persona) Customer() *rapportv1.Customer {
	r := p.random("customer")
	c := &rapportv1.Customer{
		Name: aip.CustomerName(p.id), Type: rapportv1.Customer_INDIVIDUAL, DisplayName: p.name.display,
		Emails: p.emails(), PostalAddresses: p.addresses(), ExternalIds: p.externalIDs(), Tags: p.tags(),
		Attributes: p.attributes(),
	}
	c.Phones = p.phones(c.GetPostalAddresses())
	if p.organization {
		c.Type = rapportv1.Customer_ORGANIZATION
	}
	if chance(r, 0.97) {
		speaks := p.home
		if chance(r, 0.5) {
			speaks = p.from
		}
		c.LanguageCode = proto.String(speaks.language)
	}
	if chance(r, 0.9) {
		c.TimeZone = proto.String(p.city.zone)
	}
	if chance(r, 0.96) {
		c.ProspectTime = timestamppb.New(p.firstContact)
	}
	if p.organization || chance(r, 0.25) {
		c.Owner = proto.String(p.owner())
	}
	if tier := p.tier(); tier != "" {
		c.ServiceTier = &tier
	}
	p.acquire(c)
	p.care(c)
	return c
}

// acquire sets what brought the customer, who did, and what it cost.
func (p *Persona) acquire(c *rapportv1.Customer) {
	r := p.random("acquisition")
	sources := []rapportv1.Customer_AcquisitionSource{
		rapportv1.Customer_ONLINE, rapportv1.Customer_ADVERTISEMENT, rapportv1.Customer_WALK_IN, rapportv1.Customer_CAMPAIGN,
		rapportv1.Customer_PARTNER, rapportv1.Customer_OTHER, rapportv1.Customer_ACQUISITION_SOURCE_UNSPECIFIED,
	}
	c.AcquisitionSource = pick(r, sources)
	if referrer := p.company.referrer(p.number); referrer != 0 {
		c.AcquisitionSource = rapportv1.Customer_REFERRAL
		c.Referrer = proto.String(aip.CustomerName(p.company.id(referrer)))
	}
	typical := map[rapportv1.Customer_AcquisitionSource]float64{ // in cents
		rapportv1.Customer_ONLINE: 1900, rapportv1.Customer_ADVERTISEMENT: 4800, rapportv1.Customer_CAMPAIGN: 3500,
		rapportv1.Customer_PARTNER: 9000, rapportv1.Customer_REFERRAL: 2500,
	}[c.GetAcquisitionSource()]
	if typical == 0 || chance(r, 0.1) {
		return
	}
	if p.organization {
		typical *= 6
	}
	cents := int64(typical * math.Exp(0.7*r.NormFloat64()))
	c.AcquisitionCost = euros(cents)
}

// owner is the member of staff who cares for the customer: each country has a team, in
// which a few have the most.
func (p *Persona) owner() string {
	team := slices.Index(locales, p.home)
	return fmt.Sprintf("staff-%03d", team*5+pick(p.random("owner"), []int{1, 2, 3, 4, 5}))
}

// externalIDs are the customer's ids in the systems of the company: the demo's own, the
// web shop's and the ledger's.
func (p *Persona) externalIDs() map[string]string {
	ids := map[string]string{"demo": fmt.Sprintf("%d-%06d", p.company.Seed, p.number)}
	if p.organization {
		ids["ledger"] = fmt.Sprintf("K%d-%06d", p.company.Seed, p.number)
	} else if chance(p.random("external ids"), 0.6) {
		ids["shop"] = fmt.Sprintf("W%d-%06d", p.company.Seed, p.number)
	}
	return ids
}

func (p *Persona) tags() []string {
	r := p.random("tags")
	var tags []string
	add := func(tag string, share float64) {
		if chance(r, share) {
			tags = append(tags, tag)
		}
	}
	add("newsletter", 0.35)
	add("subscription", 0.3)
	add("barista-course", 0.06)
	add("vip", 0.03)
	add("slow-payer", 0.02)
	add("fair-2025", 0.04)
	if p.organization {
		add("wholesale", 0.3)
		add("reseller", 0.05)
		add("framework-contract", 0.1)
	}
	return tags
}

func (p *Persona) attributes() map[string]*rapportv1.AttributeValue {
	r := p.random("attributes")
	out := map[string]*rapportv1.AttributeValue{"newsletter": yes(chance(r, 0.35))}
	machines, plans, size := []string{"Weser 1", "Weser 2", "Roland", "Schlachte Mini"}, []string{"none", "home", "barista"}, 1.0
	if p.organization {
		machines, plans = []string{"Roland Pro 2", "Roland Pro 3", "Überseestadt 4", "Weser 2"}, []string{"office", "none", "full-service"}
		out["industry"] = text(p.industry)
		out["invoice_days"] = number(pick(r, []float64{14, 30, 7, 60}))
		employees := math.Ceil(3 * math.Pow(1-r.Float64(), -0.8)) // a few are huge
		out["employees"] = number(min(employees, 20_000))
		size = math.Ceil(math.Sqrt(employees) / 2)
	}
	out["plan"] = text(pick(r, plans))
	if chance(r, 0.8) {
		out["machine"] = text(pick(r, machines))
		out["machines"] = number(min(size, 60))
		bought := p.firstContact.AddDate(0, 0, 1+int(20*r.ExpFloat64()))
		out["warranty_end"] = &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_TimestampValue{
			TimestampValue: timestamppb.New(bought.AddDate(2, 0, 0)),
		}}
	}
	if out["plan"].GetStringValue() != "none" {
		out["beans_kg_per_month"] = number(kilograms(r, size))
	}
	return out
}

// kilograms is how many of beans so many machines need in a month, to the half.
func kilograms(r *rand.Rand, machines float64) float64 {
	return min(500, math.Ceil(2*machines*(0.5+r.ExpFloat64()))/2)
}

func text(s string) *rapportv1.AttributeValue {
	return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_StringValue{StringValue: s}}
}

func number(f float64) *rapportv1.AttributeValue {
	return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_DoubleValue{DoubleValue: f}}
}

func yes(b bool) *rapportv1.AttributeValue {
	return &rapportv1.AttributeValue{Kind: &rapportv1.AttributeValue_BoolValue{BoolValue: b}}
}
