package demo

import (
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// care sets when and how the company thinks of the customer.
func (p *Persona) care(c *rapportv1.Customer) {
	c.Occasions = p.occasions()
	c.Membership = p.membership()
	c.ContactPreference = p.preference(c)
	r := p.random("contact interval")
	const day = 24 * time.Hour
	switch {
	case p.organization && chance(r, 0.5):
		c.ContactInterval = durationpb.New(pick(r, []time.Duration{90 * day, 30 * day, 180 * day, 60 * day, 14 * day}))
	case !p.organization && chance(r, 0.08):
		c.ContactInterval = durationpb.New(pick(r, []time.Duration{180 * day, 365 * day, 90 * day}))
	}
}

// occasions are a person's birthday and wedding, and the day an organisation opened on.
func (p *Persona) occasions() (out []*rapportv1.Occasion) {
	r := p.random("occasions")
	if !p.organization {
		if chance(r, 0.55) {
			out = append(out, p.birthday("birthday"))
		}
		if chance(r, 0.06) {
			out = append(out, &rapportv1.Occasion{
				Type: rapportv1.Occasion_ANNIVERSARY, Date: day(p.firstContact.AddDate(-r.IntN(30), 0, -r.IntN(365))), Label: proto.String("Wedding"),
			})
		}
		return out
	}
	if chance(r, 0.3) {
		out = append(out, &rapportv1.Occasion{
			Type: rapportv1.Occasion_ANNIVERSARY, Date: day(p.firstContact.AddDate(-r.IntN(80), 0, -r.IntN(365))), Label: proto.String("Founded"),
		})
	}
	if chance(r, 0.08) {
		label := pick(r, []string{"Summer party", "Stocktaking", "Trade fair"})
		out = append(out, &rapportv1.Occasion{Type: rapportv1.Occasion_CUSTOM, Date: yearless(day(p.firstContact)), Label: &label})
	}
	return out
}

// birthday is that of an adult. One in a hundred is on 29 February, which is more than there
// are, and one in six does not tell the year.
func (p *Persona) birthday(subject string) *rapportv1.Occasion {
	r := p.random(subject)
	born := p.firstContact.AddDate(-18-r.IntN(60), 0, -r.IntN(365))
	d := day(born)
	if chance(r, 0.01) {
		d = &date.Date{Year: int32(born.Year() &^ 3), Month: 2, Day: 29} //nolint:gosec // of four digits; 2000 was a leap year too
	}
	if chance(r, 0.17) {
		d = yearless(d)
	}
	return &rapportv1.Occasion{Type: rapportv1.Occasion_BIRTHDAY, Date: d}
}

func day(at time.Time) *date.Date {
	return &date.Date{Year: int32(at.Year()), Month: int32(at.Month()), Day: int32(at.Day())} //nolint:gosec // of a calendar
}

func yearless(d *date.Date) *date.Date {
	d.Year = 0
	return d
}

// membership is one of the beans club of the people, or of the service club of the
// organisations: it runs for whole years, and some let it run out.
func (p *Persona) membership() *rapportv1.Membership {
	r := p.random("membership")
	if !chance(r, 0.3) {
		return nil
	}
	letter, levels := "B", []string{"basic", "silver", "gold"}
	if p.organization {
		letter, levels = "S", []string{"workday", "round-the-clock"}
	}
	start := p.firstContact.AddDate(0, 0, r.IntN(90)).Truncate(24 * time.Hour)
	m := &rapportv1.Membership{
		Number: proto.String(fmt.Sprintf("%s%d-%06d", letter, p.company.Seed, p.number)), Level: proto.String(pick(r, levels)),
		StartTime: timestamppb.New(start),
	}
	if m.GetLevel() == "basic" {
		return m // which is free
	}
	end := start.AddDate(1, 0, 0)
	for !end.After(latest) && chance(r, 0.9) {
		end = end.AddDate(1, 0, 0)
	}
	m.ExpireTime = timestamppb.New(end)
	return m
}

// preference is what the customer said of being contacted. A consent to the newsletter says
// what the attribute does.
func (p *Persona) preference(c *rapportv1.Customer) *rapportv1.ContactPreference {
	r := p.random("contact preference")
	out := &rapportv1.ContactPreference{}
	said := false
	if chance(r, 0.3) {
		out.PreferredChannel = preferred(r)
		said = out.GetPreferredChannel() != rapportv1.Channel_CHANNEL_UNSPECIFIED
	}
	if chance(r, 0.02) {
		out.DoNotContact, said = proto.Bool(true), true
	}
	if chance(r, 0.01) {
		out.PauseEndTime, said = timestamppb.New(latest.AddDate(0, 0, r.IntN(365))), true
	}
	if len(c.GetEmails()) > 0 && chance(r, 0.4) {
		said = true
		out.Consents = append(out.Consents, &rapportv1.ContactPreference_Consent{
			Channel: rapportv1.Channel_EMAIL, Purpose: "newsletter", Granted: c.GetAttributes()["newsletter"].GetBoolValue(),
			ConsentTime: timestamppb.New(p.firstContact), Evidence: proto.String(pick(r, []string{"Web form", "Order form", "Fair of 2025"})),
		})
	}
	if chance(r, 0.05) {
		said = true
		out.Consents = append(out.Consents, &rapportv1.ContactPreference_Consent{
			Channel: rapportv1.Channel_PHONE, Purpose: "marketing", ConsentTime: timestamppb.New(p.firstContact), Evidence: proto.String("Said on the phone"),
		})
	}
	if !said {
		return nil
	}
	return out
}
