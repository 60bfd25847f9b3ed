package demo

import (
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rapport-crm/rapport/internal/aip"
)

const aDay = 24 * time.Hour

// A history is drawn between the day on which the customer first asked and the last one
// that is told of, and then moved so that it ends on the company's today: what is open is
// due these days, whenever the company is looked at. Its ids do not move, so what was
// there stays as it was.

// at is a time of a history as it is told.
func (p *Persona) at(t time.Time) time.Time {
	if p.company.Today.IsZero() {
		return t
	}
	return t.Add(p.company.Today.UTC().Truncate(aDay).Sub(latest))
}

func (p *Persona) stamp(t time.Time) *timestamppb.Timestamp { return timestamppb.New(p.at(t)) }

// silence is when the customer was last heard of: a third have gone quiet.
func (p *Persona) silence() time.Time {
	r := p.random("silence")
	if chance(r, 0.65) {
		return latest
	}
	return p.firstContact.Add(time.Duration(float64(latest.Sub(p.firstContact)) * r.Float64()))
}

// moments are times in a history, some days apart on the average, within working hours.
// There are no more than most.
func (p *Persona) moments(r *rand.Rand, from time.Time, days float64, most int) (out []time.Time) {
	end := p.silence()
	for t := from; ; {
		t = t.Add(time.Duration((0.3 + r.ExpFloat64()) * days * float64(aDay)))
		if !t.Before(end.Add(-12*time.Hour)) || len(out) == most {
			return out
		}
		out = append(out, t.Truncate(aDay).Add(8*time.Hour+time.Duration(r.IntN(10*60*60))*time.Second))
	}
}

// recordID is the id of one of the customer's records.
func (p *Persona) recordID(subject string) uuid.UUID { return p.newID(subject+" id", p.firstContact) }

// parent is the customer's name.
func (p *Persona) parent() string { return aip.CustomerName(p.id) }

// euros returns an amount of so many cents.
func euros(cents int64) *money.Money {
	return &money.Money{CurrencyCode: "EUR", Units: cents / 100, Nanos: int32(cents%100) * 10_000_000} //nolint:gosec // less than a euro
}
